from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def grant(apps, schema_editor):
    everything = roles.codenames([*EDIT, "share"], ["feedback"]) + roles.codenames(["change", "view"], ["theme"])
    ask = roles.codenames(["add", "view"], ["feedbackround"])
    roles.grant(
        apps,
        "feedback",
        {
            roles.ADMINISTRATOR: everything + ask,
            roles.MANAGER: everything + ask,
            roles.SALES: roles.codenames(EDIT, ["feedback"]) + ask,
            roles.SUPPORT: roles.codenames(["add", "change", "view"], ["feedback"]) + roles.codenames(SEE, ["theme"]) + ask,
            roles.READ_ONLY: roles.codenames(SEE, ["feedback", "theme"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
