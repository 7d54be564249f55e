from django.db import migrations

from crm_project.access import roles

KINDS = ["organization", "category", "segment", "contactpoint", "interaction"]
DEFINITIONS = ["customfield"]


def every(verbs, kinds):
    return [f"{verb}_{kind}" for kind in kinds for verb in verbs]


def grant(apps, schema_editor):
    edit, see = ["add", "change", "delete", "view"], ["view"]
    whole = every([*edit, "share", "import", "export", "merge"], ["contact"])
    roles.grant(
        apps,
        "contacts",
        {
            roles.ADMINISTRATOR: whole + every(edit, KINDS + DEFINITIONS) + ["view_contactmerge"],
            roles.MANAGER: whole + every(edit, KINDS) + every(see, DEFINITIONS) + ["view_contactmerge"],
            roles.SALES: every([*edit, "import", "export"], ["contact"])
            + every(edit, ["contactpoint", "interaction"])
            + every(["add", "view"], ["organization", "category"])
            + every(see, ["segment", "customfield"]),
            roles.SUPPORT: every(see, ["contact", *KINDS, *DEFINITIONS]) + every(["add", "change"], ["interaction"]),
            roles.READ_ONLY: every(see, ["contact", *KINDS, *DEFINITIONS]),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("access", "0002_roles")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
