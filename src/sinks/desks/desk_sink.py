"""The sink that keeps one ticket per case at one desk.

What was told is known from the topic `tickets`, which is read up to its end before each batch, so that it does not
matter which process told it. What was opened and not recorded is found at the desk itself.
"""

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Literal

import msgspec

from listener.desks import DeskConfig
from listener.domain.case import OPEN_STATES, Case
from listener.domain.desk import Ticket
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.domain.topics import TRIAGE
from listener.kafka.record import Record
from listener.kafka.tenure import Tenure
from listener.metrics import DESK_TICKETS
from sinks.desks.desk import Desk, Draft, Farewell, Known, Outcome, Update
from sinks.desks.draft import digest_of, draft_of, standing_of
from sinks.desks.server import Stumbles
from sinks.desks.ticket_book import UNTIL_KNOWN, TicketBook
from sinks.desks.ticket_topic import TicketTopic
from sinks.sink import Prepared, Refused

log = logging.getLogger(__name__)

MAX_STUMBLES = 8
"""So often the desk may fail at one case, while it is well otherwise; then the case is a dead letter."""
MAX_TOLD = 500
"""Digests that are kept of a ticket; a snapshot shows 200 contacts and answers at most."""
CLOCKS_DIFFER_MS = 60_000
"""So much may the clock of whoever published a snapshot differ from ours."""
READ_AGAIN_SECONDS = 5.0
MOVING_SECONDS = 5.0
"""How long a case waits while partitions move; then the runner asks whether to stop."""
HEIR_SECONDS = 60.0
"""How long the ticket of a superseded case waits for the case that takes it over."""


class _Head(msgspec.Struct):
    """What is read of a snapshot to find the newest of a batch."""

    case_id: str
    version: int
    state: str = ""
    historical: bool = False

    @property
    def superseded(self) -> bool:
        return self.state == "superseded"

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass
class Cases:
    """The newest snapshot of each case of a batch, and the last by which it was superseded before.

    Attributes:
        left: what is still to be brought to the desk: superseded cases come last.
        hidden: case to whether it is open in older snapshots of the batch; one that died may have told those.
        taken_ms: partition to since when nobody but this process can have told the desk of it.
        moves: how often partitions had moved then.
        gone: ids of cases that are no more.
        refused: takes what the desk refuses for good, beside what could not be read.
        stumbles: case to how often the desk has failed at it.
    """

    left: deque[tuple[Case, Record]]
    hidden: Mapping[str, set[bool]]
    taken_ms: dict[int, float]
    moves: int
    gone: list[str]
    refused: list[Refused]
    stumbles: Counter[str] = field(default_factory=Counter)


