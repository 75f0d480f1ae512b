"""The story of one case in words: who it is, what they tried, what we did or did not do, what is to come. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from listener.case_words import DID, MATCHED, gift, span
from listener.domain.case import Case, CaseContact, CaseState
from listener.domain.clock import Clock, ClockState
from listener.domain.contract import Contract
from listener.domain.party import PartyOf
from listener.domain.response import Response

STATES: dict[CaseState, str] = {
    "new": "new: nobody has answered yet",
    "waiting_for_us": "waits for us",
    "waiting_for_customer": "waits for the customer",
    "resolved": "resolved",
    "declined": "declined: we said no",
    "reopened": "reopened: waits for us again",
    "superseded": "superseded",
}
_CLOCK: dict[ClockState, str] = {
    "running": "runs",
    "paused": "is paused",
    "met": "was met",
    "breached": "was missed",
    "withdrawn": "holds no longer",
}


class Section(Contract):
    """A part of the story, with a heading."""

    title: str
    lines: tuple[str, ...]


class Story(Contract):
    """All that is to be told of one case."""

    case_id: str
    sections: tuple[Section, ...]


def explain(case: Case, parties: Mapping[str, PartyOf], now: datetime) -> Story:
    """Tells a case.

    Args:
        case: its newest snapshot.
        parties: author to who they are.
        now: what clocks and waiting times are told from.
    """
    if case.state == "superseded":
        whither = (
            f"is now part of {case.superseded_by}" if case.superseded_by else "asks for no answer any more"
        )
        lines = (f"{case.case_id} {whither}. It was named after {case.anchor} by {case.anchor_author}.",)
        return Story(case_id=case.case_id, sections=(Section(title="What became of it", lines=lines),))
    told = (
        ("What it is", _what(case, now)),
        ("Who", _who(case, parties)),
        ("What happened", _happened(case)),
        ("Where we failed them", _failed(case)),
        ("What was given", map(gift, case.goodwill)),
        ("Who is to act, and why", _who_acts(case)),
        ("Deadlines", (_clock(clock, now) for clock in case.clocks)),
    )
    sections = ((title, tuple(lines)) for title, lines in told)
    return Story(
        case_id=case.case_id,
        sections=tuple(Section(title=title, lines=lines) for title, lines in sections if lines),
    )


def _what(case: Case, now: datetime) -> Iterator[str]:
    cause = "of no known cause" if case.root_cause == "unknown" else f"about {case.root_cause}"
    owner = f" (process owner: {case.root_cause_owner})" if case.root_cause_owner else ""
    yield f"{case.case_id} {STATES[case.state]}. It is {cause}{owner}, open since {_moment(case.opened_at)}."
    if case.waiting_since is not None:
        yield f"Unanswered since {_moment(case.waiting_since)}, for {span(now - case.waiting_since)}."
    if case.severity:
        yield f"Severe: {', '.join(word.replace('_', ' ') for word in case.severity)}."
    if case.historical:
        yield "All of it was imported: do not act on it."
    if case.supersedes:
        yield f"It was called {', '.join(case.supersedes)} before."


def _who(case: Case, parties: Mapping[str, PartyOf]) -> Iterator[str]:
    customer = case.customer
    if customer is None:
        yield "Nobody whom we know as a customer."
    else:
        known = [customer.customer_id, customer.segment and f"segment {customer.segment}"]
        known.append(customer.preferred_channel and f"prefers {customer.preferred_channel}")
        yield f"{customer.name or 'Customer'} ({', '.join(filter(None, known))})"
    for author in case.authors:
        party = parties.get(author)
        how = MATCHED.get(party.method) if party is not None and party.customer_id else None
        yield f"{author}: known as the customer, {how}" if how else f"{author}"


def _happened(case: Case) -> Iterator[str]:
    events: list[CaseContact | Response] = [*case.contacts, *case.responses]
    for event in sorted(events, key=_at):
        yield from _contact(event) if isinstance(event, CaseContact) else _response(event, case.contacts)
    hidden = case.contact_count - len(case.contacts)
    if hidden > 0:
        yield f"({hidden} further contacts, in between or long ago, are not shown in a snapshot)"
    if case.response_count > len(case.responses):
        yield f"({case.response_count - len(case.responses)} further answers in between are not shown)"
    if not case.responses:
        yield "We did nothing yet."


def _at(event: CaseContact | Response) -> datetime:
    if isinstance(event, CaseContact):
        return event.effective_at
    return min(event.occurred_at, event.received_at)


def _contact(contact: CaseContact) -> Iterator[str]:
    where = f"{contact.channel.replace('_', ' ')}, {contact.visibility}"
    words = "deleted by its author" if contact.deleted else f"“{contact.excerpt}”"
    yield f"{_moment(_at(contact))}  {contact.author} ({where}, {contact.need}): {words}  [{contact.mention_id}]"
    if contact.failed:
        yield f"    we failed: {contact.failed_because}"


def _response(response: Response, contacts: Sequence[CaseContact]) -> Iterator[str]:
    at = _at(response)
    asked = next((each for each in contacts if each.mention_id == response.contact), None)
    after = f", {span(at - asked.effective_at)} after {asked.mention_id}" if asked else ""
    level = response.level.replace("_", " ")
    words = "".join(f" “{text}”" for text in (response.reason, response.excerpt) if text)
    channel = response.channel.replace("_", " ")
    yield f"{_moment(at)}  we: {response.by} ({level}) {DID[response.kind]}, {channel}{after}:{words}".rstrip(
        ":"
    )
    if response.goodwill is not None:
        yield f"    gave {gift(response.goodwill)}"


def _failed(case: Case) -> Iterator[str]:
    if not case.failed_contacts:
        return
    levels = ", ".join(level.replace("_", " ") for level in case.failed_levels)
    yield f"{case.failed_contacts} of {case.contact_count} contacts" + (f", at: {levels}" if levels else "")
    for contact in case.contacts:
        if contact.failed:
            yield f"{contact.mention_id}, {_moment(contact.effective_at)}: {contact.failed_because}"


def _who_acts(case: Case) -> Iterator[str]:
    owner = case.owner or "nobody yet"
    level = case.level.replace("_", " ")
    yield f"Queue {case.queue}, level {level}, owner {owner}, priority {case.priority} of 100"
    for reason in case.reasons:
        yield f"{reason.text} ({reason.rule})"
    for advice in case.advice:
        yield f"Advice: {advice}"


def _clock(clock: Clock, now: datetime) -> str:
    due = f"due {_moment(clock.due_at)}"
    if clock.state == "running":
        left = clock.due_at - now
        due += f", in {span(left)}" if left >= timedelta() else f", {span(-left)} ago"
    stopped = f", stopped {_moment(clock.stopped_at)}" if clock.stopped_at is not None else ""
    return f"{clock.kind.replace('_', ' ')} {_CLOCK[clock.state]}: {due}{stopped} (from {clock.anchor})"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
