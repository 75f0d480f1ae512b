"""A case as it is published: a snapshot that needs no other state to be read, at most 256 KiB."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson

from listener.domain.case import MAX_SNAPSHOT_BYTES, SHOWN_AT_EACH_END, Case, CaseContact, CaseCustomer
from listener.domain.clock import BlackHole, Clock
from listener.domain.ids import case_id
from listener.domain.quick_read import maker
from stream.history import ContactRow, contact_fields, goodwill_of, response_of
from stream.moments import from_ms, to_ms
from stream.triage.advice import advise
from stream.triage.black_holes import vanished
from stream.triage.cases import Anchor, DraftCase
from stream.triage.clocks import clocks_shown
from stream.triage.decision import decide
from stream.triage.events import Event, Said
from stream.triage.failed_contacts import Verdict
from stream.triage.ladder import Standing
from stream.triage.policy import Policy
from stream.triage.reach import reach_shown
from stream.triage.summary import Matter, summarise

MAX_AUTHORS = 100
MAX_LINKS = 20
MAX_SUPERSEDES = 100
MAX_URL = 1000
SURELY_SMALL = 8
"""So many contacts and answers fit into a snapshot whatever is in them, with links, authors and goodwill.

Eight clocks, or three black holes, take no more than one of them."""
LISTS = ("contacts", "responses", "goodwill", "authors", "links")
LAST_LISTS = ("black_holes", "clocks")
"""What is cut where a snapshot would be too large; clocks and black holes only where nothing else is left."""
FORM = 2
"""Raise it when snapshots of the same case come to look different, so that they are published anew."""

_REACH = ContactRow._fields.index("reach")
"""Where `reach` and `reach_claims` stand."""

_make_case = maker(Case)
_make_contact = maker(CaseContact)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """All that a snapshot follows from.

    Attributes:
        case: its events, by time.
        name: its id.
        anchor: the contact that it is named after.
        verdict: what became of its attempts; with clocks and standing what depends on the time of looking.
        clocks: how they stand.
        black_holes: which there are.
        standing: at which level, and whose it is there.
        party: whose it is.
        customer: who the party is, if known.
        supersedes: ids under which contacts of this case were published before.
        policy: what decides.
    """

    case: DraftCase
    name: str
    anchor: Anchor
    verdict: Verdict
    clocks: tuple[Clock, ...]
    black_holes: tuple[BlackHole, ...]
    standing: Standing
    party: str
    customer: CaseCustomer | None
    supersedes: Sequence[str]
    policy: Policy

    def fingerprint(self, epoch: int) -> str:
        """16 digits that change whenever the snapshot would; much cheaper than the snapshot.

        Args:
            epoch: of the anchor's author; after a move everything is said anew.
        """
        case, customer = self.case, self.customer
        parts = (
            FORM,
            epoch,
            self.policy.hash,
            self.party,
            None if customer is None else tuple(customer.__dict__.values()),
            self.supersedes,
            [(event.at_ms, event.author, self._told(event)) for event in case.events],
            [event.cause for event in case.events if isinstance(event, Said)],
            [tuple(row) for row in case.assignments],
            [tuple(row) for row in case.marked.values()],
            [attempt.late for attempt in self.verdict.attempts],
            [
                (clock.kind, clock.anchor, clock.state, clock.warned, to_ms(clock.due_at))
                for clock in self.clocks
            ],
            vanished(self.verdict, self.policy),
            self.standing.level,
            self.standing.owner,
            [why.text for why in (*self.standing.reasons, *self.standing.owner_reasons)],
            [tuple(claim) for claim in self.standing.claims],
        )
        return blake2b(orjson.dumps(parts), digest_size=8).hexdigest()

    def _told(self, event: Event) -> tuple[Any, ...]:
        """What the snapshot has of an event's row: of its reach only where the policy uses it."""
        if isinstance(event, Said) and not self.policy.reach.in_use:
            return (*event.row[:_REACH], *event.row[_REACH + 2 :])
        return tuple(event.row)


def snapshot(view: View, version: int) -> Case:
    """The case as it is published."""
    made = _snapshot(view, version)
    weight = len(made.contacts) + len(made.responses) + len(made.clocks) / 8 + len(made.black_holes) / 3
    if weight <= SURELY_SMALL:
        return made
    for lists in (LISTS, LAST_LISTS):
        shown = SHOWN_AT_EACH_END
        while shown and len(made.to_json()) > MAX_SNAPSHOT_BYTES:
            shown //= 2
            made = made.model_copy(update={name: _ends(getattr(made, name), shown) for name in lists})
    return made


