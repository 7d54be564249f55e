from django.db import migrations

from crm_project.access import roles


def grant(apps, schema_editor):
    """Whoever may ask one customer may ask many."""
    every = roles.codenames(["add", "view"], ["feedbackround"])
    roles.grant(
        apps, "feedback", dict.fromkeys([roles.ADMINISTRATOR, roles.MANAGER, roles.SALES, roles.SUPPORT], every)
    )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0007_rounds"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
