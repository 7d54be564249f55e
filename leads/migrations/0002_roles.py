from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]
NURTURING = ["nurturesequence", "nurturestep", "nurtureenrollment"]


def grant(apps, schema_editor):
    whole = roles.codenames([*EDIT, "share", "import", "export"], ["lead"])
    whole += roles.codenames(EDIT, ["leadinteraction", "campaign", "scorerule", *NURTURING])
    roles.grant(
        apps,
        "leads",
        {
            roles.ADMINISTRATOR: whole,
            roles.MANAGER: whole,
            roles.SALES: roles.codenames([*EDIT, "import", "export"], ["lead"])
            + roles.codenames(EDIT, ["leadinteraction", "nurtureenrollment"])
            + roles.codenames(SEE, ["campaign", "scorerule", *NURTURING]),
            roles.SUPPORT: roles.codenames(SEE, ["lead", "leadinteraction", "campaign", *NURTURING]),
            roles.READ_ONLY: roles.codenames(SEE, ["lead", "leadinteraction", "campaign", "scorerule", *NURTURING]),
        },
    )


def make_rules(apps, schema_editor):
    rule = apps.get_model("leads", "ScoreRule")
    rule.objects.bulk_create(
        rule(kind=kind, value=value, points=points)
        for kind, value, points in [
            ("source", "referral", 20),
            ("source", "website", 10),
            ("source", "campaign", 10),
            ("filled", "phone", 10),
            ("filled", "company", 10),
            ("interactions", "1", 10),
            ("interactions", "3", 15),
            ("recent", "7", 15),
            ("recent", "30", 10),
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("access", "0002_roles")]
    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.RunPython(make_rules, migrations.RunPython.noop),
    ]
