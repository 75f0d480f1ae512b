"""A case as it is told on its page: one timeline over all channels, and what came since somebody looked. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, Self

from listener.case_words import DID, gift, span
from listener.console.case_store import Act, Said
from listener.domain.case import Case, CaseContact, CaseState
from listener.domain.clock import Clock
from listener.domain.enriched import NEVER_OPENS
from listener.domain.response import Response

STATES: dict[CaseState, str] = {
    "new": "New",
    "waiting_for_us": "Waits for us",
    "waiting_for_customer": "Waits for the customer",
    "resolved": "Resolved",
    "declined": "Declined",
    "reopened": "Reopened",
    "superseded": "Superseded",
}
Side = Literal["them", "us", "time"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, at its place in the timeline.

    Attributes:
        kind: contact, answer, missed, met, due, black_hole, act.
        side: who did it: the customer, the company, or time.
        who: an author, a member of the staff, or a machine.
        what: what happened, in words of ours.
        text: what was said, in theirs; empty where it is gone.
        whole: False where only the beginning is known.
        contact: id of the contact or answer; empty for the rest.
        answers: id of the contact that is answered.
        failed: why the company failed the customer here; empty where it did not.
        given: goodwill that came with an answer.
        asks: a contact that needs an answer.
        opens: a contact that can be a case alone: it asks, or is to be thanked for.
    """

    at: datetime
    kind: str
    side: Side
    who: str
    what: str
    text: str = ""
    title: str = ""
    whole: bool = True
    deleted: bool = False
    channel: str = ""
    visibility: str = ""
    url: str = ""
    contact: str = ""
    answers: str = ""
    failed: str = ""
    given: str = ""
    is_contact: bool = False
    asks: bool = False
    opens: bool = False


def timeline(case: Case, said: Mapping[str, Said], acts: Iterable[Act], now: datetime) -> list[Entry]:
    """Everything that happened, in order.

    Args:
        said: whole texts by id of the mention, as far as they are stored.
        acts: what people did.
    """
    entries = [_contact(contact, said.get(contact.mention_id)) for contact in case.contacts]
    entries += [
        _response(response, said.get(response.response_id), case.contacts) for response in case.responses
    ]
    for clock in case.clocks:
        entries += _clock(clock, now)
    entries += [
        Entry(
            hole.became_at, "black_hole", "time", "", "Nobody had answered by target and grace: a black hole"
        )
        for hole in case.black_holes
    ]
    entries += [_act(act) for act in acts]
    return sorted(entries, key=lambda entry: (entry.at, _TURN[entry.side]))


_TURN: dict[Side, int] = {"them": 0, "us": 1, "time": 2}
"""Which of two things at the same time is told first."""


def web_address(url: str | None) -> str:
    """An address that may be linked to; empty for any other, such as one that would run something."""
    return url if url and url.lower().startswith(("https://", "http://")) else ""


def _contact(contact: CaseContact, said: Said | None) -> Entry:
    deleted = contact.deleted or (said is not None and said.deleted)
    name = said.author_name if said is not None and not deleted else ""
    return Entry(
        at=contact.effective_at,
        kind="contact",
        side="them",
        who=name or contact.author,
        what=contact.need,
        text="" if deleted else said.text if said is not None else contact.excerpt,
        title=said.title if said is not None else "",
        whole=said is not None or not contact.excerpt.endswith("…"),
        deleted=deleted,
        channel=contact.channel,
        visibility=contact.visibility,
        url="" if deleted else web_address(contact.url),
        contact=contact.mention_id,
        failed=(contact.failed_because or "marked by a person") if contact.failed else "",
        is_contact=True,
        asks=contact.needs_response,
        opens=contact.need not in NEVER_OPENS,
    )


def _response(response: Response, said: Said | None, contacts: Sequence[CaseContact]) -> Entry:
    asked = next((each for each in contacts if each.mention_id == response.contact), None)
    at = min(response.occurred_at, response.received_at)
    deleted = said is not None and said.deleted
    text = response.excerpt if said is None else said.text
    after = f", {span(at - asked.effective_at)} later" if asked and at >= asked.effective_at else ""
    level = response.level.replace("_", " ")
    return Entry(
        at=at,
        kind=response.kind,
        side="us",
        who=response.by,
        what=f"{level}, {DID[response.kind]}{after}" + (f": {response.reason}" if response.reason else ""),
        text="" if deleted else text,
        title=said.title if said is not None else "",
        whole=said is not None or not text.endswith("…"),
        deleted=deleted,
        channel=response.channel,
        url=web_address(said.url) if said is not None else "",
        contact=response.response_id,
        answers=response.contact or "",
        given=gift(response.goodwill) if response.goodwill else "",
    )


def _clock(clock: Clock, now: datetime) -> Iterator[Entry]:
    name = clock_name(clock)
    if clock.state == "breached":
        late = ""
        if clock.stopped_at is not None:
            late = f"; it was answered {span(clock.stopped_at - clock.due_at)} late"
        yield Entry(clock.due_at, "missed", "time", "", f"{name} was missed{late}")
    elif clock.state == "met" and clock.stopped_at is not None:
        left = span(clock.due_at - clock.stopped_at)
        yield Entry(clock.stopped_at, "met", "time", "", f"{name} was met, {left} before it was due")
    elif clock.state == "running" and clock.due_at > now:
        yield Entry(clock.due_at, "due", "time", "", f"{name} is due")


