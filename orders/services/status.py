"""An order's way: pending, processing, shipped, delivered; cancelled from the first two."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..exceptions import StatusNotAllowed
from ..models import Order

Status = Order.Status

# A pending order may be shipped at once: it is processed on the way, and both steps are logged.
NEXT: dict[str, tuple[str, ...]] = {
    Status.PENDING: (Status.PROCESSING, Status.SHIPPED, Status.CANCELLED),
    Status.PROCESSING: (Status.SHIPPED, Status.CANCELLED),
    Status.SHIPPED: (Status.DELIVERED,),
    Status.DELIVERED: (),
    Status.CANCELLED: (),
}


def in_words(status: str) -> str:
    return str(dict(Status.choices).get(status, status)).lower()


def steps_between(old: str, new: str) -> list[tuple[str, str]]:
    """The steps to log for a change of status; none when nothing changes.

    Raises:
        StatusNotAllowed: names the statuses that may follow.
    """
    if old == new:
        return []
    if new not in NEXT[old]:
        said = _("An order that is %(old)s cannot become %(new)s; allowed: %(allowed)s.")
        if not NEXT[old]:
            said = _("An order that is %(old)s cannot become %(new)s; it stays as it is.")
        allowed = ", ".join(map(in_words, NEXT[old]))
        raise StatusNotAllowed(
            said % {"old": in_words(old), "new": in_words(new), "allowed": allowed}, extra={"allowed": NEXT[old]}
        )
    if (old, new) == (Status.PENDING, Status.SHIPPED):
        return [(Status.PENDING, Status.PROCESSING), (Status.PROCESSING, Status.SHIPPED)]
    return [(old, new)]
