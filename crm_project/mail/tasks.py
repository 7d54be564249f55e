"""What workers do for mail."""

from __future__ import annotations

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app

from . import sending
from .models import Mail

QUEUE = "mail"
ENOUGH = 5  # So many in a row that could not be sent say that the mail server is down.


@app.task(queue=QUEUE)
def send_mail(mail_id: str) -> None:
    """Send one mail at once. Whatever goes wrong, it stays queued and is taken up by ``send_due_mail``."""
    sending.send(UUID(mail_id))


@app.periodic(cron="* * * * *")
@app.task(queue=QUEUE, queueing_lock="send_due_mail", pass_context=True)
def send_due_mail(context: JobContext, timestamp: int = 0) -> None:
    """Send what waited for its time or for the mail server, and give up on what dead workers left behind."""
    sending.give_up_on_the_lost()
    in_vain = 0
    for key in sending.due():
        if context.should_abort() or in_vain == ENOUGH:
            return
        in_vain = in_vain + 1 if sending.send(key) == Mail.State.QUEUED else 0
