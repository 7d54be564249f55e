from django.db import migrations

# When a customer is handed over, by whatever door or bulk write, the customer's feedback goes along, except what was
# assigned to somebody else by itself. The table of customers belongs to an earlier app, which knows nothing of this.
FORWARD = """
    CREATE FUNCTION feedback_follow_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE feedback_feedback AS feedback
        SET assigned_to_id = new_rows.assigned_to_id, team_id = new_rows.team_id
        FROM old_rows JOIN new_rows USING (id)
        WHERE feedback.customer_id = new_rows.id
            AND (new_rows.assigned_to_id, new_rows.team_id) IS DISTINCT FROM (old_rows.assigned_to_id, old_rows.team_id)
            AND (feedback.assigned_to_id, feedback.team_id)
                IS NOT DISTINCT FROM (old_rows.assigned_to_id, old_rows.team_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER feedback_follow_owner AFTER UPDATE ON customers_customer
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION feedback_follow_owner();
"""
BACKWARD = "DROP TRIGGER feedback_follow_owner ON customers_customer; DROP FUNCTION feedback_follow_owner();"


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_roles"), ("customers", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