_DONE = {
    "case.assign": "handed it to {owner}",
    "case.together": "put contacts together as one case",
    "case.apart": "took contacts apart into two cases",
    "case.mark_failed": "marked a contact as failed",
    "case.close": "closed it",
    "case.reopen": "opened it again",
    "case.reclassify": "said that it is about {cause}",
    "case.complaint": "said that it is a complaint",
    "case.no_complaint": "said that it is no complaint",
    "case.needs_response": "said that a contact needs an answer",
    "case.needs_no_response": "said that a contact needs no answer",
    "link.confirmed": "confirmed that {subject} is customer {customer_id}",
    "link.rejected": "said that {subject} is not customer {customer_id}",
}


def _act(act: Act) -> Entry:
    told = {"owner": "somebody", "cause": "something else", "customer_id": "?", "subject": act.subject}
    known = {name: value for name, value in act.detail.items() if name in told}
    words = _DONE.get(act.action, act.action)
    for name, value in (told | known).items():
        words = words.replace(f"{{{name}}}", value)
    return Entry(act.at, "act", "us", act.by, words)


def clock_name(clock: Clock) -> str:
    """A deadline in words, with its country where a regulator set it."""
    words = clock.kind.replace("_", " ").replace(".", ": ")
    words = words[:1].upper() + words[1:]
    return f"{words} ({clock.jurisdiction})" if clock.jurisdiction else words


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw of a case when they began to write: goes along with their form."""

    version: int
    contacts: int
    responses: int
    state: str
    owner: str
    last_at_ms: int

    @classmethod
    def of(cls, case: Case) -> Self:
        """What a snapshot shows."""
        return cls(
            case.version,
            case.contact_count,
            case.response_count,
            case.state,
            case.owner or "",
            round(case.last_at.timestamp() * 1000),
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """As a form brings it back; None where it is not one of ours."""
        try:
            told = json.loads(text)
            seen = cls(**told)
        except (TypeError, ValueError, RecursionError):
            return None
        numbers = (seen.version, seen.contacts, seen.responses, seen.last_at_ms)
        whole = all(type(number) is int for number in numbers)
        return seen if whole and isinstance(seen.state, str) and isinstance(seen.owner, str) else None

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def since(seen: Seen, case: Case) -> list[str]:
    """What happened to a case since somebody saw it, in words; nothing where it matters to nobody's answer.

    A newer version alone is no news: a deadline that came nearer makes one as well.
    """
    if case.version <= seen.version:
        return []
    news: list[str] = []
    if case.state == "superseded":
        into = f"It is part of {case.superseded_by} now." if case.superseded_by else "It is over."
        return [into]
    more = case.contact_count - seen.contacts
    later = [each for each in case.contacts if _ms(each.effective_at) > seen.last_at_ms]
    if more > 0:
        said = later[-1] if later else None
        words = "" if said is None or said.deleted else f": “{said.excerpt}”"
        by = f" by {said.channel.replace('_', ' ')}" if said else ""
        count = "The customer wrote again" if more == 1 else f"The customer wrote {more} times"
        news.append(f"{count}{by}{words}")
    elif more < 0:
        news.append("Contacts were taken out of it.")
    answered = case.response_count - seen.responses
    if answered > 0:
        newest = case.responses[-1] if case.responses else None
        words = f"{newest.by} {DID[newest.kind]}" if newest else "it was answered"
        if newest is not None and newest.excerpt:
            words += f": “{newest.excerpt}”"
        news.append(words if answered == 1 else f"{answered} answers, the last: {words}")
    if case.state != seen.state and not answered > 0:
        before = STATES.get(seen.state, seen.state)  # type: ignore[call-overload]  # what a form brought back
        news.append(f"It was “{before}”, and is “{STATES[case.state]}”.")
    if (case.owner or "") != seen.owner:
        news.append(f"It was handed from {seen.owner or 'nobody'} to {case.owner or 'nobody'}.")
    return news


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Failures:
    """How often the company has failed a customer.

    Attributes:
        here: contacts of this matter.
        before: contacts of all their other matters.
        levels: which have failed in this matter.
    """

    here: int
    before: int
    levels: tuple[str, ...]

    @property
    def ever(self) -> int:
        """In all."""
        return self.here + self.before

    @property
    def sentence(self) -> str:
        """In words."""
        if not self.ever:
            return "We have not failed this customer so far."
        times = {1: "once", 2: "twice"}.get(self.ever, f"{self.ever} times")
        where: list[str] = []
        if self.here:
            levels = (
                f" ({', '.join(level.replace('_', ' ') for level in self.levels)})" if self.levels else ""
            )
            where.append(f"{self.here} in this matter{levels}" if self.before else f"in this matter{levels}")
        if self.before:
            where.append(f"{self.before} in earlier matters" if self.here else "in earlier matters")
        return f"We have failed this customer {times}: {', '.join(where)}."
