from django.db import migrations

from crm_project.access import roles

KINDS = ["organization", "category", "segment", "contactpoint", "interaction"]
DEFINITIONS = ["customfield"]


def grant(apps, schema_editor):
    edit, see = ["add", "change", "delete", "view"], ["view"]
    whole = roles.codenames([*edit, "share", "import", "export", "merge"], ["contact"])
    roles.grant(
        apps,
        "contacts",
        {
            roles.ADMINISTRATOR: whole + roles.codenames(edit, KINDS + DEFINITIONS) + ["view_contactmerge"],
            roles.MANAGER: whole + roles.codenames(edit, KINDS) + roles.codenames(see, DEFINITIONS) + ["view_contactmerge"],
            roles.SALES: roles.codenames([*edit, "import", "export"], ["contact"])
            + roles.codenames(edit, ["contactpoint", "interaction"])
            + roles.codenames(["add", "view"], ["organization", "category"])
            + roles.codenames(see, ["segment", "customfield"]),
            roles.SUPPORT: roles.codenames(see, ["contact", *KINDS, *DEFINITIONS]) + roles.codenames(["add", "change"], ["interaction"]),
            roles.READ_ONLY: roles.codenames(see, ["contact", *KINDS, *DEFINITIONS]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