def superseded(
    anchor: str,
    anchor_author: str,
    version: int,
    *,
    party: str,
    new_id: str | None,
    opened_ms: int,
    policy: Policy,
) -> Case:
    """The last word under an id that is no case's any more.

    Args:
        anchor: mention id that the id came from.
        anchor_author: who wrote it.
        new_id: the case that has the contact now; None if nothing in it asks for an answer any more.
        opened_ms: time of the contact.
    """
    words = f"now part of {new_id}" if new_id else "nothing in it asks for an answer any more"
    return _make_case(
        case_id=case_id(anchor),
        version=version,
        party=party,
        anchor=anchor,
        anchor_author=anchor_author,
        state="superseded",
        superseded_by=new_id,
        queue=policy.queues[-1].name,
        priority=0,
        contact_count=0,
        opened_at=from_ms(opened_ms),
        last_at=from_ms(opened_ms),
        summary=(words,),
        policy_hash=policy.hash,
    )


def _snapshot(view: View, version: int) -> Case:
    case, anchor, verdict, policy = view.case, view.anchor, view.verdict, view.policy
    contacts, answers, life = case.contacts, case.answers, case.life
    decision = decide(case, verdict, view.standing, view.customer, policy)
    goodwill = tuple(given for answer in answers if (given := goodwill_of(answer.row)) is not None)
    urls = dict.fromkeys(said.row.url for said in contacts if said.row.url and len(said.row.url) <= MAX_URL)
    return _make_case(
        case_id=view.name,
        version=version,
        party=view.party,
        anchor=anchor.name,
        anchor_author=anchor.author,
        state=life.state,
        supersedes=tuple(view.supersedes[:MAX_SUPERSEDES]),
        historical=all(said.row.historical for said in contacts),
        queue=decision.queue,
        level=decision.level,
        owner=decision.owner,
        priority=decision.priority,
        waiting_since=from_ms(life.pending[0][0]) if life.pending else None,
        due_at=None if decision.due_ms is None else from_ms(decision.due_ms),
        reasons=decision.reasons,
        advice=advise(case, view.customer),
        root_cause=decision.root_cause,
        root_cause_owner=decision.root_cause_owner,
        severity=decision.severity,
        reach=reach_shown(contacts) if policy.reach.show else (),
        needs_response=bool(life.pending),
        customer=view.customer,
        authors=tuple(dict.fromkeys(said.author for said in contacts))[:MAX_AUTHORS],
        contacts=tuple(_contact(case, verdict, said) for said in _ends(contacts, SHOWN_AT_EACH_END)),
        contact_count=len(contacts) + case.folded,
        failed_contacts=len(verdict.failed),
        failed_levels=verdict.levels,
        responses=tuple(
            response_of(answer.author, answer.row) for answer in _ends(answers, SHOWN_AT_EACH_END)
        ),
        response_count=len(answers),
        goodwill=_ends(goodwill, SHOWN_AT_EACH_END),
        clocks=clocks_shown(view.clocks),
        black_holes=view.black_holes,
        links=tuple(urls)[-MAX_LINKS:],
        opened_at=from_ms(anchor.at_ms),
        last_at=from_ms(max([contacts[-1].at_ms, *(answer.at_ms for answer in answers[-1:])])),
        summary=summarise(
            Matter(case, verdict, view.clocks, decision.due_ms, view.customer, ZoneInfo(policy.zone))
        ),
        policy_hash=policy.hash,
    )


def _ends(items: Sequence[T], at_each_end: int) -> tuple[T, ...]:
    """The first and the last ones."""
    if len(items) <= 2 * at_each_end:
        return tuple(items)
    return (*items[:at_each_end], *items[len(items) - at_each_end :])


def _contact(case: DraftCase, verdict: Verdict, said: Said) -> CaseContact:
    fields = contact_fields(said.author, said.row)
    fields |= {"grouping_cause": said.cause, "reach": None, "reach_claims": ()}
    if said.row.url is not None and len(said.row.url) > MAX_URL:
        fields["url"] = None
    failure = verdict.failed.get(said.name)
    return _make_contact(
        **fields,
        failed_by_hand=said.name in case.marked,
        failed=failure is not None,
        failed_because=None if failure is None else failure.why,
    )
