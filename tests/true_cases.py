"""The cases of a simulated company as they should be, in plain Python, from what is true and what was heard.

Whose a contact is, what it is about and whether it asks are those of the truth; who wrote in which thread, what
was deleted, and what was answered when, are what the company's sources heard. The rules are those of
`stream.triage.cases` (which contacts are one case) and `stream.triage.failed_contacts` (which failed), written
anew in the few lines that a company needs in which people neither link, close nor mark anything.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from listener.domain.enriched import NO_CAUSE
from listener.domain.mention import Channel, Mention, MentionDeleted
from listener.domain.response import Level, Response, ResponseKind
from listener.evaluation.triage import World
from listener.simulator.company import DESKS
from listener.simulator.truth import MentionTruth

WINDOW = timedelta(days=14)
"""For so long after its last event a case takes what is about the same cause."""
ONE_ATTEMPT = timedelta(minutes=30)
GRACE = timedelta(hours=24)
"""How long after its target a contact that nobody answered is a black hole."""
MANAGER_AFTER, EXECUTIVE_AFTER = 1, 3
"""So many failed contacts lead up, by the simulated company's policy."""
NO_CASE = ("mention", "copy", "spam")


class Contact(NamedTuple):
    """What was said, and what its source told of it."""

    truth: MentionTruth
    mention: Mention
    deleted_at: datetime | None

    @property
    def at(self) -> datetime:
        return self.truth.occurred_at

    @property
    def asks(self) -> bool:
        return self.truth.role in ("contact", "reply")

    @property
    def due_at(self) -> datetime:
        return self.at + timedelta(hours=DESKS[self.truth.channel].target_hours)

    @property
    def queue(self) -> str:
        """Where it alone would wait."""
        if "safety" in self.truth.severity:
            return "safety"
        return "complaints" if self.truth.need == "complaint" else "service"


class Given(NamedTuple):
    """An answer that left a trace; `contact` is the mention that it names."""

    answer_id: str
    contact: str
    at: datetime
    channel: Channel
    level: Level
    kind: ResponseKind
    words: str

    @property
    def by_person(self) -> bool:
        return self.kind != "acknowledged"

    @property
    def asks(self) -> bool:
        return self.kind == "answered" and "?" in self.words


Event = Contact | Given


@dataclass
class Attempt:
    """The customer asked, perhaps several times; `urgent` has the earliest target."""

    contacts: list[Contact]
    urgent: Contact
    answers_question: bool
    answer: Given | None = None
    came_back: bool = False

    @property
    def first(self) -> Contact:
        return self.contacts[0]

    @property
    def due_at(self) -> datetime:
        return self.urgent.due_at

    def late(self, as_of: datetime) -> bool:
        return (self.answer.at if self.answer else as_of) > self.due_at

    def failed(self, as_of: datetime) -> bool:
        return self.came_back or (self.late(as_of) and not self.answers_question)


@dataclass
class TrueCase:
    """The contacts of one party about one matter, with the answers that could be heard."""

    party: str
    as_of: datetime
    events: list[Event] = field(default_factory=list)

    @property
    def contacts(self) -> list[Contact]:
        return [event for event in self.events if isinstance(event, Contact)]

    @property
    def answers(self) -> list[Given]:
        """By people."""
        return [event for event in self.events if isinstance(event, Given) and event.by_person]

    @property
    def names(self) -> frozenset[str]:
        """Ids of its contacts."""
        return frozenset(contact.truth.mention_id for contact in self.contacts)

    @property
    def asking(self) -> list[Contact]:
        return [contact for contact in self.contacts if contact.asks]

    @property
    def opening(self) -> Contact:
        """The first that asks, else the first."""
        return (self.asking or self.contacts)[0]

    @property
    def cause(self) -> str:
        causes = (contact.truth.root_cause for contact in self.contacts)
        return next((cause for cause in causes if cause != NO_CAUSE), NO_CAUSE)

    @property
    def deleted_at(self) -> datetime | None:
        """When the contact that opened it was deleted at its source."""
        return next(contact.deleted_at for contact in self.contacts if contact.truth.need not in NO_CASE)

    @property
    def severe(self) -> bool:
        return any(contact.truth.severity for contact in self.contacts)

    @property
    def first_answer(self) -> Given | None:
        return next((answer for answer in self.answers if answer.at >= self.opening.at), None)

    @property
    def ended_by(self) -> Given | None:
        """The answer that resolved or declined it, unless somebody asked again."""
        ended: Given | None = None
        for event in self.events:
            if isinstance(event, Contact):
                ended = None if event.asks else ended
            elif event.by_person:
                ended = event if event.kind in ("resolved", "declined") else None
        return ended

    @property
    def attempts(self) -> list[Attempt]:
        """By time, with what became of them."""
        attempts: list[Attempt] = []
        standing: Given | None = None
        question = False
        for event in self.events:
            if isinstance(event, Given):
                if event.by_person:
                    for attempt in attempts:
                        attempt.answer = attempt.answer or event
                    standing, question = event, event.asks
                continue
            replies = False
            if standing is not None:
                replies, question = question and event.asks, False
                if replies:
                    standing = None
                elif event.truth.need == "complaint":
                    asked = [attempt for attempt in attempts if not attempt.answers_question]
                    if standing.kind != "declined" and asked:
                        asked[-1].came_back = True
                    standing = None
            if event.asks:
                _ask(attempts, event, replies=replies)
        return attempts

    @property
    def failed(self) -> list[Contact]:
        return [attempt.first for attempt in self.attempts if attempt.failed(self.as_of)]

    @property
    def went_public(self) -> bool:
        failed = [contact.at for contact in self.failed if contact.truth.visibility == "private"]
        return any(c.truth.visibility == "public" and c.at > min(failed) for c in self.contacts if failed)

    @property
    def private_attempts(self) -> int:
        """Before the first public one; contacts within 30 minutes of an attempt's first belong to it."""
        begun: list[datetime] = []
        for contact in self.asking:
            if contact.truth.visibility == "public":
                break
            if not begun or contact.at - begun[-1] > ONE_ATTEMPT:
                begun.append(contact.at)
        return len(begun)

    @property
    def plain(self) -> bool:
        """Whether the truth, which knows more than anybody could hear, finds the same contacts failed.

        It knows who replies to a question and who complains again, where here the first contact after a question
        is a reply; and it leaves an attempt its target where somebody asks again by a quicker channel.
        """
        asked = any(answer.asks for answer in self.answers)
        return not asked and all(attempt.urgent is attempt.first for attempt in self.attempts)

    @property
    def level(self) -> Level:
        failures = len(self.failed)
        return "executive" if failures >= EXECUTIVE_AFTER else "manager" if failures else "front_line"


