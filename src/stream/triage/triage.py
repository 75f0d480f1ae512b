"""Triage: keeps the cases of each party, and publishes those that changed, and the alerts that are due.

Time is an input like any other: a party is looked at when something is heard of it, or when a timer brings it up
(`stream.timers`). For one party it never goes back: it is at least what its timers say, and what it was when
something last changed. It may stand still: while older records wait in the log, `BEFORE_ALL` is given as the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple, Protocol, assert_never

from listener.domain.case import OPEN_STATES, Case, CaseCustomer
from listener.domain.clock import Clock, TimerDue
from listener.domain.customer import Customer
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, read_enriched
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected
from listener.domain.ids import case_id
from listener.domain.mention import Mention, validators_pass
from listener.domain.party import PartyEvent, PublishedCase
from listener.domain.quick_read import maker, quick_contract
from listener.domain.topics import ALERTS, PARTY_EVENTS, READ_BY_STAGE, TIMERS_DUE, TRIAGE
from stream.history import command_row, contact_row, response_row, row_of_contact
from stream.moments import BEFORE_ALL, DAY_MS, from_ms, to_ms
from stream.stage import Input, Output, Position, Step
from stream.triage.alerts import (
    Raising,
    handed_on,
    raisings,
    standing_alert,
    taken_over,
    withdrawn_alert,
)
from stream.triage.black_holes import black_holes_of, next_hole_ms
from stream.triage.bounds import (
    MAX_ALERTS,
    forget,
    forget_published,
    is_gone,
    is_too_much,
    remembers_deletion,
)
from stream.triage.cases import DraftCase, group_cases
from stream.triage.claims import claims_of, given_back
from stream.triage.clocks import clocks_of, next_change_ms
from stream.triage.failed_contacts import Verdict, judge
from stream.triage.ladder import Standing, stand
from stream.triage.party_state import Head, Left, PartyState, Present, Published, Raised
from stream.triage.policy import Policy
from stream.triage.publishing import what_matters
from stream.triage.snapshot import View, snapshot, superseded


class Customers(Protocol):
    """Whom the company knows."""

    def get(self, customer_id: str) -> Customer | None:
        """One record."""
        ...


_Told = EnrichedMention | EnrichedDeletion | PartyEvent
TriageValue = _Told | TimerDue

_read_mention = quick_contract(EnrichedMention, required=["kind"], holds={Mention: validators_pass})
_read_event = quick_contract(PartyEvent)
_make_customer = maker(CaseCustomer)


class Triage:
    """Stage 2, as `stream.stage.Stage` has it; keyed by party.

    Args:
        policy: what decides about cases.
        customers: what snapshots tell of the customer.
        erasures: of whom nothing is taken that was told before; of nobody where None.
    """

    name = "triage"
    topics = tuple(topic.name for topic in READ_BY_STAGE[name])

    def __init__(self, policy: Policy, customers: Customers, erasures: Erasures | None = None) -> None:
        self.policy = policy
        self._customers = customers
        self._erasures = Erasures() if erasures is None else erasures

    def decode(self, topic: str, value: bytes | None) -> TriageValue:
        """Reads one record.

        Raises:
            Rejected: it can never be processed.
        """
        if value is None:
            raise Rejected("no-value", "the record has no value")
        if topic == PARTY_EVENTS.name:
            return _complete(_read_event(value) or PartyEvent.read(value))
        if topic == TIMERS_DUE.name:
            return TimerDue.read(value)
        return _read_mention(value) or read_enriched(value)

    def prepare(self, values: Sequence[TriageValue]) -> list[TriageValue]:
        """Nothing is cheaper in bulk."""
        return list(values)

    def step(
        self, key: str, state: bytes | None, inputs: Sequence[Input[TriageValue]], now: datetime
    ) -> Step:
        """Folds what was told to one party, and says which of its cases that changes.

        Raises:
            Rejected: a record stands under a key that is not its party.
        """
        memory = PartyState() if state is None else PartyState.unpacked(state)
        for given in inputs:
            if given.value.party != key:
                raise Rejected("wrong-key", f"the key is not the party, {given.value.party}")
            self._note_erasure(given.value)
        purges = False
        positions = {given.position for given in inputs}
        for given in inputs:
            value = given.value
            if isinstance(value, PartyEvent) and value.kind in {"erase", "erased"}:
                purges |= _fold_erasure(memory, value, inputs[-1].position, positions)
            elif isinstance(value, TimerDue):
                pass  # the party is looked at whatever brings it up
            elif value.epoch >= self._erasures.first_epoch(value.author):
                _fold(memory, self._not_erased(value))
        timers = [to_ms(given.value.due_at) for given in inputs if isinstance(given.value, TimerDue)]
        look = _Look(
            party=key,
            now_ms=max(to_ms(now), memory.judged_ms, *timers),
            woken=bool(timers),
            stands_still=now <= BEFORE_ALL,
            positions=positions,
            last=inputs[-1].position,
        )
        outputs = _handed_over(memory, key, inputs)
        outputs.extend(_taken_back(memory, key, positions))
        outputs.extend(self._cases(memory, look))
        outputs.extend(_told_of_erasures(memory, key, positions))
        if look.changed:
            memory.judged_ms = look.now_ms
        return Step(None if memory.empty else memory.packed(), tuple(outputs), purges)

    def _note_erasure(self, value: TriageValue) -> None:
        """Whoever's erasure this is, nothing of the time before is taken from now on."""
        if isinstance(value, PartyEvent) and value.kind in {"erase", "erased"}:
            self._erasures.note("author", value.author, value.at)

    def _not_erased(self, value: _Told) -> _Told:
        """A former party hands on what it knows, and may hear of an erasure later than this one."""
        if not isinstance(value, PartyEvent) or value.kind != "left":
            return value
        kept = tuple(
            case
            for case in value.cases
            if case.opened_at is None or not self._erasures.covers("author", value.author, case.opened_at)
        )
        return value if len(kept) == len(value.cases) else value.model_copy(update={"cases": kept})

    def _cases(self, memory: PartyState, look: "_Look") -> list[Output]:
        """Snapshots of the cases that changed with these records or with time, and alerts."""
        window_ms = self.policy.window_days * DAY_MS
        about_service = self.policy.about_service
        cases = group_cases(memory.visible(), window_ms, about_service)
        if is_too_much(memory):
            forget(memory, cases)
            cases = group_cases(memory.visible(), window_ms, about_service)
        anchors = [case.anchor for case in cases]
        names = [case_id(anchor.name) for anchor in anchors]
        places = _former_places(memory, cases, names)
        customer = self._customer(look.party)
        outputs: list[Output] = []
        standing: dict[Raising, _Standing] = {}
        wakes: list[int] = []
        live = False
        for case, anchor, name in zip(cases, anchors, names, strict=True):
            supersedes = sorted(former for former, place in places.items() if place.name == name)
            verdict = judge(case, self.policy, look.now_ms)
            clocks = clocks_of(case, verdict, self.policy, look.now_ms)
            entry = memory.published.setdefault(name, Published(anchor.name, anchor.author))
            stands = stand(
                case,
                verdict.failed.values(),
                verdict.contests,
                self.policy,
                refused=entry.refused,
                now_ms=look.now_ms,
            )
            holes = black_holes_of(case, verdict, self.policy)
            view = View(
                case=case,
                name=name,
                anchor=anchor,
                verdict=verdict,
                clocks=clocks,
                black_holes=holes,
                standing=stands,
                party=look.party,
                customer=customer,
                supersedes=supersedes,
                policy=self.policy,
            )
            epoch = memory.authors[anchor.author].epoch
            made = self._said(view, entry, epoch, look)
            if made is not None:
                entry.claimed.update(claim.level for claim in stands.claims)
                outputs.append(Output(TRIAGE.name, name, made))
                outputs.extend(claims_of(made, stands.claims, entry.claimed))
            imported = all(said.row.historical for said in case.contacts)
            if imported and not look.stands_still:
                continue
            if (wake_ms := _next_change_ms(verdict, clocks, stands, self.policy, look.now_ms)) is not None:
                wakes.append(wake_ms)
            if imported:
                continue
            is_open = case.life.state in OPEN_STATES
            live = live or is_open
            # of what a person has closed nobody is to be woken
            for raising in raisings(clocks, holes if is_open else ()):
                standing[raising] = _Standing(view, name, made)
        for former, place in places.items():
            entry = memory.published[former]
            epoch = memory.authors[entry.author].epoch
            if _is_due(entry, f"{epoch} {look.party} {place.name}", look):
                made = superseded(
                    entry.anchor,
                    entry.author,
                    _version(epoch, entry),
                    party=look.party,
                    new_id=place.name,
                    opened_ms=place.at_ms,
                    policy=self.policy,
                )
                outputs.append(Output(TRIAGE.name, former, made))
                outputs.extend(_given_back(entry, made.version, look))
                entry.shown = ""  # as a case it is to be said at once
        if len(memory.published) > len(names) + len(places):
            outputs.extend(_lost(memory, {*names, *places}, look))
        forget_published(memory, names, look.positions)
        outputs.extend(_alerts(memory, standing, look))
        memory.head = Head(min(wakes, default=None), self.policy.hash, live, look.held)
        return outputs

    def _said(self, view: View, entry: Published, epoch: int, look: "_Look") -> Case | None:
        """The snapshot, if it says something new, or these records once made it do so.

        What is new and matters to nobody at once waits until the last snapshot is old enough, unless a timer
        brings it up, or the last one is to be repeated anyway.
        """
        content = view.fingerprint(epoch)
        made = None
        if content != entry.content:
            made = snapshot(view, _version(epoch, entry) + 1)
            shown = what_matters(made, epoch)
            soon = look.now_ms < entry.said_ms + self.policy.publishing.min_ms
            if soon and not look.woken and shown == entry.shown and entry.changed not in look.positions:
                look.held = True
                return None
            entry.shown, entry.said_ms = shown, look.now_ms
        if not _is_due(entry, content, look):
            return None
        return made or snapshot(view, _version(epoch, entry))

    def _customer(self, party: str) -> CaseCustomer | None:
        if not party.startswith("c:"):
            return None
        customer_id = party[2:]
        known = self._customers.get(customer_id)
        if known is None:
            return CaseCustomer(customer_id=customer_id)
        return _make_customer(
            customer_id=customer_id,
            name=known.names[0] if known.names else None,
            segment=known.segment,
            preferred_channel=known.preferred_channel,
            consent=known.consent,
        )


