"""SQL functions of ours, defined by the first migration of this app, as Django expressions."""

from django.db import models


class Fold(models.Func):
    """Text without case, accents and ё/е differences: ``crm_fold(text)``, immutable, so that it can be indexed."""

    function = "crm_fold"
    arity = 1
    output_field = models.TextField()


class Pattern(models.Func):
    """``LIKE`` pattern that finds a text as a part of a folded column: ``crm_pattern(text)``; wildcards are escaped."""

    function = "crm_pattern"
    arity = 1
    output_field = models.TextField()


@models.CharField.register_lookup
@models.TextField.register_lookup
class FoldedContains(models.Lookup):
    """``column__folded_contains=text`` on a column that holds folded text; a trigram index serves it."""

    lookup_name = "folded_contains"

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} LIKE crm_pattern({right})", (*left_params, *right_params)


@models.CharField.register_lookup
@models.TextField.register_lookup
class FoldedHolds(models.Lookup):
    """``column__folded_holds=text``: as ``folded_contains``, asked of rows that were found by something else."""

    lookup_name = "folded_holds"

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"strpos({left}, crm_fold({right})) > 0", (*left_params, *right_params)


@models.CharField.register_lookup
@models.TextField.register_lookup
class FoldedWordStart(models.Lookup):
    """``column__folded_word_start=text``: a word of the column that holds folded text, or one of its lines, begins so.

    A trigram index serves one and two letters too.
    """

    lookup_name = "folded_word_start"

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        begins = f"substr(crm_pattern({right}), 2)"
        ways = [f"{left} LIKE {before}{begins}" for before in ("", "'%% ' || ", "E'%%\\n' || ")]
        return f"({' OR '.join(ways)})", (*left_params, *right_params) * len(ways)
