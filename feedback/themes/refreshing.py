"""Finding the themes of all comments and writing them down, so that what staff decided about them stays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from procrastinate.exceptions import AlreadyEnqueued

from ..models import Feedback, FeedbackTheme, Language, Theme, ThemeRun

SOON = 3  # Seconds from an answer to the search, in which more answers may come in.
IDLE_PER_BUSY = 20  # A worker is busy with themes for at most about a twentieth of the time.


def refresh_soon() -> None:
    """Have a worker find the themes anew, unless that waits to be done already. Two queries.

    The longer a search takes the longer the next one waits, so that a stream of answers does not occupy a worker.
    """
    from ..tasks import refresh_themes

    last = ThemeRun.objects.values_list("seconds", flat=True).first() or 0
    wait = SOON + round(last * IDLE_PER_BUSY)
    with suppress(AlreadyEnqueued), transaction.atomic():
        refresh_themes.configure(schedule_in={"seconds": wait}).defer()


@transaction.atomic
def refresh() -> int:
    """Find the themes of the newest ``CRM_FEEDBACK_THEME_COMMENTS`` comments and say how many there are.

    One search at a time: another one waits. All or nothing, so that a search that was killed has changed nothing, and
    a second one over the same comments changes nothing either. Older comments keep the themes that they have.
    """
    ThemeRun.objects.bulk_create([ThemeRun(pk=1)], ignore_conflicts=True)
    run = ThemeRun.objects.select_for_update().get(pk=1)
    begun = time.monotonic()
    newest = Feedback.objects.answered().exclude(comment="").order_by("-responded_at", "-pk")
    rows = sorted(newest.values_list("pk", "comment", "language")[: settings.CRM_FEEDBACK_THEME_COMMENTS])
    links = [
        link
        for language in Language.values
        for link in _refresh_language(language, [row[:2] for row in rows if row[2] == language])
    ]
    keys = [row[0] for row in rows]
    FeedbackTheme.objects.filter(feedback__in=keys).delete()
    FeedbackTheme.objects.bulk_create(links, batch_size=5_000)
    Theme.objects.filter(
        label_is_manual=False, is_hidden=False, merged_into=None, parts=None, feedback_links=None
    ).delete()
    run.finished_at, run.comments, run.seconds = Now(), len(rows), time.monotonic() - begun
    run.save()
    return Theme.objects.count()


def _refresh_language(language: str, comments: Sequence[tuple[UUID, str]]) -> list[FeedbackTheme]:
    """Bring the language's themes up to date and give the links of comments with them, which are still to be saved.

    A theme that split in two stays one where staff decided about it: what they hid or merged does not come up again.
    """
    from .finding import find_themes, nearest, recognise  # The numeric libraries take a second to load.

    found = find_themes([comment for _, comment in comments], language)
    known = list(Theme.objects.select_for_update().filter(language=language).order_by("pk"))
    decided = _decided(known)
    same = recognise([each.terms for each in found], [each.terms for each in known])
    weights: dict[tuple[UUID, Theme], float] = {}
    for number, each in enumerate(found):
        theme = known[same[number]] if number in same else Theme(language=language)
        if number not in same and (part := nearest(each.terms, [other.terms for other in decided])) is not None:
            theme = decided[part]
        else:
            _learn(theme, each.label, each.terms)
        for at, weight in each.members.items():
            key = comments[at][0], theme
            weights[key] = max(weights.get(key, 0.0), weight)
    return [FeedbackTheme(feedback_id=key, theme=theme, weight=weight) for (key, theme), weight in weights.items()]


def _decided(known: Sequence[Theme]) -> list[Theme]:
    wholes = {theme.merged_into_id for theme in known}
    return [
        theme
        for theme in known
        if theme.label_is_manual or theme.is_hidden or theme.merged_into_id or theme.pk in wholes
    ]


def _learn(theme: Theme, label: str, terms: dict[str, float]) -> None:
    """Give the theme its newest terms and, unless staff named it, its newest label; nothing new writes nothing."""
    label = theme.label if theme.label_is_manual else label
    if (theme.label, theme.terms) != (label, terms):
        theme.label, theme.terms = label, terms
        theme.save()