@dataclass(slots=True)
class _Look:
    """One look at a party.

    Attributes:
        now_ms: the time of looking.
        woken: whether a timer brings the party up.
        stands_still: whether no time passes yet; what is imported is then looked at once more when it does.
        positions: of the records in hand.
        last: the last of these.
        held: whether something new is not published yet.
        changed: whether something says something else since.
    """

    party: str
    now_ms: int
    woken: bool
    stands_still: bool
    positions: set[Position]
    last: Position
    held: bool = False
    changed: bool = False


class _Standing(NamedTuple):
    """Of which case an alert stands; its snapshot, where one was made."""

    view: View
    name: str
    made: Case | None


def _complete(event: PartyEvent) -> PartyEvent:
    """The event, if it has what its kind needs."""
    if event.kind == "leave" and event.to_party is None:
        raise Rejected("invalid", "to_party: a leave says where to")
    if event.kind == "response" and event.response is None:
        raise Rejected("invalid", "response: is missing")
    if event.kind == "command" and event.command is None:
        raise Rejected("invalid", "command: is missing")
    if event.kind == "level" and event.place is None:
        raise Rejected("invalid", "place: is missing")
    return event


def _fold(memory: PartyState, value: _Told) -> None:
    match value:
        case EnrichedMention():
            entry = memory.present(value.author, value.epoch)
            if entry is not None and value.mention.direction == "inbound":
                _fold_contact(memory, entry, value)
        case EnrichedDeletion():
            entry = memory.present(value.author, value.epoch)
            name = value.deletion.mention_id
            if entry is not None and remembers_deletion(memory, entry, name):
                entry.history.delete(name)
        case PartyEvent():
            _fold_event(memory, value)
        case _:
            assert_never(value)


