import crm_project.access.models
import crm_project.database.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('access', '0001_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('address', models.EmailField(max_length=254, verbose_name='address')),
                ('purpose', models.CharField(blank=True, choices=[('', 'All mail'), ('feedback', 'Questions for feedback'), ('nurturing', 'News and offers'), ('digest', 'Summaries of what is to be done')], default='', max_length=16, verbose_name='purpose')),
                ('reason', models.CharField(choices=[('unsubscribed', 'Unsubscribed'), ('bounced', 'The mail server refused the address'), ('by_staff', 'Asked a member of staff')], default='by_staff', max_length=12, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'address without mail',
                'verbose_name_plural': 'addresses without mail',
                'ordering': ['-pk'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('address', 'purpose'), name='mail_suppression_once', violation_error_message='This address is on the list already.'), models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='mail_suppression_folded', violation_error_message='The address must be in small letters.')],
            },
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('key', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*\\Z', 'Small letters, digits and _; a letter first.')], verbose_name='key')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Русский')], default='en', max_length=8, verbose_name='language')),
                ('purpose', models.CharField(choices=[('feedback', 'Questions for feedback'), ('nurturing', 'News and offers'), ('digest', 'Summaries of what is to be done')], default='nurturing', max_length=16, verbose_name='purpose')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('subject', models.CharField(max_length=500, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('html', models.TextField(blank=True, help_text='Empty: made from the text.', verbose_name='HTML')),
            ],
            options={
                'verbose_name': 'mail template',
                'verbose_name_plural': 'mail templates',
                'ordering': ['key', 'language'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('key', 'language'), name='mail_template_once', violation_error_message='There is a template with this key in this language.')],
            },
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('to', models.EmailField(max_length=254, verbose_name='to')),
                ('purpose', models.CharField(choices=[('feedback', 'Questions for feedback'), ('nurturing', 'News and offers'), ('digest', 'Summaries of what is to be done')], max_length=16, verbose_name='purpose')),
                ('template', models.CharField(max_length=64, verbose_name='template')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Русский')], max_length=8, verbose_name='language')),
                ('time_zone', models.CharField(max_length=64, validators=[crm_project.access.models.validate_time_zone], verbose_name='time zone of the receiver')),
                ('subject', models.CharField(max_length=500, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('html', models.TextField(verbose_name='HTML')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('uncertain', 'Uncertain'), ('failed', 'Failed'), ('suppressed', 'Not wanted'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('message_id', models.CharField(max_length=255, verbose_name='Message-ID')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('contact_id', models.UUIDField(null=True, verbose_name='contact')),
                ('reason', models.CharField(blank=True, max_length=255, verbose_name='why')),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now, verbose_name='not before')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last tried')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('once', models.CharField(max_length=255, unique=True, verbose_name='key')),
            ],
            options={
                'verbose_name': 'mail',
                'verbose_name_plural': 'mails',
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['not_before'], name='mail_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['tried_at'], name='mail_in_flight'), models.Index(fields=['contact_id', 'created_at', 'id'], name='mail_timeline'), models.Index(django.db.models.functions.text.Lower('to'), models.F('tried_at'), name='mail_by_address')],
            },
        ),
        migrations.CreateModel(
            name='SuppressionEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='mail.suppression')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('address', models.EmailField(max_length=254, verbose_name='address')),
                ('purpose', models.CharField(blank=True, choices=[('', 'All mail'), ('feedback', 'Questions for feedback'), ('nurturing', 'News and offers'), ('digest', 'Summaries of what is to be done')], default='', max_length=16, verbose_name='purpose')),
                ('reason', models.CharField(choices=[('unsubscribed', 'Unsubscribed'), ('bounced', 'The mail server refused the address'), ('by_staff', 'Asked a member of staff')], default='by_staff', max_length=12, verbose_name='reason')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TemplateEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='mail.template')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('key', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*\\Z', 'Small letters, digits and _; a letter first.')], verbose_name='key')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Русский')], default='en', max_length=8, verbose_name='language')),
                ('purpose', models.CharField(choices=[('feedback', 'Questions for feedback'), ('nurturing', 'News and offers'), ('digest', 'Summaries of what is to be done')], default='nurturing', max_length=16, verbose_name='purpose')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('subject', models.CharField(max_length=500, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('html', models.TextField(blank=True, help_text='Empty: made from the text.', verbose_name='HTML')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mail',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='9f207e9bdb533d0c2ef83665f485f324733e49ba', operation='UPDATE', pgid='pgtrigger_bump_version_e1f91', table='mail_mail', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='suppression',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='71e1c04cf1577f98661e618f06ee317c4b2e13fe', operation='UPDATE', pgid='pgtrigger_bump_version_ed756', table='mail_suppression', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='suppression',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_suppressionevent" ("address", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "reason") SELECT new_values."address", new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purpose", new_values."reason" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='b0a00acbe34410311c84e43a25742f86161b5f39', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_0a245', referencing='REFERENCING NEW TABLE AS new_values ', table='mail_suppression', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='suppression',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_suppressionevent" ("address", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "reason") SELECT new_values."address", new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purpose", new_values."reason" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."address" IS DISTINCT FROM (new_values."address") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."purpose" IS DISTINCT FROM (new_values."purpose") OR old_values."reason" IS DISTINCT FROM (new_values."reason")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c5d5d7d528df266261361b1a92b053733482e9f7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_c5250', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='mail_suppression', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='suppression',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_suppressionevent" ("address", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "reason") SELECT old_values."address", old_values."created_at", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purpose", old_values."reason" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a869958edefa7ef4436b603a04aaaa0673ad4363', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3e0dc', referencing='REFERENCING OLD TABLE AS old_values ', table='mail_suppression', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='69822287be24079755e5b4a79db6d492d437929a', operation='UPDATE', pgid='pgtrigger_bump_version_7d0c3', table='mail_template', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_templateevent" ("created_at", "html", "id", "key", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "subject", "text") SELECT new_values."created_at", new_values."html", new_values."id", new_values."key", new_values."language", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purpose", new_values."subject", new_values."text" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c8e0360598614ae1619b1b2b50dea3e666b64fbf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_4e83c', referencing='REFERENCING NEW TABLE AS new_values ', table='mail_template', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_templateevent" ("created_at", "html", "id", "key", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "subject", "text") SELECT new_values."created_at", new_values."html", new_values."id", new_values."key", new_values."language", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purpose", new_values."subject", new_values."text" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."html" IS DISTINCT FROM (new_values."html") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."key" IS DISTINCT FROM (new_values."key") OR old_values."language" IS DISTINCT FROM (new_values."language") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."purpose" IS DISTINCT FROM (new_values."purpose") OR old_values."subject" IS DISTINCT FROM (new_values."subject") OR old_values."text" IS DISTINCT FROM (new_values."text")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='41b6d7a7da4eefe9e59648b89d2fcbaf380825f7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_74e30', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='mail_template', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "mail_templateevent" ("created_at", "html", "id", "key", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "subject", "text") SELECT old_values."created_at", old_values."html", old_values."id", old_values."key", old_values."language", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purpose", old_values."subject", old_values."text" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='972b9aaea54fcac46242a9d072f97a5bf6d2a225', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2eac9', referencing='REFERENCING OLD TABLE AS old_values ', table='mail_template', when='AFTER')),
        ),
    ]
