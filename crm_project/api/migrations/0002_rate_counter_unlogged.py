from django.db import migrations


class Migration(migrations.Migration):
    """Counting must not wait for the disk, and most rows are rewritten in place."""

    dependencies = [("api", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE api_ratecounter SET UNLOGGED; ALTER TABLE api_ratecounter SET (fillfactor = 50);",
            "ALTER TABLE api_ratecounter SET LOGGED;",
        )
    ]