def _fold_contact(memory: PartyState, entry: Present, value: EnrichedMention) -> None:
    row = contact_row(
        value.mention,
        value.enrichment,
        deleted=value.deleted,
        grouping_cause=value.grouping_cause,
        grouping_revision=value.grouping_revision,
    )
    if not is_gone(memory, entry, row):
        entry.history.add_contact(row)


def _fold_event(memory: PartyState, event: PartyEvent) -> None:
    if event.kind == "leave":
        memory.leave(event.author, event.epoch, event.to_party or "")
        return
    if event.kind == "left":
        anchors = [case.anchor for case in event.cases]
        times = {case.anchor: to_ms(case.opened_at) for case in event.cases if case.opened_at is not None}
        memory.take_over(event.author, event.epoch, anchors, dict(map(taken_over, event.alerts)), times)
        return
    if event.kind == "level":
        if event.place is not None:
            memory.place(event.place)
        return
    entry = memory.present(event.author, event.epoch)
    if entry is None:
        return
    history = entry.history
    for contact in event.contacts:
        row = row_of_contact(contact)
        if not is_gone(memory, entry, row):
            history.add_contact(row)
    for response in (*event.responses, event.response):
        if response is not None:
            history.add_response(response_row(response))
    for command in (*event.commands, event.command):
        if command is not None:
            history.add_command(command_row(command))
    memory.reveal(event.author, entry, told=event.kind == "join")


