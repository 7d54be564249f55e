from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]


def grant(apps, schema_editor):
    lead = roles.codenames([*EDIT, "share", "import", "export"], ["lead"])
    roles.grant(
        apps,
        "leads",
        {
            roles.ADMINISTRATOR: lead + roles.codenames(EDIT, ["leadinteraction", "campaign", "scorerule"]),
            roles.MANAGER: lead + roles.codenames(EDIT, ["leadinteraction", "campaign", "scorerule"]),
            roles.SALES: roles.codenames([*EDIT, "import", "export"], ["lead"])
            + roles.codenames(EDIT, ["leadinteraction"])
            + roles.codenames(SEE, ["campaign", "scorerule"]),
            roles.SUPPORT: roles.codenames(SEE, ["lead", "leadinteraction", "campaign"]),
            roles.READ_ONLY: roles.codenames(SEE, ["lead", "leadinteraction", "campaign", "scorerule"]),
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
