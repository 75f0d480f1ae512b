"""The contract between the suite of the desks and a stand-in of one, and what the stand-ins share."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from conformance.gate import Gate, Refuse
from conformance.http_server import Answer, Request

STAFF = "Kim Agent"


@dataclass(frozen=True)
class Shown:
    """A ticket as the staff see it.

    Attributes:
        case_id: as it can be searched for there.
        said: every text in it, the oldest first.
    """

    ticket_id: str
    case_id: str
    subject: str
    is_open: bool
    said: tuple[str, ...]


class DeskSite(Protocol):
    """A helpdesk with one account for Listener and one for the staff, made anew for each test.

    Attributes:
        kind: of the desk, as configured.
        gate: through it every request passes.
        refused_word: a ticket with it in its text is refused for good.
        url: where it is served.
        impatience: of whoever asks.
        writes: method and path of every request that may have changed something.
    """

    kind: str
    gate: Gate
    refused_word: str
    url: str
    impatience: "Impatience"
    writes: list[str]

    def respond(self, request: Request) -> Answer:
        """Answers a request."""
        ...

    def options(self) -> Mapping[str, Any]:
        """As it stands in `listener.yaml`, with names of `secrets`."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """The secrets by option."""
        ...

    def tickets(self) -> list[Shown]:
        """All tickets, the oldest first."""
        ...

    def answer(self, ticket_id: str, text: str, *, own: bool = False) -> None:
        """The staff answer the customer, or somebody by Listener's own account."""
        ...

    def note(self, ticket_id: str, text: str) -> None:
        """The staff write something that the customer does not see."""
        ...

    def customer_says(self, ticket_id: str, text: str) -> None:
        """The customer writes into the ticket, at the desk itself."""
        ...

    def settle(self, ticket_id: str, *marks: str) -> None:
        """The staff close it, with these tags or labels and none beside them."""
        ...

    def reopen(self, ticket_id: str) -> None:
        """The staff open it again."""
        ...

    def remove(self, ticket_id: str) -> None:
        """The staff delete it."""
        ...


class Impatience:
    """Counts the requests that came before a Retry-After had passed."""

    def __init__(self) -> None:
        self.count = 0
        self._not_before = 0.0

    def refuse(self, gate: Gate, seconds: int) -> None:
        """The next request is refused for so long."""
        gate.meet(Refuse(429, {"Retry-After": str(seconds)}))
        gate.at(1, lambda: self._wait(seconds))

    def look(self) -> None:
        """A request came through."""
        if time.monotonic() < self._not_before:
            self.count += 1

    def _wait(self, seconds: int) -> None:
        self._not_before = time.monotonic() + seconds - 0.05


class Stand:
    """What the stand-ins share: one lock, and who may ask."""

    refused_word = "unspeakable"

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.impatience = Impatience()
        self.writes: list[str] = []
        self._lock = threading.RLock()

    def secrets(self) -> Mapping[str, str]:
        """The token that each of them takes."""
        return {"token": "sesame"}

    def respond(self, request: Request) -> Answer:
        """Answers one request after the other."""
        self.impatience.look()
        with self._lock:
            if request.method != "GET":
                self.writes.append(f"{request.method} {request.path}")
            return self.handle(request)

    def handle(self, request: Request) -> Answer:
        """Answers a request."""
        raise NotImplementedError
