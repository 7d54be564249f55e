from django.db import migrations

from crm_project.access import roles

SIGN_INS = roles.codenames(["view"], ["accesslog", "accessfailurelog"])


def grant(apps, schema_editor):
    roles.grant(apps, "axes", {roles.ADMINISTRATOR: SIGN_INS})


class Migration(migrations.Migration):
    dependencies = [("access", "0003_history"), ("axes", "0009_add_session_hash")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
