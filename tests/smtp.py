"""A mail server on this machine, with the habits of those that are out there."""

from __future__ import annotations

import socket
import time
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class SmtpServer:
    """``received`` are the messages it took over. Each habit may be changed while it runs.

    ``at_rcpt`` and ``at_data`` are what it says in place of 250, such as ``"550 5.1.1 No such mailbox"``;
    ``slow`` are the seconds it thinks about a message; ``drops`` makes it hang up right after it took one over.
    """

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.at_rcpt = self.at_data = ""
        self.slow = 0.0
        self.drops = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def per_address(self) -> Counter[str]:
        return Counter(str(message["To"]) for message in self.received)

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Down: connections are refused. ``start`` brings it back on the same port."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if not self.at_rcpt:
            envelope.rcpt_tos.append(address)
        return self.at_rcpt or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.at_data:
            return self.at_data
        time.sleep(self.slow)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        if self.drops:
            server.transport.abort()
        return "250 OK"
