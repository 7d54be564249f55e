from django.db import migrations

from crm_project.access import roles

PERSON = roles.codenames(["erase", "disclose"], ["contact"])


def grant(apps, schema_editor):
    roles.grant(apps, "contacts", {roles.ADMINISTRATOR: PERSON, roles.MANAGER: PERSON})


class Migration(migrations.Migration):
    dependencies = [("contacts", "0012_erasing")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
