import crm_project.database.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('access', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('customers', '0001_initial'),
        ('orders', '0001_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedbackRound',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('owner', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('filter', models.JSONField(default=dict, verbose_name='customers')),
                ('language', models.CharField(blank=True, choices=[('en', 'English'), ('ru', 'Russian')], max_length=2, verbose_name='language')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', editable=False, max_length=7, verbose_name='state')),
                ('asked', models.PositiveIntegerField(default=0, editable=False, verbose_name='asked')),
                ('refused', models.JSONField(default=dict, editable=False, verbose_name='not asked')),
                ('reached', models.UUIDField(editable=False, null=True)),
                ('message', models.CharField(blank=True, editable=False, max_length=1000, verbose_name='message')),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'round of requests',
                'verbose_name_plural': 'rounds of requests',
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['owner', 'id'], name='feedback_round_owner')],
            },
        ),
        migrations.CreateModel(
            name='ThemeRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('finished_at', models.DateTimeField(null=True)),
                ('comments', models.PositiveIntegerField(default=0)),
                ('seconds', models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('assigned_to', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='auth.group')),
                ('created_by', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('deleted_by', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('custom_fields', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='feedback', to='customers.customer', verbose_name='customer')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='feedback', to='orders.order', verbose_name='order')),
                ('status', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('expired', 'Expired')], default='open', max_length=8, verbose_name='status')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Russian')], default='en', max_length=2, verbose_name='language')),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('requested_at', models.DateTimeField(verbose_name='requested at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('remind_at', models.DateTimeField(blank=True, null=True, verbose_name='next reminder')),
                ('reminders_sent', models.PositiveSmallIntegerField(default=0, verbose_name='reminders sent')),
                ('responded_at', models.DateTimeField(blank=True, null=True, verbose_name='responded at')),
                ('rating', models.PositiveSmallIntegerField(blank=True, help_text='From 1, very bad, to 5, very good.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('comment', models.TextField(blank=True, max_length=5000, verbose_name='comment')),
                ('category', models.CharField(blank=True, max_length=50, verbose_name='category')),
                ('sentiment', models.CharField(blank=True, choices=[('positive', 'Positive'), ('neutral', 'Neutral'), ('negative', 'Negative')], max_length=8, verbose_name='sentiment')),
            ],
            options={
                'verbose_name': 'feedback',
                'verbose_name_plural': 'feedback',
                'ordering': ['-pk'],
                'abstract': False,
                'default_permissions': ('add', 'change', 'delete', 'view', 'share'),
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['id'], name='feedback_live'), models.Index(fields=['assigned_to', 'id'], include=('deleted_at',), name='feedback_owner'), models.Index(condition=models.Q(('team__isnull', False)), fields=['team', 'id'], include=('deleted_at',), name='feedback_team'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['id'], name='feedback_trash'), models.Index(fields=['customer', 'id'], name='feedback_customer'), models.Index(condition=models.Q(('deleted_at', None)), fields=['status', 'id'], name='feedback_status'), models.Index(condition=models.Q(('deleted_at', None), ('rating__isnull', False)), fields=['rating', 'id'], name='feedback_rating'), models.Index(condition=models.Q(('deleted_at', None)), fields=['requested_at'], name='feedback_by_request'), models.Index(condition=models.Q(('deleted_at', None), ('responded_at__isnull', False)), fields=['responded_at', 'id'], name='feedback_by_answer'), models.Index(condition=models.Q(('deleted_at', None), ('status', 'open')), fields=['remind_at'], name='feedback_due'), models.Index(condition=models.Q(('status', 'open')), fields=['expires_at'], name='feedback_expiring')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('status', 'open')), fields=('customer',), name='feedback_one_open_request', violation_error_message='This customer has an open request already.'), models.CheckConstraint(condition=models.Q(('rating__isnull', True), ('rating__range', (1, 5)), _connector='OR'), name='feedback_rating_in_range', violation_error_message='A rating is from 1 to 5.'), models.CheckConstraint(condition=models.Q(models.Q(('rating__isnull', False), ('responded_at__isnull', False), ('status', 'answered')), models.Q(models.Q(('status', 'answered'), _negated=True), ('rating__isnull', True), ('responded_at__isnull', True)), _connector='OR'), name='feedback_answered_has_answer', violation_error_message='An answer has a rating and a time, and only an answer.')],
            },
        ),
        migrations.CreateModel(
            name='FeedbackEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='feedback.feedback')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('assigned_to', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('deleted_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('custom_fields', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ('customer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='customers.customer', verbose_name='customer')),
                ('order', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='orders.order', verbose_name='order')),
                ('status', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('expired', 'Expired')], default='open', max_length=8, verbose_name='status')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Russian')], default='en', max_length=2, verbose_name='language')),
                ('requested_at', models.DateTimeField(verbose_name='requested at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('reminders_sent', models.PositiveSmallIntegerField(default=0, verbose_name='reminders sent')),
                ('responded_at', models.DateTimeField(blank=True, null=True, verbose_name='responded at')),
                ('rating', models.PositiveSmallIntegerField(blank=True, help_text='From 1, very bad, to 5, very good.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('comment', models.TextField(blank=True, max_length=5000, verbose_name='comment')),
                ('category', models.CharField(blank=True, max_length=50, verbose_name='category')),
                ('sentiment', models.CharField(blank=True, choices=[('positive', 'Positive'), ('neutral', 'Neutral'), ('negative', 'Negative')], max_length=8, verbose_name='sentiment')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['customer'], name='feedback_fe_custome_473322_idx')],
            },
        ),
        migrations.CreateModel(
            name='FeedbackGroupShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_shares', to='feedback.feedback')),
            ],
            options={
                'abstract': False,
                'unique_together': {('group', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='FeedbackUserShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='user_shares', to='feedback.feedback')),
            ],
            options={
                'abstract': False,
                'unique_together': {('user', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='Theme',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('label', models.CharField(max_length=100, verbose_name='label')),
                ('label_is_manual', models.BooleanField(default=False, editable=False, verbose_name='labelled by hand')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Russian')], editable=False, max_length=2, verbose_name='language')),
                ('terms', models.JSONField(default=dict, editable=False, help_text='Word stems with their weight.', verbose_name='terms')),
                ('is_hidden', models.BooleanField(default=False, verbose_name='hidden')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='parts', to='feedback.theme', verbose_name='merged into')),
            ],
            options={
                'verbose_name': 'theme',
                'verbose_name_plural': 'themes',
                'ordering': ['label', 'pk'],
                'abstract': False,
                'default_permissions': ('change', 'view'),
            },
        ),
        migrations.CreateModel(
            name='FeedbackGroupShareEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='feedback.feedbackgroupshare')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.BigIntegerField()),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
                ('group', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('content_object', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='feedback.feedback')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['content_object'], name='feedback_fe_content_b0e0b7_idx')],
            },
        ),
        migrations.CreateModel(
            name='FeedbackTheme',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('feedback', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='theme_links', to='feedback.feedback')),
                ('theme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feedback_links', to='feedback.theme')),
                ('weight', models.FloatField()),
            ],
            options={
                'ordering': ['-pk'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('feedback', 'theme'), name='feedback_theme_once')],
            },
        ),
        migrations.CreateModel(
            name='FeedbackUserShareEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='feedback.feedbackusershare')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.BigIntegerField()),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('content_object', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='feedback.feedback')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['content_object'], name='feedback_fe_content_5a8c8c_idx')],
            },
        ),
        migrations.CreateModel(
            name='ThemeEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='feedback.theme')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('label', models.CharField(max_length=100, verbose_name='label')),
                ('label_is_manual', models.BooleanField(default=False, editable=False, verbose_name='labelled by hand')),
                ('language', models.CharField(choices=[('en', 'English'), ('ru', 'Russian')], editable=False, max_length=2, verbose_name='language')),
                ('terms', models.JSONField(default=dict, editable=False, help_text='Word stems with their weight.', verbose_name='terms')),
                ('is_hidden', models.BooleanField(default=False, verbose_name='hidden')),
                ('merged_into', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='feedback.theme', verbose_name='merged into')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='Theme',
            name='feedback',
            field=models.ManyToManyField(related_name='themes', through='feedback.FeedbackTheme', to='feedback.feedback'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedback',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='6a6ef13031020e96559b37b02b127d1870b7be0c', operation='UPDATE', pgid='pgtrigger_bump_version_ef822', table='feedback_feedback', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedback',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackevent" ("assigned_to_id", "category", "comment", "created_at", "created_by_id", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "expires_at", "id", "language", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rating", "reminders_sent", "requested_at", "responded_at", "sentiment", "status", "team_id") SELECT new_values."assigned_to_id", new_values."category", new_values."comment", new_values."created_at", new_values."created_by_id", new_values."custom_fields", new_values."customer_id", new_values."deleted_at", new_values."deleted_by_id", new_values."expires_at", new_values."id", new_values."language", new_values."order_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."rating", new_values."reminders_sent", new_values."requested_at", new_values."responded_at", new_values."sentiment", new_values."status", new_values."team_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e615020aab937734347c22f7652fe8717d929dd5', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_9e0f4', referencing='REFERENCING NEW TABLE AS new_values ', table='feedback_feedback', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedback',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackevent" ("assigned_to_id", "category", "comment", "created_at", "created_by_id", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "expires_at", "id", "language", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rating", "reminders_sent", "requested_at", "responded_at", "sentiment", "status", "team_id") SELECT new_values."assigned_to_id", new_values."category", new_values."comment", new_values."created_at", new_values."created_by_id", new_values."custom_fields", new_values."customer_id", new_values."deleted_at", new_values."deleted_by_id", new_values."expires_at", new_values."id", new_values."language", new_values."order_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."rating", new_values."reminders_sent", new_values."requested_at", new_values."responded_at", new_values."sentiment", new_values."status", new_values."team_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."assigned_to_id" IS DISTINCT FROM (new_values."assigned_to_id") OR old_values."category" IS DISTINCT FROM (new_values."category") OR old_values."comment" IS DISTINCT FROM (new_values."comment") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."created_by_id" IS DISTINCT FROM (new_values."created_by_id") OR old_values."custom_fields" IS DISTINCT FROM (new_values."custom_fields") OR old_values."customer_id" IS DISTINCT FROM (new_values."customer_id") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."deleted_by_id" IS DISTINCT FROM (new_values."deleted_by_id") OR old_values."expires_at" IS DISTINCT FROM (new_values."expires_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."language" IS DISTINCT FROM (new_values."language") OR old_values."order_id" IS DISTINCT FROM (new_values."order_id") OR old_values."rating" IS DISTINCT FROM (new_values."rating") OR old_values."reminders_sent" IS DISTINCT FROM (new_values."reminders_sent") OR old_values."requested_at" IS DISTINCT FROM (new_values."requested_at") OR old_values."responded_at" IS DISTINCT FROM (new_values."responded_at") OR old_values."sentiment" IS DISTINCT FROM (new_values."sentiment") OR old_values."status" IS DISTINCT FROM (new_values."status") OR old_values."team_id" IS DISTINCT FROM (new_values."team_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='4711adbcc0c119629cad7b07fddb151b6d3a3ed9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d1df2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='feedback_feedback', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedback',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackevent" ("assigned_to_id", "category", "comment", "created_at", "created_by_id", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "expires_at", "id", "language", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rating", "reminders_sent", "requested_at", "responded_at", "sentiment", "status", "team_id") SELECT old_values."assigned_to_id", old_values."category", old_values."comment", old_values."created_at", old_values."created_by_id", old_values."custom_fields", old_values."customer_id", old_values."deleted_at", old_values."deleted_by_id", old_values."expires_at", old_values."id", old_values."language", old_values."order_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."rating", old_values."reminders_sent", old_values."requested_at", old_values."responded_at", old_values."sentiment", old_values."status", old_values."team_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='8cfce60616197d849b8e33d83bf98875082f1468', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_b21e1', referencing='REFERENCING OLD TABLE AS old_values ', table='feedback_feedback', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackgroupshare',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackgroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."content_object_id", new_values."group_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='04b77c1745eb66f4e0bb72a3e2bba85978314d5b', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a2f18', referencing='REFERENCING NEW TABLE AS new_values ', table='feedback_feedbackgroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackgroupshare',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackgroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."content_object_id", new_values."group_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='62da8bad5b5968bd68f50b7162338a7fadf81815', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_5faa6', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='feedback_feedbackgroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackgroupshare',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackgroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."content_object_id", old_values."group_id", old_values."id", old_values."permission_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='7364a23c2f97ae2463b9f72931b6cf4fa3f83369', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9789d', referencing='REFERENCING OLD TABLE AS old_values ', table='feedback_feedbackgroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackround',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='4fc45518c4fc295b7e09c8bc587ddb0ca2eea92f', operation='UPDATE', pgid='pgtrigger_bump_version_adfdd', table='feedback_feedbackround', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackusershare',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."content_object_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='42f068190a5d9e996fb96913f619eb700788384c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_06bef', referencing='REFERENCING NEW TABLE AS new_values ', table='feedback_feedbackusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackusershare',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."content_object_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9ad5dd5700bf61cff7eb2fabcf5d652606ba5bfb', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_1dae3', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='feedback_feedbackusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbackusershare',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_feedbackusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT old_values."content_object_id", old_values."id", old_values."permission_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='daf793a8e6e491a9776c6f969a88d69f946fe3cb', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_b9d4f', referencing='REFERENCING OLD TABLE AS old_values ', table='feedback_feedbackusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='theme',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='e8ad3f33916a9ae3fa9cb88365f40daada073926', operation='UPDATE', pgid='pgtrigger_bump_version_7f141', table='feedback_theme', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='theme',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_themeevent" ("created_at", "id", "is_hidden", "label", "label_is_manual", "language", "merged_into_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "terms") SELECT new_values."created_at", new_values."id", new_values."is_hidden", new_values."label", new_values."label_is_manual", new_values."language", new_values."merged_into_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."terms" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6f903922c0ba8399b2d1720475798f225c56e2a5', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_6da49', referencing='REFERENCING NEW TABLE AS new_values ', table='feedback_theme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='theme',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_themeevent" ("created_at", "id", "is_hidden", "label", "label_is_manual", "language", "merged_into_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "terms") SELECT new_values."created_at", new_values."id", new_values."is_hidden", new_values."label", new_values."label_is_manual", new_values."language", new_values."merged_into_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."terms" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_hidden" IS DISTINCT FROM (new_values."is_hidden") OR old_values."label" IS DISTINCT FROM (new_values."label") OR old_values."label_is_manual" IS DISTINCT FROM (new_values."label_is_manual") OR old_values."language" IS DISTINCT FROM (new_values."language") OR old_values."merged_into_id" IS DISTINCT FROM (new_values."merged_into_id") OR old_values."terms" IS DISTINCT FROM (new_values."terms")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7093b0a2d3cede4144d258c99e7518338fe8db99', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_66176', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='feedback_theme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='theme',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "feedback_themeevent" ("created_at", "id", "is_hidden", "label", "label_is_manual", "language", "merged_into_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "terms") SELECT old_values."created_at", old_values."id", old_values."is_hidden", old_values."label", old_values."label_is_manual", old_values."language", old_values."merged_into_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."terms" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='298bd1436510d28e431912424f532346c50cd9cd', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2647f', referencing='REFERENCING OLD TABLE AS old_values ', table='feedback_theme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='feedbacktheme',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='70b95b046cc629fe5c3a4f8d01f39ebc93d5a947', operation='UPDATE', pgid='pgtrigger_bump_version_6bbfe', table='feedback_feedbacktheme', when='BEFORE')),
        ),
    ]
