from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def every(verbs, kinds):
    return [f"{verb}_{kind}" for kind in kinds for verb in verbs]


def grant(apps, schema_editor):
    order = every([*EDIT, "share", "export"], ["order"])
    product = every([*EDIT, "import", "export"], ["product"])
    roles.grant(
        apps,
        "orders",
        {
            roles.ADMINISTRATOR: order + product,
            roles.MANAGER: order + product,
            roles.SALES: every([*EDIT, "export"], ["order"]) + every(SEE, ["product"]),
            roles.SUPPORT: every(SEE, ["order", "product"]),
            roles.READ_ONLY: every(SEE, ["order", "product"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
