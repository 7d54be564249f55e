"""What the contacts app refuses, each with a sentence that says why."""

from django.utils.translation import gettext_lazy

from crm_project.api.exceptions import CrmError


class MergedAway(CrmError):
    """The contact is one with another; only undoing the merge brings it back."""

    default_code = "merged_away"
    default_detail = gettext_lazy("This contact was merged into another one; undo the merge to bring it back.")


class RestoreClash(CrmError):
    """Another contact has got a value meanwhile that only one may have."""

    default_code = "restore_clash"


class NotMergeable(CrmError):
    """One of the contacts is in the trash or was merged away."""

    default_code = "not_mergeable"


class NotUndoable(CrmError):
    """The merge was undone before, or something that came later stands on it."""

    default_code = "not_undoable"


class TaskIsClosed(CrmError):
    """What is done or cancelled has to be opened again first."""

    default_code = "task_is_closed"
