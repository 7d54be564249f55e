from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def grant(apps, schema_editor):
    whole = roles.codenames([*EDIT, "share", "import", "export"], ["customer"]) + roles.codenames(EDIT, ["customerinteraction"])
    roles.grant(
        apps,
        "customers",
        {
            roles.ADMINISTRATOR: [*whole, "view_conversion"],
            roles.MANAGER: [*whole, "view_conversion"],
            roles.SALES: roles.codenames([*EDIT, "import", "export"], ["customer"]) + roles.codenames(EDIT, ["customerinteraction"]),
            roles.SUPPORT: roles.codenames(SEE, ["customer"]) + roles.codenames(EDIT, ["customerinteraction"]),
            roles.READ_ONLY: roles.codenames(SEE, ["customer", "customerinteraction"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
