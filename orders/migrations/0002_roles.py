from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def grant(apps, schema_editor):
    order = roles.codenames([*EDIT, "share", "export"], ["order"])
    product = roles.codenames([*EDIT, "import", "export"], ["product"])
    roles.grant(
        apps,
        "orders",
        {
            roles.ADMINISTRATOR: order + product,
            roles.MANAGER: order + product,
            roles.SALES: roles.codenames([*EDIT, "export"], ["order"]) + roles.codenames(SEE, ["product"]),
            roles.SUPPORT: roles.codenames(SEE, ["order", "product"]),
            roles.READ_ONLY: roles.codenames(SEE, ["order", "product"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
