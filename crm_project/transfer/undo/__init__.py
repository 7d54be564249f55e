"""Taking an import back, by the change history alone: whatever tables it wrote, they are undone in the same way.

Each row that the import wrote becomes a step, in one transaction at the beginning. Then, table by table, a chunk of
steps is taken in each transaction and its steps are deleted with it, so that an undoing that was killed goes on where
it was. Rows that the import made go, unless people have changed or used them since. Fields that it changed go back,
unless somebody has changed them since. What stays is listed with the reason. What follows from other rows, such as a
lead's score, is made anew by the app whose it is, see ``rules``.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from crm_project.access.models import User
from crm_project.api.exceptions import CrmError
from crm_project.history.context import because_of

from ..models import ImportJob, UndoJob
from .rules import Rule, register
from .work import Stopped, Undo

__all__ = ["NotUndoable", "Rule", "register", "run_undo", "start_undo"]


class NotUndoable(CrmError):
    """The import is still running, or was only tried."""

    default_code = "import_not_undoable"


@transaction.atomic
def start_undo(*, job: ImportJob, actor: User, inline_rows: int) -> UndoJob:
    """Take the import back: one of few rows now, a larger one by a worker. A second call gives the same undoing, and
    goes on with one that has failed.

    Raises:
        NotUndoable: the import has not ended, or it was a dry run.
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    undo = UndoJob.objects.filter(import_job=job).first()
    if undo and undo.state != UndoJob.State.FAILED:
        return undo
    if not job.has_ended:
        raise NotUndoable(_("This import is still running; stop it first."))
    if job.options.get("dry_run"):
        raise NotUndoable(_("This import was only tried; there is nothing to undo."))
    if undo:
        undo.state, undo.message, undo.finished_at = UndoJob.State.QUEUED, "", None
        undo.save()
    else:
        undo = UndoJob.objects.create(import_job=job, owner=actor, kind=job.kind, door=job.door)
    if job.rows <= inline_rows:
        run_undo(undo)
    else:
        from ..tasks import run_undo as task

        task.defer(job_id=str(undo.pk), rows=undo.rows)
    return undo


def run_undo(undo: UndoJob, *, should_stop: Callable[[], bool] | None = None) -> None:
    """Undo from where the job is, to its end. May be called twice, in parallel, and be killed anywhere."""
    try:
        with because_of(user=str(undo.owner_id), door="import", job=str(undo.pk)):
            Undo(undo, should_stop or (lambda: False)).run()
    except Stopped:
        undo.refresh_from_db()