def _ask(attempts: list[Attempt], contact: Contact, *, replies: bool) -> None:
    waiting = attempts[-1] if attempts and attempts[-1].answer is None else None
    if waiting is not None:
        chases = contact.at <= waiting.due_at
        if contact.due_at < waiting.due_at:
            waiting.urgent = contact
        joins = contact.at - waiting.first.at <= ONE_ATTEMPT
        if joins or chases:
            waiting.contacts.append(contact)
            return
    attempts.append(Attempt([contact], contact, replies))


def party_of(world: World) -> dict[str, str]:
    """Whose each account is taken to be: of those who share it, the first who spoke."""
    found: dict[str, str] = {}
    for truth in sorted(world.mentions.values(), key=lambda truth: (truth.occurred_at, truth.mention_id)):
        found.setdefault(truth.author, f"c:{truth.customer_id}" if truth.customer_id else f"a:{truth.author}")
    return found


def answers_of(world: World) -> dict[str, Given]:
    """What the company's sources heard it answer, by id; what was noted of an answer holds."""
    noted: dict[str, Given] = {}
    heard: dict[str, Given] = {}
    for value in world.recorded:
        if isinstance(value, Response) and value.contact is not None:
            level, kind = value.level, value.kind
            noted[value.response_id] = Given(
                value.response_id, value.contact, value.occurred_at, value.channel, level, kind, value.excerpt
            )
        elif isinstance(value, Mention) and value.answers is not None:
            kind = "acknowledged" if value.automatic else "answered"
            heard[value.mention_id] = Given(
                value.mention_id,
                value.answers,
                value.occurred_at,
                value.channel,
                "front_line",
                kind,
                value.text,
            )
    return heard | noted


def heard_until(world: World) -> datetime:
    """When the last contact or answer was heard."""
    return max(value.received_at for value in world.recorded if isinstance(value, Mention | Response))


def true_cases(world: World) -> list[TrueCase]:
    """All cases, those in which nobody asks too."""
    said = {value.mention_id: value for value in world.recorded if isinstance(value, Mention)}
    deleted = {
        value.mention_id: value.deleted_at for value in world.recorded if isinstance(value, MentionDeleted)
    }
    events: dict[str, list[Event]] = defaultdict(list)
    parties = party_of(world)
    for name, truth in world.mentions.items():
        events[parties[truth.author]].append(Contact(truth, said[name], deleted.get(name)))
    for answer in answers_of(world).values():
        events[parties[world.mentions[answer.contact].author]].append(answer)
    return [case for party, its in sorted(events.items()) for case in _cases_of(party, its, world.as_of)]


def _cases_of(party: str, events: list[Event], as_of: datetime) -> list[TrueCase]:
    cases: list[TrueCase] = []
    for event in sorted(events, key=_in_time):
        if isinstance(event, Given):
            case = next((case for case in cases if event.contact in _names(case)), None)
        else:
            case = _tied(cases, event)
            if case is None and event.truth.need not in NO_CASE:
                case = _of_cause(cases, event) or TrueCase(party, as_of)
                cases.extend([] if case in cases else [case])
        if case is not None:
            case.events.append(event)
    return cases


def _in_time(event: Event) -> tuple[datetime, bool, str]:
    answers = isinstance(event, Given)
    return event.at, answers, _name(event)


def _name(event: Event) -> str:
    return event.answer_id if isinstance(event, Given) else event.truth.mention_id


def _names(case: TrueCase) -> set[str]:
    return {_name(event) for event in case.events}


def _tied(cases: list[TrueCase], contact: Contact) -> TrueCase | None:
    """By its thread, or because it replies; several cases that it ties together become one."""
    thread, reply_to = contact.mention.thread, contact.mention.reply_to
    tied = [
        case
        for case in cases
        if reply_to in _names(case)
        or (thread is not None and any(thread == other.mention.thread for other in case.contacts))
    ]
    for other in tied[1:]:
        cases.remove(other)
        tied[0].events = sorted(tied[0].events + other.events, key=_in_time)
    return tied[0] if tied else None


def _of_cause(cases: list[TrueCase], contact: Contact) -> TrueCase | None:
    """The latest of the same cause; where that is unknown, the only open one."""
    cause = contact.truth.root_cause
    if cause == NO_CAUSE:
        still_open = [case for case in cases if case.asking and case.ended_by is None]
        return still_open[0] if len(still_open) == 1 else None
    fitting = [
        case
        for case in cases
        if any(cause == other.truth.root_cause for other in case.contacts)
        and contact.at - case.events[-1].at <= WINDOW
    ]
    return max(fitting, key=lambda case: case.events[-1].at, default=None)
