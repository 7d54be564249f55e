from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def every(verbs, kinds):
    return [f"{verb}_{kind}" for kind in kinds for verb in verbs]


def grant(apps, schema_editor):
    whole = every([*EDIT, "share", "import", "export"], ["customer"]) + every(EDIT, ["customerinteraction"])
    roles.grant(
        apps,
        "customers",
        {
            roles.ADMINISTRATOR: [*whole, "view_conversion"],
            roles.MANAGER: [*whole, "view_conversion"],
            roles.SALES: every([*EDIT, "import", "export"], ["customer"]) + every(EDIT, ["customerinteraction"]),
            roles.SUPPORT: every(SEE, ["customer"]) + every(EDIT, ["customerinteraction"]),
            roles.READ_ONLY: every(SEE, ["customer", "customerinteraction"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
