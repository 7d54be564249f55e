from django.db import migrations

from crm_project.access import roles


def grant(apps, schema_editor):
    """Whoever leads sees the imports and exports of everybody, and may stop them; others see their own."""
    every = ["view_importjob", "change_importjob", "view_exportjob"]
    roles.grant(apps, "transfer", dict.fromkeys([roles.ADMINISTRATOR, roles.MANAGER, roles.SALES], every))


class Migration(migrations.Migration):
    dependencies = [("transfer", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
