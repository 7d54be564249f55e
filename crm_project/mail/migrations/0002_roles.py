from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def grant(apps, schema_editor):
    everything = roles.codenames(["view", "change"], ["mail"]) + roles.codenames(EDIT, ["template", "suppression"])
    roles.grant(
        apps,
        "mail",
        {
            roles.ADMINISTRATOR: everything,
            roles.MANAGER: everything,
            roles.SALES: roles.codenames(SEE, ["template"]),
            roles.SUPPORT: roles.codenames(SEE, ["mail", "template"]) + roles.codenames(["add", "view"], ["suppression"]),
            roles.READ_ONLY: roles.codenames(SEE, ["mail", "template", "suppression"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
