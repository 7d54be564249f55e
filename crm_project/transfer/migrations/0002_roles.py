from django.db import migrations

from crm_project.access import roles


def grant(apps, schema_editor):
    """Whoever leads sees the imports and exports of everybody, and may stop them; others see their own.

    Whoever leads also mends and clears away what the columns of files were said to mean.
    """
    every = ["view_importjob", "change_importjob", "view_exportjob"]
    lead = every + roles.codenames(["view", "change", "delete"], ["importsource"])
    roles.grant(apps, "transfer", {roles.ADMINISTRATOR: lead, roles.MANAGER: lead, roles.SALES: every})


class Migration(migrations.Migration):
    dependencies = [("transfer", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
