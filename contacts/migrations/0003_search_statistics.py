from django.db import migrations


class Migration(migrations.Migration):
    """How common a word is decides by which index a search is answered: 100 samples, the default, see no word that less
    than one contact in a hundred has.
    """

    dependencies = [("contacts", "0002_roles")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE contacts_contact ALTER search_text SET STATISTICS 300",
            "ALTER TABLE contacts_contact ALTER search_text SET STATISTICS -1",
        )
    ]
