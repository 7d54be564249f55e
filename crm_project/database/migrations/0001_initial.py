from django.db import migrations
from django.db.utils import Error

EXTENSIONS = ["pg_trgm", "btree_gin"]


def create_extensions(apps, schema_editor):
    """Both are trusted extensions, which the owner of a database may create without being superuser."""
    with schema_editor.connection.cursor() as cursor:
        for name in EXTENSIONS:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name])
            if cursor.fetchone():
                continue
            try:
                cursor.execute(f"CREATE EXTENSION {name}")
            except Error as error:
                database = schema_editor.connection.settings_dict["NAME"]
                raise SystemExit(
                    f"The PostgreSQL extension {name} is missing and this user may not create it ({error}).\n"
                    f"Ask an administrator to run, in the database {database}: CREATE EXTENSION {name};\n"
                    f"or to allow it: GRANT CREATE ON DATABASE {database} TO {schema_editor.connection.settings_dict['USER']};"
                ) from error


def create_uuidv7(apps, schema_editor):
    """Servers before PostgreSQL 18 have no uuidv7(): 48 bits of milliseconds, version, variant, 74 random bits."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('pg_catalog.uuidv7()') IS NOT NULL")
        if cursor.fetchone()[0]:
            return
        cursor.execute(
            """
            CREATE OR REPLACE FUNCTION uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
                SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
                    int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
                    52, 1), 53, 1), 'hex')::uuid
            $$
            """
        )


# NFKD splits letters from their accents (é, ё, й, ё typed as two characters), which are then dropped; the letters that
# Unicode does not split are listed. Only core functions are used, and their results depend on no setting: immutable.
FOLD = r"""
CREATE OR REPLACE FUNCTION crm_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT CASE WHEN value ~ '^[\x20-\x7e\n]*$' THEN lower(value) ELSE
        replace(replace(replace(translate(
            lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')),
            'øłđħıŧ', 'oldhit'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
    END
$$;
CREATE OR REPLACE FUNCTION crm_pattern(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT '%' || replace(replace(replace(crm_fold(value), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunPython(create_extensions, migrations.RunPython.noop),
        migrations.RunPython(create_uuidv7, migrations.RunPython.noop),
        migrations.RunSQL(
            FOLD, "DROP FUNCTION IF EXISTS crm_pattern(text); DROP FUNCTION IF EXISTS crm_fold(text);"
        ),
    ]
