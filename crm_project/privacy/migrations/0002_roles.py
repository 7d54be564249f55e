from django.db import migrations

from crm_project.access import roles


def grant(apps, schema_editor):
    see = ["view_erasure"]
    roles.grant(apps, "privacy", {roles.ADMINISTRATOR: see, roles.MANAGER: see})


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
