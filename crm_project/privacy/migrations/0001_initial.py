import crm_project.database.fields
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
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
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('contact_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None, verbose_name='contacts')),
                ('erased_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='erased by')),
                ('door', models.CharField(max_length=16, verbose_name='door')),
                ('counts', models.JSONField(default=dict, verbose_name='rows')),
                ('traces', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
                'ordering': ['-pk'],
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['contact_ids'], name='erasure_contacts')],
            },
        ),
        migrations.CreateModel(
            name='ErasureEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='privacy.erasure')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('contact_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None, verbose_name='contacts')),
                ('erased_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='erased by')),
                ('door', models.CharField(max_length=16, verbose_name='door')),
                ('counts', models.JSONField(default=dict, verbose_name='rows')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='erasure',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='fdd2ad457714694f08bf7b4a3e305339bba60444', operation='UPDATE', pgid='pgtrigger_bump_version_4200d', table='privacy_erasure', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='erasure',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "privacy_erasureevent" ("contact_ids", "counts", "created_at", "door", "erased_by_id", "finished_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."contact_ids", new_values."counts", new_values."created_at", new_values."door", new_values."erased_by_id", new_values."finished_at", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e47e03ab5b0424cea56663ff8c7a18a7fd9967cf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_cc840', referencing='REFERENCING NEW TABLE AS new_values ', table='privacy_erasure', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='erasure',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "privacy_erasureevent" ("contact_ids", "counts", "created_at", "door", "erased_by_id", "finished_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."contact_ids", new_values."counts", new_values."created_at", new_values."door", new_values."erased_by_id", new_values."finished_at", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."contact_ids" IS DISTINCT FROM (new_values."contact_ids") OR old_values."counts" IS DISTINCT FROM (new_values."counts") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."door" IS DISTINCT FROM (new_values."door") OR old_values."erased_by_id" IS DISTINCT FROM (new_values."erased_by_id") OR old_values."finished_at" IS DISTINCT FROM (new_values."finished_at") OR old_values."id" IS DISTINCT FROM (new_values."id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ebb4665a3bb131edd1feed6faa65c8712f87af2a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6162c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='privacy_erasure', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='erasure',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "privacy_erasureevent" ("contact_ids", "counts", "created_at", "door", "erased_by_id", "finished_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."contact_ids", old_values."counts", old_values."created_at", old_values."door", old_values."erased_by_id", old_values."finished_at", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='d321122f86492bfbb3c6aac0459eab28e0b2c30c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7e4bc', referencing='REFERENCING OLD TABLE AS old_values ', table='privacy_erasure', when='AFTER')),
        ),
    ]
