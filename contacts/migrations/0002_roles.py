from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]
KINDS = ["organization", "category", "segment", "contactpoint", "interaction"]
DEFINITIONS = ["customfield"]


def grant(apps, schema_editor):
    whole = roles.codenames([*EDIT, "share", "import", "export", "merge", "erase", "disclose"], ["contact"])
    whole += ["view_contactmerge", *roles.codenames([*EDIT, "share"], ["task"])]
    roles.grant(
        apps,
        "contacts",
        {
            roles.ADMINISTRATOR: whole + roles.codenames(EDIT, KINDS + DEFINITIONS),
            roles.MANAGER: whole + roles.codenames(EDIT, KINDS) + roles.codenames(SEE, DEFINITIONS),
            roles.SALES: roles.codenames([*EDIT, "import", "export"], ["contact"])
            + roles.codenames(EDIT, ["contactpoint", "interaction", "task"])
            + roles.codenames(["add", "view"], ["organization", "category"])
            + roles.codenames(SEE, ["segment", "customfield"]),
            roles.SUPPORT: roles.codenames(SEE, ["contact", *KINDS, *DEFINITIONS, "task"])
            + roles.codenames(["add", "change"], ["interaction", "task"]),
            roles.READ_ONLY: roles.codenames(SEE, ["contact", *KINDS, *DEFINITIONS, "task"]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
