from django.db import migrations

# Mails used to be stored with the token of their survey link, by which every reader could answer for the customer.
# A placeholder takes its place; what has yet to go out gets the token then.
HIDE = r"""
    UPDATE mail_mail SET
        text = regexp_replace(text, '(/survey/)[\w-]{43}', '\1hidden-survey-token', 'g'),
        html = regexp_replace(html, '(/survey/)[\w-]{43}', '\1hidden-survey-token', 'g')
    WHERE once LIKE 'feedback:%'
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0005_list_indexes"), ("mail", "0001_initial")]
    operations = [migrations.RunSQL(HIDE, migrations.RunSQL.noop, elidable=True)]
