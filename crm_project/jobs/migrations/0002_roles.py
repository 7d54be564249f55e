from django.db import migrations

from crm_project.access import roles


def grant(apps, schema_editor):
    roles.grant(
        apps,
        "jobs",
        {
            roles.ADMINISTRATOR: roles.codenames(["view", "change"], ["job"]),
            roles.MANAGER: roles.codenames(["view"], ["job"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
