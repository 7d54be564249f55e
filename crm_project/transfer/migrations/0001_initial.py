import crm_project.database.fields
import crm_project.transfer.models
import django.contrib.postgres.fields
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
    ]

    operations = [
        migrations.CreateModel(
            name='ExportJob',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('kind', models.CharField(help_text='Such as contact.', max_length=64, verbose_name='records')),
                ('door', models.CharField(default='api', max_length=16, verbose_name='door')),
                ('format', models.CharField(blank=True, choices=[('csv', 'CSV'), ('tsv', 'TSV'), ('json', 'JSON'), ('ndjson', 'NDJSON'), ('xlsx', 'XLSX')], max_length=8, verbose_name='format')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('message', models.CharField(blank=True, max_length=1000, verbose_name='message')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('total', models.PositiveIntegerField(null=True, verbose_name='rows to be done')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('heartbeat_at', models.DateTimeField(null=True)),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('file', models.FileField(blank=True, upload_to=crm_project.transfer.models.export_path, verbose_name='file')),
                ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), default=list, size=None, verbose_name='columns')),
                ('filters', models.JSONField(default=dict, verbose_name='filters')),
            ],
            options={
                'verbose_name': 'export',
                'verbose_name_plural': 'exports',
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['owner', 'id'], name='export_owner')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('kind', models.CharField(help_text='Such as contact.', max_length=64, verbose_name='records')),
                ('door', models.CharField(default='api', max_length=16, verbose_name='door')),
                ('format', models.CharField(blank=True, choices=[('csv', 'CSV'), ('tsv', 'TSV'), ('json', 'JSON'), ('ndjson', 'NDJSON'), ('xlsx', 'XLSX')], max_length=8, verbose_name='format')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('message', models.CharField(blank=True, max_length=1000, verbose_name='message')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('total', models.PositiveIntegerField(null=True, verbose_name='rows to be done')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('heartbeat_at', models.DateTimeField(null=True)),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('file', models.FileField(blank=True, upload_to=crm_project.transfer.models.import_path, verbose_name='file')),
                ('file_name', models.CharField(blank=True, max_length=255, verbose_name='file name')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('encoding', models.CharField(blank=True, max_length=32, verbose_name='encoding')),
                ('delimiter', models.CharField(blank=True, max_length=1, verbose_name='delimiter')),
                ('headers', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('mapping', models.JSONField(default=dict, verbose_name='mapping')),
                ('ignored_columns', models.JSONField(default=dict, verbose_name='ignored columns')),
                ('options', models.JSONField(default=dict, verbose_name='options')),
                ('created', models.PositiveIntegerField(default=0, verbose_name='created')),
                ('updated', models.PositiveIntegerField(default=0, verbose_name='updated')),
                ('unchanged', models.PositiveIntegerField(default=0, verbose_name='unchanged')),
                ('skipped', models.PositiveIntegerField(default=0, verbose_name='skipped')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed')),
                ('checkpoint', models.PositiveIntegerField(default=0)),
                ('ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('preview', models.JSONField(default=list, help_text='Of a dry run, what becomes of the first rows.')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['owner', 'id'], name='import_owner')],
            },
        ),
        migrations.CreateModel(
            name='ImportSource',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('kind', models.CharField(max_length=64, verbose_name='records')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('mapping', models.JSONField(default=dict, verbose_name='mapping')),
            ],
            options={
                'verbose_name': 'source of imports',
                'verbose_name_plural': 'sources of imports',
                'ordering': ['kind', 'name'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('kind', 'name'), name='import_source_once', violation_error_message='There is a source of this name.')],
            },
        ),
        migrations.CreateModel(
            name='UndoJob',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('kind', models.CharField(help_text='Such as contact.', max_length=64, verbose_name='records')),
                ('door', models.CharField(default='api', max_length=16, verbose_name='door')),
                ('format', models.CharField(blank=True, choices=[('csv', 'CSV'), ('tsv', 'TSV'), ('json', 'JSON'), ('ndjson', 'NDJSON'), ('xlsx', 'XLSX')], max_length=8, verbose_name='format')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('message', models.CharField(blank=True, max_length=1000, verbose_name='message')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('total', models.PositiveIntegerField(null=True, verbose_name='rows to be done')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('heartbeat_at', models.DateTimeField(null=True)),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('import_job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='undo', to='transfer.importjob', verbose_name='import')),
                ('counts', models.JSONField(default=dict, verbose_name='counts')),
            ],
            options={
                'verbose_name': 'undoing of an import',
                'verbose_name_plural': 'undoings of imports',
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['owner', 'id'], name='undo_owner')],
            },
        ),
        migrations.CreateModel(
            name='ImportFailure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='failures', to='transfer.importjob')),
                ('line', models.PositiveIntegerField()),
                ('problems', models.JSONField(help_text='A list of {column, value, message}.')),
                ('cells', models.JSONField(help_text="The row as given: a list in the order of the job's headers.")),
            ],
            options={
                'ordering': ['job', 'line', 'pk'],
                'indexes': [models.Index(fields=['job', 'line', 'id'], name='import_failure_line')],
            },
        ),
        migrations.CreateModel(
            name='ImportSeen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='seen', to='transfer.importjob')),
                ('key', models.CharField(max_length=16)),
                ('value', models.CharField(max_length=500)),
                ('record', models.UUIDField()),
            ],
            options={
                'indexes': [models.Index(fields=['job', 'key', 'value'], name='import_seen_key')],
            },
        ),
        migrations.CreateModel(
            name='UndoConflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='conflicts', to='transfer.undojob')),
                ('model', models.CharField(max_length=100)),
                ('record', models.CharField(max_length=40)),
                ('label', models.CharField(max_length=255)),
                ('field', models.CharField(blank=True, max_length=255)),
                ('before', models.JSONField(null=True)),
                ('imported', models.JSONField(null=True)),
                ('now', models.JSONField(null=True)),
                ('reason', models.CharField(max_length=500)),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['job', 'id'], name='undo_conflict_list')],
            },
        ),
        migrations.CreateModel(
            name='UndoStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='transfer.undojob')),
                ('model', models.CharField(max_length=100)),
                ('record', models.CharField(max_length=40)),
                ('is_new', models.BooleanField()),
                ('is_kept', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['job', 'model', 'is_new', 'record'], name='undo_step_next')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='importsource',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='aa6ceda0310e12ebccf8a126fa75f4c66c43d9ab', operation='UPDATE', pgid='pgtrigger_bump_version_4cbeb', table='transfer_importsource', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exportjob',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='0f3361f0f13b8f0a6164ecd061909095f01af428', operation='UPDATE', pgid='pgtrigger_bump_version_89f74', table='transfer_exportjob', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='importjob',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='d6a2c4b01c38a9287fda66e9b2552ea939b236c5', operation='UPDATE', pgid='pgtrigger_bump_version_ed34e', table='transfer_importjob', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='undojob',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='c82a2bf5a403024eea4626fc724d42e59a0f7192', operation='UPDATE', pgid='pgtrigger_bump_version_e954d', table='transfer_undojob', when='BEFORE')),
        ),
    ]
