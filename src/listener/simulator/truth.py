"""The truth about a simulated world: who was failed how often, and why; what was never answered.

Counting follows the product's definition of a failed contact: (a) its response target passed without an answer
by a person, or (b) after an answer (answered or resolved) the same matter came back as a complaint. Contacts
within 30 minutes of the first with no answer between are one attempt, told under its first contact. Replies to
the company's question, thanks, and chasers before the target are not failures; "no" is an answer, an automatic
acknowledgement is none. Targets run round the clock (`listener.simulator.company.DESKS`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from listener.domain.contract import Contract, UtcTime
from listener.domain.enriched import Need, Severity
from listener.domain.mention import Channel, Visibility
from listener.domain.response import Goodwill, Level, ResponseKind

ONE_ATTEMPT_MS = 30 * 60_000
Role = Literal["contact", "reply", "thanks", "other"]
"""contact: wants something; reply: to the company's question; other: praise, spam, talk, copies."""
Place = Literal["first", "again", "same_attempt", "chaser", "none"]
FailedBecause = Literal["unanswered", "came_back"]


@dataclass(frozen=True)
class Said:
    """A contact as the judgement sees it; times in ms since 1970."""

    mention_id: str
    at: int
    heard_at: int
    target_ms: int
    role: Role
    complaint: bool
    level: Level
    channel: Channel


@dataclass(frozen=True)
class Given:
    """An answer of the company's. `recorded` is False where it left no trace in any system."""

    answer_id: str
    at: int
    heard_at: int
    kind: ResponseKind
    level: Level
    channel: Channel
    recorded: bool = True
    goodwill: Goodwill | None = None


@dataclass(frozen=True)
class Verdict:
    """What is true of one contact at some moment."""

    place: Place
    attempt: int
    due_at: int | None = None
    failed_because: FailedBecause | None = None
    pending: bool = False
    """Its target has not passed yet, and nobody has answered."""


@dataclass(frozen=True)
class _Attempt:
    first: Said
    number: int


def judge(contacts: Sequence[Said], answers: Sequence[Given], as_of: int) -> dict[str, Verdict]:
    """What is true of each contact of one matter at `as_of`.

    Args:
        contacts: in order of time.
        answers: in order of time; any answer by a person answers what was asked before it, whatever the channel.
        as_of: ms since 1970; what is said or given later is not looked at.

    Returns:
        mention id → verdict, for every contact said by then.
    """
    by_people = [answer for answer in answers if answer.kind != "acknowledged" and answer.at <= as_of]
    verdicts: dict[str, Verdict] = {}
    attempts: list[_Attempt] = []
    for said in contacts:
        if said.at > as_of:
            continue
        if said.role != "contact":
            verdicts[said.mention_id] = Verdict("none", len(attempts))
            continue
        current = attempts[-1] if attempts else None
        if current is not None:
            first = current.first
            unanswered = not any(first.at <= answer.at <= said.at for answer in by_people)
            if unanswered and said.at - first.at <= ONE_ATTEMPT_MS:
                verdicts[said.mention_id] = Verdict("same_attempt", current.number)
                continue
            if unanswered and said.at <= first.at + first.target_ms:
                verdicts[said.mention_id] = Verdict("chaser", current.number)
                continue
        attempts.append(_Attempt(said, len(attempts) + 1))
    for attempt, following in zip(attempts, [*attempts[1:], None], strict=False):
        verdicts[attempt.first.mention_id] = _verdict(attempt, following, by_people, as_of)
    return verdicts


def _verdict(attempt: _Attempt, following: _Attempt | None, answers: list[Given], as_of: int) -> Verdict:
    first = attempt.first
    due = first.at + first.target_ms
    until = following.first.at if following else as_of
    answered = [answer for answer in answers if first.at <= answer.at]
    in_time = bool(answered) and answered[0].at <= due
    because: FailedBecause | None = None
    if not in_time and due <= as_of:
        because = "unanswered"
    elif in_time and following is not None and following.first.complaint:
        last = [answer for answer in answered if answer.at <= until]
        if last and last[-1].kind in ("answered", "resolved"):
            because = "came_back"
    return Verdict(
        place="first" if attempt.number == 1 else "again",
        attempt=attempt.number,
        due_at=due,
        failed_because=because,
        pending=not answered and due > as_of,
    )


class MentionTruth(Contract):
    """The truth about one inbound mention; one line of ``truth/mentions.jsonl``."""

    mention_id: str
    author: str
    party: str
    """``c:<customer id>`` of who really said it, or ``a:<author>`` for a stranger."""
    customer_id: str | None = None
    matter_id: str | None = None
    """None for what is no contact of anybody about anything: praise, talk, spam, copies."""
    occurred_at: UtcTime
    channel: Channel
    visibility: Visibility
    need: Need
    root_cause: str
    """Node of the cause; ``unknown`` where there is none."""
    severity: tuple[Severity, ...] = ()
    language: str = "en"
    names_cause: bool = False
    also_about: str | None = None
    sarcastic: bool = False
    copy_of: str | None = None
    campaign: bool = False
    bullhorn: bool = False
    role: Role
    place: Place = "none"
    attempt: int = 0
    level: Level = "front_line"
    """Who was asked."""
    due_at: UtcTime | None = None
    failed: bool = False
    failed_because: FailedBecause | None = None
    pending: bool = False
    as_of: UtcTime


class MatterTruth(Contract):
    """The truth about one matter of one person, which is what a case should be; ``truth/cases.jsonl``."""

    matter_id: str
    party: str
    customer_id: str | None = None
    authors: tuple[str, ...]
    need: Need
    root_cause: str
    owner: str | None = None
    severity: tuple[Severity, ...] = ()
    opened_at: UtcTime
    contacts: tuple[str, ...]
    channels: tuple[Channel, ...]
    """In the order in which they were first used."""
    answers: tuple[str, ...]
    """Ids of the responses by a person that left a trace."""
    first_answer_at: UtcTime | None = None
    first_answer_level: Level | None = None
    first_answer_channel: Channel | None = None
    last_answer_kind: ResponseKind | None = None
    never_answered: bool
    """No person has answered, and the target of the first contact has passed."""
    lost_answers: int = 0
    """Answers by a person that left no trace: nobody can know of them."""
    failed_contacts: int
    failed_levels: tuple[Level, ...]
    went_public_at: UtcTime | None = None
    """First public contact after a failed private one."""
    ended: Literal["resolved", "declined", "gave_up", "open"]
    goodwill: tuple[Goodwill, ...] = ()
    in_incident: bool = False
    campaign: bool = False
    bullhorn: bool = False
    as_of: UtcTime


class DayTruth(Contract):
    """One cause on one day (UTC); ``truth/days.jsonl``."""

    day: date
    root_cause: str
    new_matters: int
    contacts: int
    parties: int
    """Distinct parties with a contact that day."""
