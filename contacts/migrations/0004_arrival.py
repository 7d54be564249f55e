from django.db import migrations, models


class Migration(migrations.Migration):
    """Contacts of a period, in the order in which they came."""

    dependencies = [("contacts", "0003_search_statistics")]
    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                fields=["created_at", "id"], name="contact_by_arrival", condition=models.Q(deleted_at=None)
            ),
        ),
    ]
