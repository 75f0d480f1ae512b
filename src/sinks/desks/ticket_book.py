"""Which case has which ticket at a desk, as the topic `tickets` says it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from listener.domain.desk import Ticket
from listener.domain.errors import Rejected
from listener.kafka.record import Record

MAX_HOPS = 100
UNTIL_KNOWN = 2**63 - 1
"""The version of a case whose ticket another has taken over, until its own last snapshot says which it was."""


class TicketBook:
    """The tickets of one desk. A case whose ticket another has taken over leads to that one.

    Args:
        desk: its name; what is said of other desks is passed over.
    """

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._by_case: dict[str, Ticket] = {}
        self._former: dict[str, set[str]] = defaultdict(set)
        self._kept_for: dict[str, str] = {}

    def take(self, records: Iterable[Record]) -> None:
        """Takes in what was recorded, in the order of the topic."""
        for record in records:
            case_id, _, desk = (record.key or b"").decode(errors="replace").partition(" ")
            if desk != self._desk:
                continue
            if record.value is None:
                self.forget(case_id)
                continue
            try:
                self.note(Ticket.read(record.value))
            except Rejected:
                continue  # not ours; the ticket is found at the desk

    def note(self, ticket: Ticket) -> None:
        """What holds of a case from now on."""
        self.forget(ticket.case_id)
        self._by_case[ticket.case_id] = ticket
        if ticket.superseded_by is not None:
            self._former[ticket.superseded_by].add(ticket.case_id)
        else:
            self._kept_for[ticket.ticket_id] = ticket.case_id

    def forget(self, case_id: str) -> None:
        """Nothing is known of this case."""
        before = self._by_case.pop(case_id, None)
        if before is None:
            return
        if before.superseded_by is None:
            if self._kept_for.get(before.ticket_id) == case_id:
                del self._kept_for[before.ticket_id]
        else:
            self._former[before.superseded_by].discard(case_id)
            if not self._former[before.superseded_by]:
                del self._former[before.superseded_by]

    def of(self, case_id: str) -> Ticket | None:
        """What was recorded under this id itself."""
        return self._by_case.get(case_id)

    def holder(self, case_id: str) -> Ticket | None:
        """The ticket of the case that a case has become part of; None where none of them has one of its own."""
        ticket = self._by_case.get(self.end_of(case_id))
        return ticket if ticket is not None and ticket.superseded_by is None else None

    def end_of(self, case_id: str) -> str:
        """The id where the way of `holder` ends, with or without a ticket."""
        for _ in range(MAX_HOPS):
            ticket = self._by_case.get(case_id)
            if ticket is None or ticket.superseded_by is None:
                break
            case_id = ticket.superseded_by
        return case_id

    def without_heir(self) -> list[Ticket]:
        """Open tickets of superseded cases, where no case has taken them over yet."""
        return [
            ticket
            for ticket in (self._by_case[name] for names in self._former.values() for name in names)
            if ticket.state == "open" and self.kept_for(ticket.ticket_id) is None
        ]

    def kept_for(self, ticket_id: str) -> str | None:
        """The case whose own ticket this is."""
        return self._kept_for.get(ticket_id)

    def left_to(self, case_id: str) -> Iterator[Ticket]:
        """What was recorded of the cases that have become part of this one, directly or by way of others."""
        seen, waiting = {case_id}, [case_id]
        while waiting:
            for former in sorted(self._former.get(waiting.pop(), ())):
                if former not in seen:
                    seen.add(former)
                    waiting.append(former)
                    yield self._by_case[former]
