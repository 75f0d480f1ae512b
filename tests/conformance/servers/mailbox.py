"""A mailbox on a real Dovecot, behind a proxy through whose gate each command passes."""

import itertools
import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from conformance.gate import Gate
from conformance.network import Ability
from fixtures_dovecot import PASSWORD, USER, Dovecot

SENT = "Sent"
PAGE = 5
"""Nothing has pages here; so many messages make an outage."""


class Mailbox:
    """What customers send to the company, and what it has sent. Nothing is edited or taken back by mail.

    Args:
        port: of the proxy; the server's own where nothing stands between.
    """

    kind = "email"
    abilities: frozenset[Ability] = frozenset({"answers"})
    page_size = PAGE

    def __init__(self, server: Dovecot, port: int | None = None) -> None:
        self.gate = Gate()
        self.port = port or server.port
        self._server = server
        self._domain = f"{secrets.token_hex(6)}.example"
        self._numbers = itertools.count(1)
        self._posts: dict[str, str] = {}
        self._authors: dict[str, str] = {}
        self._sent_at: dict[str, datetime] = {}
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "email",
            "host": "127.0.0.1",
            "port": self.port,
            "tls": "none",
            "user": USER,
            "sent_folder": SENT,
            "listen_seconds": 1,
            "secrets": {"password": "MAIL_PASSWORD"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"MAIL_PASSWORD": PASSWORD}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        return self._append("INBOX", f"{author}@example.org", USER, text, reply_to)

    def answer(self, native_id: str, text: str) -> str:
        return self._append(SENT, USER, self._authors[native_id], text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        raise NotImplementedError("what was sent stays as it is")

    def delete(self, native_id: str) -> None:
        raise NotImplementedError("what was sent cannot be taken back")

    def post_malformed(self) -> None:
        raise NotImplementedError("whatever bytes a message has, something of it is read")

    def disorder(self) -> None:
        raise NotImplementedError("UIDs only rise")

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._posts)

    def said_at(self, native_id: str) -> datetime:
        """The time in the header of a message."""
        return self._sent_at[native_id]

    def _append(self, folder: str, sender: str, to: str, text: str, reply_to: str | None) -> str:
        with self._lock:
            name, now = f"{next(self._numbers)}@{self._domain}", datetime.now(UTC).replace(microsecond=0)
            message = EmailMessage()
            message["From"], message["To"], message["Message-ID"] = sender, to, f"<{name}>"
            message["Date"] = format_datetime(now)
            if reply_to is not None:
                message["In-Reply-To"] = f"<{reply_to}>"
            message.set_content(text)
            self._server.append(bytes(message), folder)
            self._posts[name], self._authors[name], self._sent_at[name] = text, sender, now
            return name
