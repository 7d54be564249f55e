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


class FoldedLookup(models.Lookup):
    """A text in a column that holds folded text; ``template`` says it in SQL of both."""

    template: str

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return self.template.format(left=left, right=right), (*left_params, *right_params)


@models.CharField.register_lookup
@models.TextField.register_lookup
class FoldedContains(FoldedLookup):
    """``column__folded_contains=text`` on a column that holds folded text; a trigram index serves it."""

    lookup_name = "folded_contains"
    template = "{left} LIKE crm_pattern({right})"


@models.CharField.register_lookup
@models.TextField.register_lookup
class FoldedHolds(FoldedLookup):
    """``column__folded_holds=text``: the same, asked of rows that something else has found; no index is looked into."""

    lookup_name = "folded_holds"
    template = "strpos({left}, crm_fold({right})) > 0"


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
