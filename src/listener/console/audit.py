"""Who saw and did what in the console, for the topic `audit`: ids only, never a text."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from starlette.requests import Request

from listener.console.roles import Person
from listener.domain.contract import format_utc
from listener.domain.governance import AuditEntry
from listener.domain.ids import digest

AGAIN_SECONDS = 300.0
"""A page that is looked at again sooner, as it is while it updates itself, is the same look."""
REMEMBERED = 10_000


class Audit:
    """Writes down what people see and do.

    A page is not shown unless the broker has that it was: whoever could look without a trace, would.

    Args:
        deliver: takes an entry, returns once the broker has it; may block; raises `ServiceError`.
        now: the installation's time.
    """

    def __init__(self, deliver: Callable[[AuditEntry], None], now: Callable[[], datetime]) -> None:
        self._deliver = deliver
        self._now = now
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._lock = Lock()

    def saw(self, person: Person, kind: str, subject: str) -> None:
        """A person looks at something; again within minutes is not written down again.

        Args:
            kind: such as ``case`` or ``person``; the action is ``see.KIND``.
        """
        what, at = (person.name, kind, subject), time.monotonic()
        with self._lock:
            if at - self._seen.get(what, -AGAIN_SECONDS) < AGAIN_SECONDS:
                return
        self.did(person, f"see.{kind}", subject)
        with self._lock:
            self._seen[what] = at
            self._seen.move_to_end(what)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)

    def did(self, person: Person, action: str, subject: str, **detail: str) -> None:
        """A person does something that is not written down by what does it."""
        at = self._now()
        self._deliver(
            AuditEntry(
                entry_id=digest("console", person.name, action, subject, format_utc(at)),
                actor=person.name,
                action=action,
                subject=subject,
                at=at,
                detail=detail,
            )
        )


def saw(request: Request, kind: str, subject: str) -> None:
    """Writes down that whoever asks looks at something; blocks.

    Raises:
        ServiceError: it could not be written down.
    """
    audit: Audit = request.app.state.audit
    audit.saw(request.state.person, kind, subject)


def did(request: Request, action: str, subject: str, **detail: str) -> None:
    """Writes down what whoever asks does, where what does it does not; blocks.

    Raises:
        ServiceError: it could not be written down.
    """
    audit: Audit = request.app.state.audit
    audit.did(request.state.person, action, subject, **detail)
