from django.db import migrations


def make_the_row(apps, schema_editor):
    apps.get_model("api", "Installation").objects.get_or_create()


class Migration(migrations.Migration):
    """What the tables of this app need besides their columns."""

    dependencies = [("api", "0001_initial")]
    operations = [
        # Counting must not wait for the disk, and most rows are rewritten in place.
        migrations.RunSQL(
            "ALTER TABLE api_ratecounter SET UNLOGGED; ALTER TABLE api_ratecounter SET (fillfactor = 50);",
            "ALTER TABLE api_ratecounter SET LOGGED;",
        ),
        # A kept report is gone in a minute: writing it down twice, for a crash, would be for nothing.
        migrations.RunSQL("ALTER TABLE api_keptreport SET UNLOGGED", "ALTER TABLE api_keptreport SET LOGGED"),
        migrations.RunPython(make_the_row, migrations.RunPython.noop),
    ]
