from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]
KINDS = ["nurturesequence", "nurturestep", "nurtureenrollment"]


def grant(apps, schema_editor):
    roles.grant(
        apps,
        "leads",
        {
            roles.ADMINISTRATOR: roles.codenames(EDIT, KINDS),
            roles.MANAGER: roles.codenames(EDIT, KINDS),
            roles.SALES: roles.codenames(SEE, KINDS) + roles.codenames(EDIT, ["nurtureenrollment"]),
            roles.SUPPORT: roles.codenames(SEE, KINDS),
            roles.READ_ONLY: roles.codenames(SEE, KINDS),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_nurturing")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
