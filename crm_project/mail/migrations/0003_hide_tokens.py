from django.db import migrations

# Mails used to be stored with the token of their unsubscribe link, by which every reader could unsubscribe the
# receiver. A placeholder takes its place; what has yet to go out gets the token then.
HIDE = r"""
    UPDATE mail_mail SET
        text = regexp_replace(text, '(/mail/unsubscribe/)[0-9a-f]{32}:[\w-]+', '\1hidden-unsubscribe-token', 'g'),
        html = regexp_replace(html, '(/mail/unsubscribe/)[0-9a-f]{32}:[\w-]+', '\1hidden-unsubscribe-token', 'g')
    WHERE text LIKE '%/mail/unsubscribe/%'
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_roles")]
    operations = [migrations.RunSQL(HIDE, migrations.RunSQL.noop, elidable=True)]
