from django.db import migrations

from crm_project.access import roles

EDIT, SEE = ["add", "change", "delete", "view"], ["view"]
RULES, SEGMENTS = ["standingrules", "factorweight", "buyersegment"], ["savedsegment"]
EVERYTHING = [*RULES, *SEGMENTS, "standing"]

# Key, name, description, and the scores of recency, frequency and money from 1 to 5, from and to.
NAMED = [
    ("champions", "Champions", "Bought lately, often and much.", (4, 10), (4, 10), (4, 10)),
    ("loyal", "Loyal", "Come back again and again.", (3, 10), (3, 10), (1, 10)),
    ("promising", "Promising", "Bought lately, not often yet.", (4, 10), (1, 2), (1, 10)),
    ("need_attention", "Need attention", "Neither lately nor often.", (3, 3), (1, 2), (1, 10)),
    ("at_risk", "At risk", "Bought often, but not lately.", (1, 2), (3, 10), (1, 10)),
    ("hibernating", "Hibernating", "Bought seldom and long ago.", (1, 2), (1, 2), (1, 10)),
]


def grant(apps, schema_editor):
    see = roles.codenames(SEE, EVERYTHING)
    edit = [*roles.codenames(EDIT, [*RULES, *SEGMENTS]), "view_standing"]
    whole = roles.codenames([*EDIT, "share", "import", "export"], ["customer"])
    interactions = roles.codenames(EDIT, ["customerinteraction"])
    roles.grant(
        apps,
        "customers",
        {
            roles.ADMINISTRATOR: [*whole, *interactions, *edit, "view_conversion"],
            roles.MANAGER: [*whole, *interactions, *edit, "view_conversion"],
            roles.SALES: roles.codenames([*EDIT, "import", "export"], ["customer"]) + interactions + see,
            roles.SUPPORT: roles.codenames(SEE, ["customer"]) + interactions + see,
            roles.READ_ONLY: roles.codenames(SEE, ["customer", "customerinteraction"]) + see,
        },
    )


def name_segments(apps, schema_editor):
    segment = apps.get_model("customers", "BuyerSegment")
    for position, (key, name, description, recency, frequency, monetary) in enumerate(NAMED, 1):
        segment.objects.get_or_create(
            key=key,
            defaults={
                "name": name, "description": description, "position": position,
                "recency_min": recency[0], "recency_max": recency[1],
                "frequency_min": frequency[0], "frequency_max": frequency[1],
                "monetary_min": monetary[0], "monetary_max": monetary[1],
            },
        )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("access", "0002_roles")]
    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.RunPython(name_segments, migrations.RunPython.noop),
    ]