def _fold_erasure(memory: PartyState, event: PartyEvent, last: Position, positions: set[Position]) -> bool:
    """Forgets an author; whether that is done with this, and nothing of earlier states may stay."""
    if event.kind == "erase":
        memory.erase(event, last)
        return False
    erased = memory.erased.get(event.author)
    if erased is None or erased.changed not in positions:
        memory.erased.pop(event.author, None)
        return True
    return False


def _taken_back(memory: PartyState, party: str, positions: set[Position]) -> list[Output]:
    """Deletes what was published about authors who are erased, and gives back the places of their cases."""
    outputs: list[Output] = []
    for author, erased in memory.erased.items():
        if erased.changed not in positions:
            continue
        for anchor, claimed in sorted(erased.anchors.items()):
            outputs.append(Output(TRIAGE.name, case_id(anchor), None))
            outputs.extend(
                given_back(
                    anchor,
                    author,
                    max(erased.version, erased.epoch << 32),
                    party=party,
                    claimed=claimed,
                    erased=True,
                )
            )
        for raising, case in sorted(erased.alerts.items()):
            outputs.append(Output(ALERTS.name, raising.alert_id, withdrawn_alert(raising, case)))
    return outputs


def _told_of_erasures(memory: PartyState, party: str, positions: set[Position]) -> list[Output]:
    """The party's word to itself, behind all that it takes back."""
    return [
        Output(
            PARTY_EVENTS.name,
            party,
            PartyEvent(
                kind="erased", party=party, author=author, epoch=erased.epoch, at=from_ms(erased.at_ms)
            ),
        )
        for author, erased in memory.erased.items()
        if erased.changed in positions
    ]


def _handed_over(memory: PartyState, party: str, inputs: Sequence[Input[TriageValue]]) -> list[Output]:
    """Tells the new party of each author who is gone which cases were published here."""
    outputs: dict[str, list[Output]] = {}
    for given in inputs:
        event = given.value
        if not isinstance(event, PartyEvent) or event.kind != "leave":
            continue
        entry = memory.authors.get(event.author)
        if not isinstance(entry, Left) or entry.to_party == party or not (entry.anchors or entry.alerts):
            continue
        anchors = sorted(entry.anchors)
        told = PartyEvent(
            kind="left",
            party=entry.to_party,
            author=event.author,
            epoch=entry.epoch,
            at=event.at,
            from_party=party,
            cases=tuple(
                PublishedCase(
                    case_id=case_id(anchor),
                    anchor=anchor,
                    anchor_author=event.author,
                    opened_at=None if (at_ms := entry.times.get(anchor)) is None else from_ms(at_ms),
                )
                for anchor in anchors
            ),
            alerts=tuple(handed_on(raising, case) for raising, case in sorted(entry.alerts.items())),
        )
        back = (
            given_back(anchor, event.author, entry.epoch << 32, party=party, claimed=entry.claimed)
            for anchor in anchors
        )
        outputs[event.author] = [Output(PARTY_EVENTS.name, entry.to_party, told), *chain(*back)]
    return list(chain(*outputs.values()))


class _Place(NamedTuple):
    """Where the anchor of a former case is now: its time, and the case that it is in, if any."""

    at_ms: int
    name: str | None


def _former_places(memory: PartyState, cases: list[DraftCase], names: list[str]) -> dict[str, _Place]:
    """By id, the cases that were published and are none any more, as far as their anchors are known."""
    former = memory.published.keys() - set(names)
    if not former:
        return {}
    at: dict[str, _Place] = {}
    for history in memory.visible().values():
        at.update({name: _Place(row.at_ms, None) for name, row in history.contacts.items()})
    for case, name in zip(cases, names, strict=True):
        for said in case.contacts:
            at[said.name] = _Place(said.at_ms, name)
            if said.row.head is not None:
                at[said.row.head[0]] = _Place(said.row.head[2], name)
    places = {}
    for old in sorted(former):
        entry = memory.published[old]
        place = at.get(entry.anchor) or at.get(entry.heir or "")
        if place is not None:
            places[old] = place
    return places


