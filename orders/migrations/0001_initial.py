import crm_project.database.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
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
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('sku', models.CharField(max_length=64, verbose_name='SKU')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('description', models.TextField(blank=True, db_default='', default='', verbose_name='description')),
                ('price', models.DecimalField(decimal_places=2, max_digits=14, validators=[django.core.validators.MinValueValidator(0)], verbose_name='price')),
                ('currency', models.CharField(db_default='USD', default='USD', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'A currency code of three capital letters (ISO 4217).')], verbose_name='currency')),
                ('active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('stock', models.PositiveIntegerField(blank=True, help_text='Left out: unlimited.', null=True, verbose_name='stock')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
                'ordering': ['sku', 'pk'],
                'abstract': False,
                'default_permissions': ('add', 'change', 'delete', 'view', 'import', 'export'),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Upper('sku'), name='product_sku_unique', violation_error_message='Another product has this SKU.'), models.CheckConstraint(condition=models.Q(('stock__isnull', True), ('stock__gte', 0), _connector='OR'), name='product_stock_not_negative', violation_error_message='There is not enough stock.'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='product_price_not_negative', violation_error_message='A price is not negative.')],
            },
        ),
        migrations.CreateModel(
            name='ProductEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.product')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('sku', models.CharField(max_length=64, verbose_name='SKU')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('description', models.TextField(blank=True, db_default='', default='', verbose_name='description')),
                ('price', models.DecimalField(decimal_places=2, max_digits=14, validators=[django.core.validators.MinValueValidator(0)], verbose_name='price')),
                ('currency', models.CharField(db_default='USD', default='USD', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'A currency code of three capital letters (ISO 4217).')], verbose_name='currency')),
                ('active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('stock', models.PositiveIntegerField(blank=True, help_text='Left out: unlimited.', null=True, verbose_name='stock')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Order',
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
                ('number', models.PositiveBigIntegerField(editable=False, unique=True, verbose_name='number')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='customers.customer', verbose_name='customer')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.product', verbose_name='product')),
                ('quantity', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity')),
                ('unit_price', models.DecimalField(decimal_places=2, editable=False, max_digits=14, verbose_name='unit price')),
                ('currency', models.CharField(editable=False, max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'A currency code of three capital letters (ISO 4217).')], verbose_name='currency')),
                ('total', models.DecimalField(decimal_places=2, editable=False, max_digits=18, verbose_name='total')),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('processing', 'Processing'), ('shipped', 'Shipped'), ('delivered', 'Delivered'), ('cancelled', 'Cancelled')], default='pending', max_length=10, verbose_name='status')),
                ('order_date', models.DateTimeField(verbose_name='order date')),
                ('shipping_address', models.TextField(blank=True, verbose_name='shipping address')),
                ('billing_address', models.TextField(blank=True, verbose_name='billing address')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('holds_stock', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ['-pk'],
                'abstract': False,
                'default_permissions': ('add', 'change', 'delete', 'view', 'share', 'export'),
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['id'], name='order_live'), models.Index(fields=['assigned_to', 'id'], include=('deleted_at',), name='order_owner'), models.Index(condition=models.Q(('team__isnull', False)), fields=['team', 'id'], include=('deleted_at',), name='order_team'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['id'], name='order_trash'), models.Index(fields=['customer', 'id'], name='order_customer'), models.Index(condition=models.Q(('deleted_at', None)), fields=['status', 'id'], name='order_status'), models.Index(condition=models.Q(('deleted_at', None)), fields=['created_at', 'id'], name='order_by_arrival'), models.Index(condition=models.Q(('deleted_at', None)), fields=['updated_at', 'id'], name='order_by_change'), models.Index(condition=models.Q(('deleted_at', None)), fields=['total', 'id'], name='order_by_total'), models.Index(condition=models.Q(('deleted_at', None)), fields=['order_date', 'id'], name='order_by_date'), models.Index(condition=models.Q(('deleted_at', None)), fields=['order_date'], include=('status', 'currency', 'total', 'assigned_to', 'customer', 'product'), name='order_by_period'), models.Index(condition=models.Q(('deleted_at', None), ('status__in', ('pending', 'processing', 'shipped', 'delivered'))), fields=['customer', 'order_date'], include=('currency', 'total'), name='order_habits'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('custom_fields', 'jsonb_path_ops'), name='order_custom_fields')],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='order_quantity_positive', violation_error_message='At least one must be ordered.'), models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(models.F('unit_price'), '*', models.F('quantity')))), name='order_total_is_price_times_quantity', violation_error_message='The total is the unit price times the quantity.')],
            },
        ),
        migrations.CreateModel(
            name='OrderGroupShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_shares', to='orders.order')),
            ],
            options={
                'abstract': False,
                'unique_together': {('group', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='OrderStatusChange',
            fields=[
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='status_changes', to='orders.order')),
                ('old', models.CharField(blank=True, choices=[('pending', 'Pending'), ('processing', 'Processing'), ('shipped', 'Shipped'), ('delivered', 'Delivered'), ('cancelled', 'Cancelled')], max_length=10)),
                ('new', models.CharField(choices=[('pending', 'Pending'), ('processing', 'Processing'), ('shipped', 'Shipped'), ('delivered', 'Delivered'), ('cancelled', 'Cancelled')], max_length=10)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'change of status',
                'verbose_name_plural': 'changes of status',
                'ordering': ['-pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='OrderUserShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='user_shares', to='orders.order')),
            ],
            options={
                'abstract': False,
                'unique_together': {('user', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='OrderEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.order')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=crm_project.database.fields.UUIDv7(), default=uuid_utils.compat.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('assigned_to', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('deleted_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('custom_fields', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ('number', models.PositiveBigIntegerField(editable=False, verbose_name='number')),
                ('customer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='customers.customer', verbose_name='customer')),
                ('product', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='orders.product', verbose_name='product')),
                ('quantity', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity')),
                ('unit_price', models.DecimalField(decimal_places=2, editable=False, max_digits=14, verbose_name='unit price')),
                ('currency', models.CharField(editable=False, max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'A currency code of three capital letters (ISO 4217).')], verbose_name='currency')),
                ('total', models.DecimalField(decimal_places=2, editable=False, max_digits=18, verbose_name='total')),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('processing', 'Processing'), ('shipped', 'Shipped'), ('delivered', 'Delivered'), ('cancelled', 'Cancelled')], default='pending', max_length=10, verbose_name='status')),
                ('order_date', models.DateTimeField(verbose_name='order date')),
                ('shipping_address', models.TextField(blank=True, verbose_name='shipping address')),
                ('billing_address', models.TextField(blank=True, verbose_name='billing address')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('holds_stock', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['customer'], name='orders_orde_custome_de4b94_idx')],
            },
        ),
        migrations.CreateModel(
            name='OrderGroupShareEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.ordergroupshare')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.BigIntegerField()),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
                ('group', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('content_object', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='orders.order')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['content_object'], name='orders_orde_content_d4049c_idx')],
            },
        ),
        migrations.CreateModel(
            name='OrderUserShareEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.orderusershare')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.BigIntegerField()),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('content_object', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='orders.order')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['content_object'], name='orders_orde_content_4c00f8_idx')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='418ec438eb9a6fc677fc11b87d7259a7e31e1919', operation='UPDATE', pgid='pgtrigger_bump_version_fa758', table='orders_product', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_productevent" ("active", "created_at", "currency", "description", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "sku", "stock") SELECT new_values."active", new_values."created_at", new_values."currency", new_values."description", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."price", new_values."sku", new_values."stock" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='08aab23d2cc84b714e69a01d67cccef32c2e13b1', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_18927', referencing='REFERENCING NEW TABLE AS new_values ', table='orders_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_productevent" ("active", "created_at", "currency", "description", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "sku", "stock") SELECT new_values."active", new_values."created_at", new_values."currency", new_values."description", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."price", new_values."sku", new_values."stock" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."active" IS DISTINCT FROM (new_values."active") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."currency" IS DISTINCT FROM (new_values."currency") OR old_values."description" IS DISTINCT FROM (new_values."description") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."price" IS DISTINCT FROM (new_values."price") OR old_values."sku" IS DISTINCT FROM (new_values."sku") OR old_values."stock" IS DISTINCT FROM (new_values."stock")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='79dcdfc6ccbb640aae09d41ff191c2c35188953e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_9c46d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='orders_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_productevent" ("active", "created_at", "currency", "description", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "sku", "stock") SELECT old_values."active", old_values."created_at", old_values."currency", old_values."description", old_values."id", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."price", old_values."sku", old_values."stock" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='35c051fee5f45e7b68e05c7fa9da16d37c773082', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e7ea3', referencing='REFERENCING OLD TABLE AS old_values ', table='orders_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ordergroupshare',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_ordergroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."content_object_id", new_values."group_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='697860f95eaae1295ba5b67e794aa86e662c0d83', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_6843b', referencing='REFERENCING NEW TABLE AS new_values ', table='orders_ordergroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ordergroupshare',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_ordergroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."content_object_id", new_values."group_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='4e04f45f7571ce659ef15fa1173b3bf2750f1c84', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_061a5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='orders_ordergroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ordergroupshare',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_ordergroupshareevent" ("content_object_id", "group_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."content_object_id", old_values."group_id", old_values."id", old_values."permission_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='462c7ba03a6f2e55c017a03a1ea9f70b9836a309', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9a7ed', referencing='REFERENCING OLD TABLE AS old_values ', table='orders_ordergroupshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderstatuschange',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='897e7555ddd4ec03d5056d5e300f1303b62a22ea', operation='UPDATE', pgid='pgtrigger_bump_version_8a283', table='orders_orderstatuschange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderusershare',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."content_object_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='51868b7bc5e4993b560ad5699b8d57ac19cec8f7', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f59d6', referencing='REFERENCING NEW TABLE AS new_values ', table='orders_orderusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderusershare',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."content_object_id", new_values."id", new_values."permission_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a5a7da8ac9ebd76a0ea6d0f4b84d7d95b2b91817', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_a2ec1', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='orders_orderusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderusershare',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderusershareevent" ("content_object_id", "id", "permission_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT old_values."content_object_id", old_values."id", old_values."permission_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='86db153547d429f2aae59fe2de9c95e59773ca4a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_fb9bb', referencing='REFERENCING OLD TABLE AS old_values ', table='orders_orderusershare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='bump_version', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n        NEW.version = OLD.version + 1;\n        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at = clock_timestamp(); END IF;\n        RETURN NEW;\n    ', hash='48cbcf3ed49109070aa0b3adb25a33ccf2d32384', operation='UPDATE', pgid='pgtrigger_bump_version_0800c', table='orders_order', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderevent" ("assigned_to_id", "billing_address", "created_at", "created_by_id", "currency", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "holds_stock", "id", "notes", "number", "order_date", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "quantity", "shipping_address", "status", "team_id", "total", "unit_price") SELECT new_values."assigned_to_id", new_values."billing_address", new_values."created_at", new_values."created_by_id", new_values."currency", new_values."custom_fields", new_values."customer_id", new_values."deleted_at", new_values."deleted_by_id", new_values."holds_stock", new_values."id", new_values."notes", new_values."number", new_values."order_date", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."product_id", new_values."quantity", new_values."shipping_address", new_values."status", new_values."team_id", new_values."total", new_values."unit_price" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ee5a6646449c22dfc3e6ce7650d305665695b1dd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_eb763', referencing='REFERENCING NEW TABLE AS new_values ', table='orders_order', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderevent" ("assigned_to_id", "billing_address", "created_at", "created_by_id", "currency", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "holds_stock", "id", "notes", "number", "order_date", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "quantity", "shipping_address", "status", "team_id", "total", "unit_price") SELECT new_values."assigned_to_id", new_values."billing_address", new_values."created_at", new_values."created_by_id", new_values."currency", new_values."custom_fields", new_values."customer_id", new_values."deleted_at", new_values."deleted_by_id", new_values."holds_stock", new_values."id", new_values."notes", new_values."number", new_values."order_date", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."product_id", new_values."quantity", new_values."shipping_address", new_values."status", new_values."team_id", new_values."total", new_values."unit_price" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."assigned_to_id" IS DISTINCT FROM (new_values."assigned_to_id") OR old_values."billing_address" IS DISTINCT FROM (new_values."billing_address") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."created_by_id" IS DISTINCT FROM (new_values."created_by_id") OR old_values."currency" IS DISTINCT FROM (new_values."currency") OR old_values."custom_fields" IS DISTINCT FROM (new_values."custom_fields") OR old_values."customer_id" IS DISTINCT FROM (new_values."customer_id") OR old_values."deleted_at" IS DISTINCT FROM (new_values."deleted_at") OR old_values."deleted_by_id" IS DISTINCT FROM (new_values."deleted_by_id") OR old_values."holds_stock" IS DISTINCT FROM (new_values."holds_stock") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."notes" IS DISTINCT FROM (new_values."notes") OR old_values."number" IS DISTINCT FROM (new_values."number") OR old_values."order_date" IS DISTINCT FROM (new_values."order_date") OR old_values."product_id" IS DISTINCT FROM (new_values."product_id") OR old_values."quantity" IS DISTINCT FROM (new_values."quantity") OR old_values."shipping_address" IS DISTINCT FROM (new_values."shipping_address") OR old_values."status" IS DISTINCT FROM (new_values."status") OR old_values."team_id" IS DISTINCT FROM (new_values."team_id") OR old_values."total" IS DISTINCT FROM (new_values."total") OR old_values."unit_price" IS DISTINCT FROM (new_values."unit_price")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cfacb51f648b4b6f69fc26cea1e352685ae9323a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d4b84', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='orders_order', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_orderevent" ("assigned_to_id", "billing_address", "created_at", "created_by_id", "currency", "custom_fields", "customer_id", "deleted_at", "deleted_by_id", "holds_stock", "id", "notes", "number", "order_date", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "quantity", "shipping_address", "status", "team_id", "total", "unit_price") SELECT old_values."assigned_to_id", old_values."billing_address", old_values."created_at", old_values."created_by_id", old_values."currency", old_values."custom_fields", old_values."customer_id", old_values."deleted_at", old_values."deleted_by_id", old_values."holds_stock", old_values."id", old_values."notes", old_values."number", old_values."order_date", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."product_id", old_values."quantity", old_values."shipping_address", old_values."status", old_values."team_id", old_values."total", old_values."unit_price" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='09b3d43357d7d87361d81cc377f505e53ad513e0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_709b4', referencing='REFERENCING OLD TABLE AS old_values ', table='orders_order', when='AFTER')),
        ),
    ]
