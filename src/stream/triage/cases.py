"""Which contacts of a party are one case: a pure function of contacts, answers and commands.

In the order of time (`effective_at`, mention id), each contact goes to the first of these that there is:

1. the cases that it is tied to: a person's `together`, the same thread, a reply in either direction (also a
   reply to an answer of ours); several become one, the earliest;
2. the latest case of the same known root cause that was active within the policy's window;
3. if its root cause is unknown, or speaks of how the company deals with a matter ("nobody answers the phone"), the
   party's only case that is open at that time;
4. a case of its own, unless it asks for nothing (a bare mention, spam): then it is kept until something is
   tied to it.

A person's `apart` keeps two contacts out of one case, whatever else ties them.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from listener.domain.enriched import NEVER_OPENS, NO_CAUSE, need_as_told
from stream.history import CommandRow, ContactRow, History, ResponseRow
from stream.moments import MINUTE_MS
from stream.triage.events import ACT, ANSWER, SAID, Act, Answer, Event, Said, in_time
from stream.triage.life import Life

CLOCKS_DIFFER_MS = 5 * MINUTE_MS
"""So far the clocks of two systems may be apart."""


class Anchor(NamedTuple):
    """The contact that a case is named after."""

    at_ms: int
    name: str
    author: str


class DraftCase:
    """The contacts of one matter, and what became of them.

    Attributes:
        events: contacts, answers and acts, by time.
        life: how things stand after them.
        assignments: whom people gave the case to.
        marked: mention id to the command by which a person marked it as failed.
        declared: mention id to whether a person said that it is a complaint.
    """

    __slots__ = (
        "assignments",
        "causes",
        "declared",
        "events",
        "ids",
        "into",
        "last_ms",
        "life",
        "marked",
        "turn",
    )

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.events: list[Event] = []
        self.life = Life()
        self.ids: set[str] = set()
        self.causes: set[str] = set()
        self.last_ms = 0
        self.into: DraftCase | None = None
        self.assignments: list[CommandRow] = []
        self.marked: dict[str, CommandRow] = {}
        self.declared: dict[str, bool] = {}

    def take(self, event: Event) -> None:
        """Goes on by an event that is later than all before."""
        self.events.append(event)
        self.life.take(event)
        self._note(event)

    def insert(self, events: Iterable[Event]) -> None:
        """Takes in events of any time."""
        for event in events:
            self.events.append(event)
            self._note(event)
        self.events.sort(key=in_time)
        self.life = Life()
        for event in self.events:
            self.life.take(event)

    def _note(self, event: Event) -> None:
        self.last_ms = max(self.last_ms, event.at_ms)
        if isinstance(event, Said):
            self.ids.add(event.name)
            if event.cause != NO_CAUSE:
                self.causes.add(event.cause)

    @property
    def contacts(self) -> list[Said]:
        """By time."""
        return [event for event in self.events if isinstance(event, Said)]

    @property
    def answers(self) -> list[Answer]:
        """By time."""
        return [event for event in self.events if isinstance(event, Answer)]

    @property
    def anchor(self) -> "Anchor":
        """The earliest contact that can open a case; it may be older than all contacts that are still kept."""
        return min(
            Anchor(said.row.head[2], said.row.head[0], said.author)
            if said.row.head
            else Anchor(said.at_ms, said.name, said.author)
            for said in self.contacts
            if said.row.need not in NEVER_OPENS
        )

    @property
    def cause(self) -> str:
        """The first root cause that is known."""
        return next((said.cause for said in self.contacts if said.cause != NO_CAUSE), NO_CAUSE)

    @property
    def folded(self) -> int:
        """How many older contacts of the case are kept no more."""
        return sum(said.row.head[1] for said in self.contacts if said.row.head)


def group_cases(
    histories: Mapping[str, History], window_ms: float, about_service: Collection[str] = ()
) -> list[DraftCase]:
    """The cases of a party, in the order in which they were opened.

    Args:
        histories: present authors with what is known of them.
        window_ms: for how long after its last event a case takes contacts of the same cause.
        about_service: root causes that speak of how the company deals with a matter.
    """
    return _Sweep(histories, window_ms, about_service).run()


class _Sweep:
    """One pass through everything that happened to a party, in the order of time."""

    def __init__(
        self, histories: Mapping[str, History], window_ms: float, about_service: Collection[str]
    ) -> None:
        self.window_ms = window_ms
        self.about_service = about_service
        self.cases: list[DraftCase] = []
        self.place: dict[str, DraftCase] = {}
        self.answer_place: dict[str, DraftCase] = {}
        self.threads: dict[str, list[DraftCase]] = {}
        self.latest: dict[str, str] = {}
        self.loose: dict[str, Said] = {}
        self.answers_to_loose: dict[str, list[Answer]] = {}
        self.commands = sorted(
            ((author, row) for author, history in histories.items() for row in history.commands.values()),
            key=lambda given: (given[1].at_ms, given[1].command_id, given[0]),
        )
        self.together: dict[str, list[str]] = {}
        self.apart: dict[str, set[str]] = {}
        chosen, needing = self._read_commands()
        self.said: dict[str, Said] = {}
        for author, history in histories.items():
            for name, row in history.contacts.items():
                cause = chosen.get(name) or row.grouping_cause
                told = _as_told(row, needing[name]) if name in needing else row
                self.said[name] = Said(row.at_ms, SAID, name, author, told, cause)
        self.answers_by_id: dict[str, Answer] = {}
        self.timeline: list[Event] = list(self.said.values())
        for author, history in histories.items():
            for answer in history.responses.values():
                named = self.said.get(answer.contact) if answer.contact else None
                at_ms = answer.at_ms if named is None else _answered_at(answer, named)
                event = Answer(at_ms, ANSWER, answer.response_id, author, answer)
                self.answers_by_id[answer.response_id] = event
                self.timeline.append(event)
        for author, command in self.commands:
            named = self.said.get(command.contacts[0])
            if named is not None and command.action in {"close", "reopen"}:
                at_ms = max(command.at_ms, named.at_ms)
                self.timeline.append(Act(at_ms, ACT, command.command_id, author, command))
        self.repliers: dict[str, list[str]] = {}
        if len(self.said) > 1:
            for said in self.said.values():
                if said.row.reply_to is not None:
                    self.repliers.setdefault(said.row.reply_to, []).append(said.name)
        self.timeline.sort(key=in_time)

    def _read_commands(self) -> tuple[dict[str, str], dict[str, CommandRow]]:
        """Fills the edges; the root causes that people chose, and what they said of the need, by mention id."""
        pairs: dict[tuple[str, str], str] = {}
        chosen: dict[str, str] = {}
        needing: dict[str, CommandRow] = {}
        for _, row in self.commands:
            if row.action in {"together", "apart"}:
                one, other = sorted(row.contacts)
                pairs[one, other] = row.action
            elif row.action == "reclassify" and row.cause:
                chosen[row.contacts[0]] = row.cause
            elif row.action in {"needs_response", "needs_no_response"}:
                needing[row.contacts[0]] = row
        for (one, other), action in pairs.items():
            for this, that in ((one, other), (other, one)):
                if action == "together":
                    self.together.setdefault(this, []).append(that)
                else:
                    self.apart.setdefault(this, set()).add(that)
        return chosen, needing

    def run(self) -> list[DraftCase]:
        for event in self.timeline:
            if isinstance(event, Said):
                self._place_contact(event)
            elif isinstance(event, Answer):
                self._place_answer(event)
            else:
                case = self._case_of(event.row.contacts[0])
                if case is not None:
                    case.take(event)
        for _, row in self.commands:
            case = self._case_of(row.contacts[0])
            if case is not None and row.action == "assign":
                case.assignments.append(row)
            elif case is not None and row.action == "mark_failed":
                case.marked[row.contacts[0]] = row
            elif case is not None and row.action in {"complaint", "no_complaint"}:
                case.declared[row.contacts[0]] = row.action == "complaint"
        return [case for case in self.cases if case.into is None]

    def _case_of(self, name: str) -> DraftCase | None:
        case = self.place.get(name)
        return None if case is None else _find(case)

    def _place_contact(self, said: Said) -> None:
        opens = said.row.need not in NEVER_OPENS
        case = self._tied_case(said)
        if case is None and opens:
            case = self._case_of_cause(said) if said.cause != NO_CAUSE else None
            if case is None and (said.cause == NO_CAUSE or said.cause in self.about_service):
                case = self._only_open_case(said)
        if case is None:
            if not opens:
                self.loose[said.name] = said
                return
            case = DraftCase(len(self.cases))
            self.cases.append(case)
        case.take(said)
        self._settle(said, case)
        if opens and self.loose:
            self._gather_loose(said, case)

    def _settle(self, said: Said, case: DraftCase) -> None:
        self.place[said.name] = case
        latest = self.said.get(self.latest.get(said.author, ""))
        if latest is None or in_time(latest) < in_time(said):
            self.latest[said.author] = said.name
        if said.row.thread is not None:
            known = self.threads.setdefault(said.row.thread, [])
            if case not in known:
                known.append(case)

    def _tied_case(self, said: Said) -> DraftCase | None:
        """The case that a contact is tied to; several that may be one become one."""
        ties: list[DraftCase | None] = [self._case_of(name) for name in self.together.get(said.name, ())]
        if said.row.thread is not None:
            ties.extend(map(_find, self.threads.get(said.row.thread, ())))
        if said.row.reply_to is not None:
            ties.append(self._case_replied_to(said.row.reply_to))
        ties.extend(self._case_of(name) for name in self.repliers.get(said.name, ()))
        cases = sorted(
            {tie for tie in ties if tie is not None and self._may_hold(tie, said)}, key=lambda tie: tie.turn
        )
        if not cases:
            return None
        first = cases[0]
        for other in cases[1:]:
            if all(self._may_hold(first, each) for each in other.contacts):
                self._merge(other, first)
        return first

    def _case_replied_to(self, name: str) -> DraftCase | None:
        if name in self.place:
            return self._case_of(name)
        if name in self.answer_place:
            return _find(self.answer_place[name])
        answer = self.answers_by_id.get(name)
        return self._case_of(answer.row.contact) if answer is not None and answer.row.contact else None

    def _may_hold(self, case: DraftCase, said: Said) -> bool:
        return not self.apart or case.ids.isdisjoint(self.apart.get(said.name, ()))

    def _merge(self, case: DraftCase, into: DraftCase) -> None:
        case.into = into
        into.insert(case.events)

    def _case_of_cause(self, said: Said) -> DraftCase | None:
        fitting = [
            case
            for case in self.cases
            if case.into is None
            and said.cause in case.causes
            and said.at_ms - case.last_ms <= self.window_ms
            and self._may_hold(case, said)
        ]
        return max(fitting, key=lambda case: (case.last_ms, case.turn), default=None)

    def _only_open_case(self, said: Said) -> DraftCase | None:
        fitting = [case for case in self.cases if case.into is None and case.life.is_open]
        return fitting[0] if len(fitting) == 1 and self._may_hold(fitting[0], said) else None

    def _gather_loose(self, said: Said, case: DraftCase) -> None:
        """Takes in what asked for nothing by itself and turns out to belong here, with its answers."""
        replied = said.row.reply_to
        through = self.answers_by_id.get(replied) if replied is not None else None
        tied = {replied, through.row.contact if through else None}
        tied.update(self.together.get(said.name, ()), self.repliers.get(said.name, ()))
        found = [
            other
            for other in self.loose.values()
            if other.name in tied
            or (other.row.thread is not None and other.row.thread == said.row.thread)
            or other.row.reply_to == said.name
        ]
        for other in found:
            if not self._may_hold(case, other):
                continue
            del self.loose[other.name]
            answers = self.answers_to_loose.pop(other.name, [])
            case.insert(chain([other], answers))
            self._settle(other, case)
            self.answer_place.update({answer.name: case for answer in answers})

    def _place_answer(self, answer: Answer) -> None:
        """To the contact it names; where it names none that is known, to the author's latest case."""
        name = answer.row.contact
        if name is None or name not in self.said:
            name = self.latest.get(answer.author)
        if name is None:
            return
        case = self._case_of(name)
        if case is None:
            self.answers_to_loose.setdefault(name, []).append(answer)
            return
        case.take(answer)
        self.answer_place[answer.name] = case


def _as_told(row: ContactRow, command: CommandRow) -> ContactRow:
    """The contact with the need that a person saw in it; what was edited since then speaks for itself."""
    if row.revision > command.at_ms:
        return row
    need, wanted = need_as_told(row.need, row.needs_response, command.action == "needs_response")
    return row._replace(need=need, needs_response=wanted)


def _answered_at(answer: ResponseRow, named: Said) -> int:
    """When an answer answers what it names: never before that.

    What a live answer claims to have said long before is a wrong date, and counts from when it was heard: else a
    wrong year would meet every target.
    """
    if answer.at_ms < named.at_ms - CLOCKS_DIFFER_MS and not answer.historical:
        return max(named.at_ms, answer.heard_ms)
    return max(named.at_ms, answer.at_ms)


def _find(case: DraftCase) -> DraftCase:
    while case.into is not None:
        case = case.into
    return case