def _given_back(entry: Published, version: int, look: _Look) -> list[Output]:
    """The places that a case claimed which is none any more."""
    return given_back(entry.anchor, entry.author, version, party=look.party, claimed=entry.claimed)


def _lost(memory: PartyState, known: set[str], look: _Look) -> list[Output]:
    """Gives back what cases claimed of which not one contact is kept."""
    outputs = []
    for name, entry in list(memory.published.items()):
        author = memory.authors.get(entry.author)
        if name in known or not entry.claimed or author is None:
            continue
        if _is_due(entry, f"{author.epoch} {look.party} lost", look):
            outputs.extend(_given_back(entry, _version(author.epoch, entry), look))
        elif _is_settled(entry, look.positions):
            del memory.published[name]
    return outputs


def _next_change_ms(
    verdict: Verdict, clocks: Sequence[Clock], stands: Standing, policy: Policy, now_ms: int
) -> int | None:
    """When a live case says something else if nothing happens: a clock does, another contact has failed or has
    vanished (of a long case not every one has a clock), or its owner comes or goes.

    It is live as a whole: what it says of an imported contact changes in time, too.
    """
    running = [
        clock.model_copy(update={"historical": False}) if clock.historical else clock
        for clock in clocks
        if clock.stopped_at is None
    ]
    moments = [attempt.due_ms + 1 for attempt in verdict.attempts if attempt.answer is None]
    if (change_ms := next_change_ms(running, now_ms)) is not None:
        moments.append(change_ms)
    moments.extend(moment for moment in (next_hole_ms(verdict, policy), stands.next_ms) if moment is not None)
    return min([moment for moment in moments if moment > now_ms], default=None)


def _alerts(memory: PartyState, standing: dict[Raising, _Standing], look: _Look) -> list[Output]:
    """Raises what stands, withdraws what does not stand any more; what these records once raised, again."""
    if len(standing) > MAX_ALERTS:
        newest = sorted(standing, key=lambda raising: (raising.due_ms, raising))
        for raising in newest[:-MAX_ALERTS]:
            del standing[raising]
            memory.raised.pop(raising, None)
    outputs = []
    for raising, stands in standing.items():
        known = memory.raised.setdefault(raising, Raised(stands.name, stands.view.anchor.author))
        known.author = _author_of(raising.anchor, stands.view)
        # the alert follows from the snapshot, so only with a new one it can be another
        said_before = known.standing and known.content and known.case == stands.name and not stands.made
        if said_before and known.changed not in look.positions:
            continue
        alert = standing_alert(raising, stands.made or snapshot(stands.view, 0))
        known.case, known.standing = stands.name, True
        json = alert.to_json()
        if _is_due(known, _digest(json), look):
            outputs.append(Output(ALERTS.name, alert.alert_id, alert, json))
    for raising, known in list(memory.raised.items()):
        if raising in standing or known.author not in memory.authors:
            continue  # an author who was erased and has spoken since takes it along, or comes back
        known.standing = False
        if _is_due(known, "withdrawn", look):
            alert = withdrawn_alert(raising, known.case)
            outputs.append(Output(ALERTS.name, alert.alert_id, alert))
        elif _is_settled(known, look.positions):
            del memory.raised[raising]
    return outputs


def _author_of(mention_id: str, view: View) -> str:
    """Whose contact waits; the anchor's author where the contact is kept no more."""
    return next((said.author for said in view.case.contacts if said.name == mention_id), view.anchor.author)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def _is_due(entry: Published | Raised, content: str, look: _Look) -> bool:
    """Whether something says something new, or these records once made it do so."""
    if content != entry.content:
        entry.content = content
        entry.changed = look.last
        look.changed = True
        if isinstance(entry, Published):
            entry.counter += 1
    return entry.changed in look.positions


def _is_settled(known: Published | Raised, positions: set[Position]) -> bool:
    """Whether the record after which something was said cannot come again: a later one has come without it."""
    changed = known.changed
    return changed is not None and any(
        (place.topic, place.partition) == (changed.topic, changed.partition) and place.offset > changed.offset
        for place in positions
    )


def _version(epoch: int, entry: Published) -> int:
    """Rises with each change, and above everything that another party said before."""
    return (epoch << 32) + entry.counter
