"""A mail server in this process, which keeps what it is given, or refuses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from listener.embedded.ports import free_port

HOST = "127.0.0.1"


class Inbox:
    """Keeps what it is given, or answers as told."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answer_recipient = "250 OK"
        self.answer_data = "250 OK"

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.answer_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer_data.startswith("250"):
            self.mails.append(envelope.content)
        return self.answer_data


@contextmanager
def taking_mail(inbox: Inbox, **options: Any) -> Iterator[int]:
    controller = Controller(inbox, hostname=HOST, port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
