"""Checks of the database server that Django does not make itself."""

from django.core.checks import Error, Tags, register
from django.db import connections


@register(Tags.database)
def server_understands_our_languages(app_configs, databases, **options):
    """Refuse a database that ignores letters outside ASCII: search would silently miss people."""
    problems = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
            version, encoding = cursor.fetchone()
            cursor.execute("SELECT lower('Ё') = 'ё', to_regproc('show_trgm') IS NOT NULL")
            folds_case, has_trigrams = cursor.fetchone()
            if version < 150000:
                problems.append(Error("PostgreSQL 15 or newer is needed.", id="database.E001"))
            if encoding != "UTF8":
                problems.append(Error(f"The database's encoding is {encoding}, it must be UTF8.", id="database.E002"))
            hint = "Create the database with LOCALE 'C.UTF-8' or another UTF-8 locale."
            if not folds_case:
                problems.append(
                    Error("The database cannot lower-case letters outside ASCII.", hint, id="database.E003")
                )
            elif has_trigrams:
                cursor.execute("SELECT cardinality(show_trgm('привет')) > 0")
                if not cursor.fetchone()[0]:
                    problems.append(Error("Trigram search ignores letters outside ASCII.", hint, id="database.E004"))
    return problems
