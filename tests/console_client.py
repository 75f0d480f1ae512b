"""A browser of the console without a network, and the person who sits before it."""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from listener.console.app import console_app
from listener.console.audit import Audit
from listener.console.csrf import FIELD
from listener.console.live import LiveHub
from listener.console.roles import Person
from listener.console.section import Section
from listener.console.sign_in import SignIn
from listener.domain.governance import AuditEntry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN = Person("Ana Admin", "admin", session="s")
AGENT = Person("Kim Agent", "agent", session="s")
ANALYST = Person("Lea Analyst", "analyst", session="s")
VIEWER = Person("Vic Viewer", "viewer", session="s")
PARTNER = Person("Pat Partner", "partner", frozenset({"agency"}), session="s")
TOKEN = re.compile(r'<meta name="csrf" content="([0-9a-f]+)">')


class Before:
    """Signs in whoever is said to sit before the browser."""

    routes: Sequence[Route] = ()
    start: str | None = None
    hint = "Sit down."

    def __init__(self, person: Person | None) -> None:
        self.sits = person

    def person(self, request: Request) -> Person | None:
        return self.sits


class Browser:
    """What a person does with a console of these sections.

    Args:
        sign_in: how people are known, where several come in.
        raises: whether an error that nobody foresaw is raised here, instead of being a page.

    Attributes:
        audited: what was written down about it.
        hub: where the sections may be told to publish.
    """

    def __init__(
        self,
        *sections: Section,
        person: Person | None = ADMIN,
        hub: LiveHub | None = None,
        raises: bool = True,
        sign_in: SignIn | None = None,
    ) -> None:
        self.audited: list[AuditEntry] = []
        self.hub = LiveHub() if hub is None else hub  # an empty one is false
        self.before = Before(person)
        self.app = console_app(
            sections,
            sign_in or self.before,
            hub=self.hub,
            audit=Audit(self.audited.append, lambda: NOW),
            key=b"k" * 32,
        )
        self.client = TestClient(
            self.app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=raises
        )

    def get(self, path: str, **arguments: Any) -> httpx2.Response:
        """Opens a page."""
        return self.client.get(path, **arguments)

    def post(self, path: str, fields: Mapping[str, Any], **arguments: Any) -> httpx2.Response:
        """Sends a form, with the token that pages carry."""
        found = TOKEN.search(self.client.get("/nowhere").text)
        token = html.unescape(found[1]) if found else ""
        return self.client.post(path, data={FIELD: token, **fields}, **arguments)
