from django.db import migrations, models


class Migration(migrations.Migration):
    """Leads of a period, in the order in which they came."""

    dependencies = [("leads", "0002_roles")]
    operations = [
        migrations.RemoveIndex(model_name="lead", name="lead_by_arrival"),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["created_at", "id"],
                include=["status", "status_since", "source", "assigned_to", "campaign"],
                name="lead_by_arrival",
                condition=models.Q(deleted_at=None),
            ),
        ),
    ]