class DeskSink:
    """Keeps the tickets of one desk.

    Args:
        name: of the sink.
        desk_name: as `desks` of the configuration names it.
        tickets: opens the topic `tickets`.
        now: the machine's time.

    Attributes:
        well: whether the desk took the last that it was told.
        place: where it is, for people: without secrets.
        tenure: of whoever reads for this. A partition goes to another process only between two cases, so that
            never two of them ask the desk about one case at once.
    """

    topics: tuple[str, ...] = (TRIAGE.name,)

    def __init__(
        self,
        name: str,
        desk_name: str,
        config: DeskConfig,
        desk: Desk,
        tickets: Callable[[], TicketTopic],
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.well = True
        self.place = desk.place
        self.tenure = Tenure()
        self._desk_name = desk_name
        self._config = config
        self._desk = desk
        self._open_topic = tickets
        self._topic: TicketTopic | None = None
        self._now = now
        self._book = TicketBook(desk_name)
        self._sure: set[str] = set()
        """Tickets that nobody but this process can have told the last that they were told."""
        self._taken_ms: dict[int, float] = {}
        self._next_offset: dict[int, int] = {}
        self._moves_read = 0
        """How often partitions had moved when the last batch was read."""
        self._moves_told = 0
        """The same, when the desk was told last."""
        self._looked_at = self._now()
        self._head = msgspec.json.Decoder(_Head).decode

    def ping(self) -> None:
        """Opens the topic `tickets`. The desk itself may be away: it is waited for."""
        self._topic = self._tickets

    def check(self) -> str:
        """Asks the desk; see `Desk.check`."""
        return self._desk.check()

    def prepare(self, batch: Sequence[Record]) -> Prepared[Cases]:
        """The newest snapshot of each case, and the last by which it was superseded before."""
        moves = self.tenure.moves
        if moves != self._moves_read:
            # another may have read the same since, even where it goes on without a gap
            self._moves_read = moves
            self._next_offset.clear()
        refused: list[Refused] = []
        kept: dict[str, list[tuple[_Head, Record]]] = {}
        gone: dict[str, None] = {}
        hidden: dict[str, set[bool]] = defaultdict(set)
        for record in batch:
            if record.offset != self._next_offset.get(record.partition):  # or compaction has made a gap
                self._taken_ms[record.partition] = self._now().timestamp() * 1000
            self._next_offset[record.partition] = record.offset + 1
            if record.value is None:
                name = (record.key or b"").decode(errors="replace")
                kept.pop(name, None)
                gone[name] = None
                continue
            try:
                head = self._head(record.value)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                refused.append(Refused(record, Rejected("not-a-case", str(error))))
                continue
            gone.pop(head.case_id, None)
            before = kept.setdefault(head.case_id, [])
            hidden[head.case_id].update(each.open for each, _ in before if not each.historical)
            if not before or before[-1][0].version <= head.version:
                kept[head.case_id] = [*(each for each in before[-1:] if each[0].superseded), (head, record)]
        of_cases = sorted(kept.values(), key=lambda of_case: any(head.superseded for head, _ in of_case))
        cases: deque[tuple[Case, Record]] = deque()
        for head, record in chain.from_iterable(of_cases):
            if not head.historical:
                try:
                    cases.append((Case.read(record.value or b""), record))
                except Rejected as why:
                    refused.append(Refused(record, why))
        content = Cases(cases, hidden, dict(self._taken_ms), moves, list(gone), refused)
        return Prepared(content, refused)

    def store(self, content: Cases) -> None:
        """Brings the desk up to date, case by case.

        Raises:
            Busy: the desk is away, or what is recorded cannot be read; what was told is not told again by the
                next try.
            ServiceError: a ticket could not be recorded.
        """
        self._catch_up()
        while content.left:
            _, record = content.left[0]
            with self.tenure.holding(record.topic, record.partition, MOVING_SECONDS) as ours:
                if ours is None:
                    raise Busy("partitions move between processes", READ_AGAIN_SECONDS)
                if not content.moves == self._moves_told == self.tenure.moves:
                    self._others_may_have_told(content)
                if ours:
                    self._bring_or_refuse(content)
            content.left.popleft()
        for case_id in content.gone:
            if self._book.of(case_id) is not None:
                self._tickets.forget(case_id, self._desk_name)
                self._book.forget(case_id)
        self.well = True

    def _others_may_have_told(self, content: Cases) -> None:
        """Partitions have moved since this was read, or the desk was told: perhaps there, and back."""
        content.moves = self._moves_told = self.tenure.moves
        content.taken_ms |= dict.fromkeys(content.taken_ms, self._now().timestamp() * 1000)
        self._sure.clear()
        self._catch_up()

    def _bring_or_refuse(self, content: Cases) -> None:
        """Brings the next case to the desk.

        Raises:
            Busy: as `store`; a case at which the desk stumbles goes to the end.
        """
        case, record = content.left[0]
        try:
            if content.stumbles[case.case_id] >= MAX_STUMBLES and self._is_well():
                raise Rejected("refused", "the desk fails at this case again and again")  # noqa: TRY301
            self._bring(
                case,
                record.timestamp,
                hidden=content.hidden[case.case_id],
                alone=record.timestamp > content.taken_ms[record.partition] + CLOCKS_DIFFER_MS,
            )
        except Busy as busy:
            self.well = False
            if isinstance(busy, Stumbles):
                content.stumbles[case.case_id] += 1
                content.left.rotate(-1)
            raise
        except Rejected as why:
            content.refused.append(Refused(record, why))
            log.warning("sink=%s refused case_id=%s: %s", self.name, case.case_id, why)

    def housekeeping(self) -> None:
        """Closes tickets of superseded cases whose heirs were not heard of in time: closed ones, for instance."""
        now = self._now()
        if now - self._looked_at < timedelta(seconds=HEIR_SECONDS / 2):
            return
        self._looked_at = now
        self._catch_up()
        for left in self._book.without_heir():
            if now - left.updated_at > timedelta(seconds=HEIR_SECONDS):
                text = f"{left.case_id} is now part of {left.superseded_by}, which has no ticket here"
                self._retire(
                    left, Farewell(left.case_id, text, f"{left.case_id}.{left.case_version}.left"), "left"
                )

    def close(self) -> None:
        """Ends all connections."""
        self._desk.close()
        if self._topic is not None:
            self._topic.close()

    def _catch_up(self) -> None:
        """Reads what was recorded since the last time, by whatever process."""
        try:
            self._book.take(self._tickets.read_on())
        except ServiceError as error:
            raise Busy(str(error), READ_AGAIN_SECONDS) from error

    @property
    def _tickets(self) -> TicketTopic:
        if self._topic is None:
            self._topic = self._open_topic()
        return self._topic

    def _bring(self, case: Case, said_ms: int, *, hidden: Collection[bool], alone: bool) -> None:
        """Brings one case to the desk; does nothing where the desk knows it all.

        Args:
            said_ms: when this snapshot was published.
            hidden: see `Cases`.
            alone: no other process can have told the desk of this snapshot, or of a later one.
        """
        ticket = self._book.of(case.case_id)
        if case.state == "superseded":
            if True in hidden and (ticket is None or ticket.superseded_by is not None):
                ticket = self._found_of(case.case_id) or ticket
            self._superseded(case, ticket)
            return
        if case.historical or (ticket is not None and _is_old(case, said_ms, ticket)):
            return
        former: str | None = None
        if ticket is not None and ticket.superseded_by is not None:  # it is a case again
            free = ticket.state != "retired" and self._book.kept_for(ticket.ticket_id) is None
            ticket, former = (ticket, case.case_id) if free else (None, None)
        elif ticket is not None and ticket.state == "retired":
            former = case.case_id
        if ticket is None:
            ticket, former = self._taken_over(case, said_ms)
            if True in hidden or (ticket is not None and not alone):
                own = self._found_of(case.case_id)
                if own is not None and (ticket is None or own.ticket_id != ticket.ticket_id):
                    ticket, former = own, None
        draft = draft_of(case, self._desk_name)
        if ticket is None:
            if not self._wanted(draft):
                return
            ticket, former = self._found(case)
        if ticket is None:
            known = self._desk.open(draft)
            self._did("opened", case.case_id, known.ticket_id)
            self._sure.add(known.ticket_id)
            ticket, changed = self._ticket(case.case_id, known), True
        else:
            changed = self._update(ticket, draft, former, hidden=hidden, alone=alone)
        self._name_former(case, said_ms, ticket)
        after = self._as_told(ticket, draft, said_ms)
        if changed:
            after = self._note(after)
        else:
            self._book.note(after)  # found out again, where this process does not live to record a change
        self._settle(after)

    def _update(
        self, ticket: Ticket, draft: Draft, former: str | None, *, hidden: Collection[bool], alone: bool
    ) -> bool:
        """Tells the desk what it does not know yet; whether there was anything."""
        told, unclear = set(ticket.told), ticket.case_version in (0, UNTIL_KNOWN)
        fresh = tuple(entry for entry in draft.entries if digest_of(entry) not in told)
        outcome: Outcome | None = None
        if (draft.outcome != "open") in hidden:
            outcome = draft.outcome
        elif draft.outcome != "open":
            outcome = draft.outcome if ticket.state == "open" else None
        elif (
            former == draft.case_id
            or ticket.state != "open"
            or (not unclear and any(entry.by_customer for entry in fresh))
        ):
            outcome = "open"
        changed = frozenset(
            name for name, value in standing_of(draft).items() if ticket.standing.get(name) != value
        )
        if not (fresh or outcome or former or changed):
            return False
        doubtful = ticket.ticket_id not in self._sure or unclear
        self._sure.discard(ticket.ticket_id)
        self._desk.update(ticket.ticket_id, Update(draft, fresh, outcome, former, doubtful, changed))
        if alone:
            self._sure.add(ticket.ticket_id)
        self._did("renamed" if former else "updated", draft.case_id, ticket.ticket_id)
        return True

    def _superseded(self, case: Case, ticket: Ticket | None) -> None:
        """The case is another's part, or asks for nothing: its ticket is the other's, or closed."""
        heir = case.superseded_by
        if ticket is None:
            ticket = next(self._book.left_to(case.case_id), None)
            if ticket is None or heir is None:
                return
            ticket = ticket.model_copy(
                update={"case_id": case.case_id, "case_version": 0, "superseded_by": None}
            )
        known = ticket.case_version != UNTIL_KNOWN and case.version <= ticket.case_version
        if known and ticket.superseded_by is None:
            return
        if heir is None and ticket.superseded_by is None:
            text = f"{case.case_id}: nothing in it asks for an answer any more"
            ticket = ticket.model_copy(update={"case_version": case.version})
            self._retire(ticket, Farewell(case.case_id, text, f"{case.case_id}.{case.version}"))
            return
        if not known:
            now_of = ticket.superseded_by
            if now_of is None or (heir is not None and self._book.holder(now_of) is None):
                now_of = heir
            self._note(ticket.model_copy(update={"case_version": case.version, "superseded_by": now_of}))
        holder = self._book.holder(case.case_id)
        if holder is not None:
            self._settle(holder)

    def _taken_over(self, case: Case, said_ms: int) -> tuple[Ticket | None, str | None]:
        """The ticket of a case that this one took over, and the id that it had then."""
        for name in [*case.supersedes, *(left.case_id for left in self._book.left_to(case.case_id))]:
            left = self._book.of(name)
            if left is None or left.state == "retired" or _is_own_since(left, said_ms):
                continue
            holder = self._book.holder(name)
            if holder is None and self._book.kept_for(left.ticket_id) is None:
                return left, name
            if holder is None:
                continue
            taken = holder.case_id in case.supersedes and holder.state != "retired"
            if taken and not _is_own_since(holder, said_ms):
                return holder, holder.case_id
        return None, None

    def _found(self, case: Case) -> tuple[Ticket | None, str | None]:
        """A ticket that nobody lived to record, and the id that its case had then.

        The former ids first: another process may rename it to the new one meanwhile.
        """
        for name in case.supersedes:
            if self._book.of(name) is None and (ticket := self._found_of(name)) is not None:
                return ticket, name
        return self._found_of(case.case_id), None

    def _found_of(self, name: str) -> Ticket | None:
        known = self._desk.find(name)
        if known is None:
            return None
        log.info("sink=%s case_id=%s ticket=%s found", self.name, name, known.ticket_id)
        return self._ticket(name, known)

    def _name_former(self, case: Case, said_ms: int, ticket: Ticket) -> None:
        """Records that this case took over, under each id that was not known to be another's.

        A snapshot of such an id that comes late, or to another process, then opens nothing. A ticket of it that
        nobody lived to record is found at the desk.
        """
        for name in case.supersedes:
            left = self._book.of(name)
            if left is None:
                left = self._found_of(name) or ticket
            elif left.superseded_by is not None or left.ticket_id != ticket.ticket_id:
                continue
            taken = {
                "case_id": name,
                "case_version": UNTIL_KNOWN,
                "superseded_by": case.case_id,
                "said_at": _moment(said_ms),
                "told": (),
                "standing": {},
            }
            self._note(left.model_copy(update=taken))

    def _settle(self, holder: Ticket) -> None:
        """Retires the tickets of cases that have become part of one with a ticket of its own."""
        retired: set[str] = set()
        for left in list(self._book.left_to(holder.case_id)):
            if left.state == "retired" or self._book.kept_for(left.ticket_id) is not None:
                continue
            if left.ticket_id in retired or left.state != "open":
                self._note(left.model_copy(update={"state": "retired"}))
                continue
            place = f" ({holder.url})" if holder.url else ""
            text = f"{left.case_id} is now part of {holder.case_id}: see ticket {holder.ticket_id}{place}"
            self._retire(left, Farewell(left.case_id, text, f"{left.case_id}.now.{holder.case_id}"))
            retired.add(left.ticket_id)

    def _retire(
        self, ticket: Ticket, farewell: Farewell, state: Literal["retired", "left"] = "retired"
    ) -> None:
        """Closes a ticket. One that is not there, or cannot be closed, does not keep its case from going on."""
        try:
            self._desk.retire(ticket.ticket_id, farewell)
        except Rejected as why:
            log.warning("sink=%s case_id=%s not closed: %s", self.name, ticket.case_id, why)
        self._did("retired", ticket.case_id, ticket.ticket_id)
        self._note(ticket.model_copy(update={"state": state}))

    def _wanted(self, draft: Draft) -> bool:
        """Whether a case that has no ticket is to get one."""
        if draft.outcome != "open" or not self._config.wants(draft.case):
            return False
        hours = self._config.max_age_hours
        return hours is None or draft.case.last_at > self._now() - timedelta(hours=hours)

    def _ticket(self, case_id: str, known: Known) -> Ticket:
        """One of which only the desk knows what it was told."""
        return Ticket(
            case_id=case_id,
            desk=self._desk_name,
            ticket_id=known.ticket_id,
            url=known.url,
            case_version=0,
            updated_at=self._now(),
        )

    def _as_told(self, ticket: Ticket, draft: Draft, said_ms: int) -> Ticket:
        """The ticket of a desk that knows this snapshot; what has left the case stays told."""
        told = dict.fromkeys([*ticket.told, *map(digest_of, draft.entries)])
        return ticket.model_copy(
            update={
                "case_id": draft.case_id,
                "case_version": draft.case.version,
                "superseded_by": None,
                "said_at": _moment(said_ms),
                "state": "open" if draft.outcome == "open" else "closed",
                "told": tuple(told)[-MAX_TOLD:],
                "standing": standing_of(draft),
            }
        )

    def _note(self, ticket: Ticket) -> Ticket:
        noted = ticket.model_copy(update={"updated_at": self._now()})
        self._tickets.record(noted)
        self._book.note(noted)
        return noted

    def _did(self, what: str, case_id: str, ticket_id: str) -> None:
        DESK_TICKETS.labels(self._desk_name, what).inc()
        log.info("sink=%s case_id=%s ticket=%s %s", self.name, case_id, ticket_id, what)

    def _is_well(self) -> bool:
        try:
            self._desk.check()
        except ServiceError:
            return False
        return True


def _is_own_since(ticket: Ticket, said_ms: int) -> bool:
    """Whether a case was said to be one of its own after another was said to have taken it over."""
    return ticket.superseded_by is None and ticket.said_at is not None and ticket.said_at > _moment(said_ms)


def _is_old(case: Case, said_ms: int, ticket: Ticket) -> bool:
    """Whether what is recorded was newer than this snapshot."""
    if ticket.case_version == UNTIL_KNOWN and ticket.said_at is not None:
        return _moment(said_ms) <= ticket.said_at
    return case.version <= ticket.case_version


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
