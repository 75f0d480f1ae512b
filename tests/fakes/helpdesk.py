"""A desk that keeps its tickets in memory, and a topic `tickets` that does; both can let their caller die."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fakes.fetched import FakeFetched
from listener.domain.desk import Ticket, ticket_key
from listener.domain.errors import Rejected
from listener.domain.topics import TICKETS
from sinks.desks.desk import Draft, Farewell, Known, Outcome, Update


class Killed(Exception):
    """The process is gone; nothing of ours catches it."""


@dataclass
class TicketThere:
    """One ticket."""

    ticket_id: str
    external_id: str | None
    title: str
    text: str
    outcome: Outcome
    queue: str
    calls: list[str] = field(default_factory=list)


class FakeHelpdesk:
    """As `Desk`.

    Args:
        step: called before and after whatever changes something; it may raise.

    Attributes:
        fails: case id to what the next call about it raises.
        sick: what `check` raises.
    """

    place = "fake: helpdesk"

    def __init__(self, step: Callable[[], None] = lambda: None) -> None:
        self.tickets: list[TicketThere] = []
        self.fails: dict[str, list[Exception]] = {}
        self.sick: Exception | None = None
        self._step = step

    def check(self) -> str:
        if self.sick is not None:
            raise self.sick
        return "well"

    def find(self, case_id: str) -> Known | None:
        found = [ticket for ticket in self.tickets if ticket.external_id == case_id]
        assert len(found) < 2, f"two tickets for {case_id}"
        return Known(found[0].ticket_id) if found else None

    def open(self, draft: Draft) -> Known:
        self._begin(draft.case_id)
        number = str(len(self.tickets) + 1)
        ticket = TicketThere(
            number, draft.case_id, draft.title, draft.body, draft.outcome, draft.case.queue, ["open"]
        )
        self.tickets.append(ticket)
        self._step()
        return Known(number, f"https://desk.test/{number}")

    def update(self, ticket_id: str, update: Update) -> None:
        self._begin(update.draft.case_id)
        ticket = self.of(ticket_id)
        ticket.calls.append("update")
        ticket.title, ticket.queue = update.draft.title, update.draft.case.queue
        ticket.external_id = update.draft.case_id
        for entry in update.entries:
            if not (update.doubtful and entry.mark in ticket.text):
                ticket.text += "\n\n" + entry.text
        self._step()
        ticket.outcome = update.outcome or ticket.outcome
        self._step()

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        self._begin(farewell.case_id)
        ticket = self.of(ticket_id)
        ticket.calls.append("retire")
        ticket.text += "\n\n" + farewell.text
        ticket.external_id, ticket.outcome = None, "resolved"
        self._step()

    def close(self) -> None:
        pass

    def of(self, ticket_id: str) -> TicketThere:
        """The ticket of this id."""
        if not ticket_id.isdecimal() or int(ticket_id) > len(self.tickets):
            raise Rejected("gone", "no such ticket")
        return self.tickets[int(ticket_id) - 1]

    def _begin(self, case_id: str) -> None:
        self._step()
        if self.fails.get(case_id):
            raise self.fails[case_id].pop(0)


class FakeTicketTopic:
    """As `TicketTopic`, over a list that outlives it.

    Args:
        log: what was recorded, by this and others.
        step: as of `FakeHelpdesk`.
    """

    def __init__(self, log: list[FakeFetched], step: Callable[[], None] = lambda: None) -> None:
        self._log = log
        self._step = step
        self._next = 0

    def read_on(self) -> Iterator[FakeFetched]:
        while self._next < len(self._log):
            self._next += 1
            yield self._log[self._next - 1]

    def record(self, ticket: Ticket) -> None:
        self._put(ticket_key(ticket.case_id, ticket.desk), ticket.to_json())

    def forget(self, case_id: str, desk: str) -> None:
        self._put(ticket_key(case_id, desk), None)

    def close(self) -> None:
        pass

    def _put(self, key: str, value: bytes | None) -> None:
        self._step()
        self._log.append(FakeFetched(len(self._log), value, topic=TICKETS.name, key=key.encode()))
        self._step()
