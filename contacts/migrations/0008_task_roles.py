from django.db import migrations

from crm_project.access import roles

EDIT = ["add", "change", "delete", "view"]


def grant(apps, schema_editor):
    roles.grant(
        apps,
        "contacts",
        {
            roles.ADMINISTRATOR: roles.codenames([*EDIT, "share"], ["task"]),
            roles.MANAGER: roles.codenames([*EDIT, "share"], ["task"]),
            roles.SALES: roles.codenames(EDIT, ["task"]),
            roles.SUPPORT: roles.codenames(["add", "change", "view"], ["task"]),
            roles.READ_ONLY: ["view_task"],
        },
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_tasks")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
