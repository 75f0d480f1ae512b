"""Cases in memory, for the console's pages: what can be read of them, and what was done to them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from console_client import NOW
from listener.console.case_acts import Act as Action
from listener.console.case_queue import STATES, Place, QueueView
from listener.console.case_store import Act, CaseRow, CaseStore, Counts, Doubt, History, Known, Said
from listener.console.saved_views import SavedView
from listener.domain.case import Case, CaseContact, CaseCustomer, Reason
from listener.domain.clock import Clock
from listener.domain.errors import ServiceError, UsageError
from listener.domain.ids import case_id
from listener.domain.party import PartyOf
from listener.domain.response import Response


def contact(number: int, at: datetime, text: str = "My parcel is late.", **changes: Any) -> CaseContact:
    """What a customer said."""
    told: dict[str, Any] = {
        "mention_id": f"chirp:{number}",
        "author": "chirp:sam_lee",
        "source": "brand-on-chirp",
        "channel": "social",
        "visibility": "public",
        "occurred_at": at,
        "effective_at": at,
        "excerpt": text,
        "url": f"https://chirp.example/{number}",
        "need": "complaint",
        "needs_response": True,
        "complaint": 0.9,
    }
    return CaseContact(**told | changes)


def answered(number: int, at: datetime, by: str = "Kim Agent", **changes: Any) -> Response:
    """What the company answered."""
    told: dict[str, Any] = {
        "response_id": f"answer:{number}",
        "contact": "chirp:1",
        "author": "chirp:sam_lee",
        "channel": "social",
        "by": by,
        "kind": "answered",
        "excerpt": "It leaves today.",
        "occurred_at": at,
        "received_at": at,
    }
    return Response(**told | changes)


def case_of(*contacts: CaseContact, version: int = 1, **changes: Any) -> Case:
    """The case of these contacts."""
    first = contacts[0]
    told: dict[str, Any] = {
        "case_id": case_id(first.mention_id),
        "version": version,
        "party": "c:C-1001",
        "anchor": first.mention_id,
        "anchor_author": first.author,
        "state": "new",
        "queue": "complaints",
        "priority": 60,
        "waiting_since": first.effective_at,
        "due_at": first.effective_at.replace(hour=23),
        "reasons": (Reason(rule="queues.complaints", text="a complaint goes to the queue complaints"),),
        "customer": CaseCustomer(customer_id="C-1001", name="Sam Lee", preferred_channel="email"),
        "root_cause": "delivery",
        "root_cause_owner": "Logistics",
        "authors": tuple(dict.fromkeys(each.author for each in contacts)),
        "contacts": contacts,
        "contact_count": len(contacts),
        "clocks": (
            Clock(
                kind="first_response",
                anchor=first.mention_id,
                started_at=first.effective_at,
                due_at=first.effective_at.replace(hour=23),
                state="running",
            ),
        ),
        "opened_at": first.effective_at,
        "last_at": contacts[-1].effective_at,
        "summary": ("Sam Lee wrote on social.", "Nobody has answered.", "An answer is promised for today."),
    }
    return Case(**told | changes)


class Office(CaseStore):
    """Cases by their ids; a `CaseDesk` and a `CaseStore` at once.

    Attributes:
        answers, acts_done, decisions: what was done, in order.
        away: what everything that is published is answered with.
    """

    def __init__(self, *cases: Case) -> None:
        self.cases = {case.case_id: case for case in cases}
        self.answers: list[Mapping[str, Any]] = []
        self.acts_done: list[tuple[Any, ...]] = []
        self.decisions: list[tuple[str, str, str, str, str]] = []
        self.doubtful: list[Doubt] = []
        self.said: dict[str, Said] = {}
        self.away: ServiceError | None = None
        self.views: dict[str, list[SavedView]] = {}

    def now(self) -> datetime:
        return NOW

    def snapshot(self, case_id: str) -> Case | None:
        return self.cases.get(case_id)

    def answer(self, case: Case, told: Mapping[str, Any], token: str, at: datetime) -> None:
        self._there()
        self.answers.append({"case_id": case.case_id, "token": token, **told})

    def act(
        self,
        action: Action,
        contacts: Sequence[tuple[str, str]],
        subject: str,
        by: str,
        at: datetime,
        **fields: Any,
    ) -> None:
        self._there()
        self.acts_done.append((action, list(contacts), subject, by, fields))

    def check_one_party(self, one: Case, other: Case, parties: Mapping[str, PartyOf]) -> None:
        if one.party != other.party:
            raise UsageError(f"{other.case_id} is another customer’s: confirm a link first")

    def decide(
        self, author: str, customer_id: str, verdict: str, by: str, at: datetime, evidence: str
    ) -> None:
        self._there()
        self.decisions.append((author, customer_id, verdict, by, evidence))

    def page(
        self,
        view: QueueView,
        person: str,
        queues: Collection[str] | None,
        now: datetime,
        after: Place | None,
        size: int = 50,
    ) -> list[CaseRow]:
        rows = [row_of(case) for case in self._seen(view, queues)]
        rows.sort(key=lambda row: (-row.place.priority, row.place.at_ms, row.case_id))
        later = [row for row in rows if after is None or _key(row.place) > _key(after)]
        return later[: size + 1]

    def counts(self, view: QueueView, person: str, queues: Collection[str] | None, now: datetime) -> Counts:
        return Counts(len(self._seen(view, queues)), 0, 0)

    def choices(self, queues: Collection[str] | None) -> dict[str, list[str]]:
        found = sorted({case.queue for case in self._seen(QueueView(status="any"), queues)})
        return {"queue": found, "level": [], "owner": [], "channel": [], "root_cause": []}

    def texts(self, authors: Iterable[str], mention_ids: Iterable[str]) -> dict[str, Said]:
        return {each: self.said[each] for each in mention_ids if each in self.said}

    def parties(self, authors: Iterable[str]) -> dict[str, PartyOf]:
        return {}

    def acts(self, names: Iterable[str], contacts: Iterable[str], authors: Iterable[str]) -> list[Act]:
        return []

    def history(self, party: str, but: str, queues: Collection[str] | None) -> History:
        others = [
            case
            for case in self._seen(QueueView(status="any"), queues)
            if case.party == party and case.case_id != but
        ]
        failed = sum(case.failed_contacts for case in others)
        return History(tuple(row_of(case) for case in others), len(others), failed)

    def customers(self, customer_ids: Iterable[str]) -> dict[str, Known]:
        return {each: Known(each, (f"Name of {each}",), (), (), (), "", 0) for each in customer_ids}

    def doubts(self, size: int, before: datetime | None) -> list[Doubt]:
        return self.doubtful[:size]

    def read(self, person: str) -> list[SavedView]:
        return self.views.get(person, [])

    def write(self, person: str, views: Sequence[SavedView]) -> None:
        self._there()
        self.views[person] = list(views)

    def _seen(self, view: QueueView, queues: Collection[str] | None) -> list[Case]:
        return [
            case
            for case in self.cases.values()
            if case.state in STATES[view.status] and (queues is None or case.queue in queues)
        ]

    def _there(self) -> None:
        if self.away is not None:
            raise self.away


def row_of(case: Case) -> CaseRow:
    """A case as a line of a queue."""
    waits = case.waiting_since or case.opened_at
    row = CaseRow(
        case_id=case.case_id,
        version=case.version,
        state=case.state,
        queue=case.queue,
        level=case.level,
        owner=case.owner or "",
        priority=case.priority,
        waiting_since=case.waiting_since,
        due_at=case.due_at,
        opened_at=case.opened_at,
        last_at=case.last_at,
        root_cause=case.root_cause,
        severity=tuple(case.severity),
        channel=case.contacts[0].channel,
        visibility=case.contacts[0].visibility,
        customer_id=case.customer.customer_id if case.customer else "",
        customer_name=(case.customer.name or "") if case.customer else "",
        party=case.party,
        author=case.anchor_author,
        contacts=tuple(each.mention_id for each in case.contacts),
        contact_count=case.contact_count,
        failed=case.failed_contacts,
        response_count=case.response_count,
        historical=case.historical,
        authors=case.authors,
        place=Place(case.priority, round(waits.timestamp() * 1000), case.case_id),
    )
    return replace(row, failed_ever=row.failed, last_words=case.contacts[-1].excerpt)


def _key(place: Place) -> tuple[int, int, str]:
    return -place.priority, place.at_ms, place.case_id
