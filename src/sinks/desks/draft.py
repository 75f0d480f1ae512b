"""What a ticket is to say of a case. Pure."""

from collections.abc import Iterator
from datetime import datetime

from listener.domain.case import OPEN_STATES, Case, CaseContact
from listener.domain.contact import shorten
from listener.domain.contract import format_utc
from listener.domain.desk import told_at
from listener.domain.ids import digest
from listener.domain.response import Response
from sinks.desks.desk import Draft, Entry, Outcome, TicketField

MAX_TITLE = 200
MAX_TITLE_QUOTE = 80
DIGEST_DIGITS = 12
"""Of what a desk was told; some hundred of them belong to a case at most."""
_DID = {
    "acknowledged": "acknowledged it",
    "answered": "answered",
    "resolved": "resolved it",
    "declined": "said no",
}


def draft_of(case: Case, desk: str) -> Draft:
    """The ticket of a case.

    Args:
        desk: its name; what was answered there stands in its ticket already, and is left out.
    """
    own = told_at(desk)
    dated = [
        *((contact.effective_at, _contact(contact)) for contact in case.contacts),
        *(
            (response.occurred_at, _response(response))
            for response in case.responses
            if not response.response_id.startswith(own)
        ),
    ]
    entries = [entry for _, entry in sorted(dated, key=lambda item: (item[0], item[1].mark))]
    return Draft(
        case=case,
        title=_title(case),
        summary="\n".join(_summary(case)),
        entries=(*entries, *_level(case)),
        outcome=outcome_of(case),
    )


def outcome_of(case: Case) -> Outcome:
    """Whether a case is open, and how it ended; one that was superseded is over."""
    if case.state in OPEN_STATES:
        return "open"
    return "declined" if case.state == "declined" else "resolved"


def standing_of(draft: Draft) -> dict[TicketField, str]:
    """The ticket's own fields as they are kept, to know which of them change."""
    case = draft.case
    return {
        "title": digest(draft.title)[:DIGEST_DIGITS],
        "queue": case.queue,
        "level": case.level,
        "owner": case.owner or "",
        "priority": str(case.priority),
        "due": "" if case.due_at is None else format_utc(case.due_at),
    }


def digest_of(entry: Entry) -> str:
    """What is kept to know that the desk was told an entry."""
    return digest(entry.mark)[:DIGEST_DIGITS]


def mark_of_contact(contact: CaseContact) -> str:
    """The mark of its entry: an edit or a deletion has another."""
    edited = f", edited {contact.revision}" if contact.revision else ""
    return f"[{contact.mention_id}{', deleted' if contact.deleted else edited}]"


def mark_of_response(response: Response) -> str:
    """The mark of its entry: one that was replaced has another."""
    return f"[{response.response_id}{f', revised {response.revision}' if response.revision else ''}]"


def _title(case: Case) -> str:
    said = next((contact.excerpt for contact in case.contacts if contact.excerpt), "")
    about = case.root_cause.replace("_", " ")
    return shorten(f"{case.case_id} {about}: {shorten(said, MAX_TITLE_QUOTE)}".rstrip(": "), MAX_TITLE)


def _summary(case: Case) -> Iterator[str]:
    yield f"{case.case_id}: {case.state.replace('_', ' ')}, queue {case.queue}, {_with(case)}"
    moments = [("waiting since", case.waiting_since), ("due", case.due_at)]
    told = [f"{what} {_time(at)}" for what, at in moments if at is not None]
    yield ", ".join([f"Priority {case.priority} of 100", *told])
    if case.customer is not None:
        about = (case.customer.customer_id, case.customer.segment)
        known = ", ".join(part for part in about if part)
        prefers = case.customer.preferred_channel
        yield (
            f"Customer: {case.customer.name or 'without a name'} ({known})"
            f"{f', prefers {prefers}' if prefers else ''}"
        )
    else:
        yield f"Customer: not known; {', '.join(case.authors[:5])}"
    if case.severity:
        yield f"Severity: {', '.join(each.replace('_', ' ') for each in case.severity)}"
    if case.failed_contacts:
        levels = f" ({', '.join(level.replace('_', ' ') for level in case.failed_levels)})"
        yield f"We failed this customer {case.failed_contacts} times{levels if case.failed_levels else ''}"
    yield from case.summary
    yield from (f"Why: {reason.text} [{reason.rule}]" for reason in case.reasons)
    yield from (f"Advice: {advice}" for advice in case.advice)
    hidden = case.contact_count - len(case.contacts)
    if hidden > 0:
        yield f"{hidden} of {case.contact_count} contacts are not shown"


def _with(case: Case) -> str:
    level = case.level.replace("_", " ")
    return f"with {case.owner} ({level})" if case.owner else f"with {level}"


def _level(case: Case) -> Iterator[Entry]:
    """That somebody above the front line has it: told when it comes to be so, and if the owner changes."""
    if case.level in ("manager", "executive"):
        mark = f"[{case.case_id} at {case.level}{f', {case.owner}' if case.owner else ''}]"
        why = "; ".join(reason.text for reason in case.reasons)
        yield Entry(mark, f"{mark}\nThis case is now {_with(case)}.{f' {why}' if why else ''}", False)


def _contact(contact: CaseContact) -> Entry:
    mark = mark_of_contact(contact)
    way = f"{contact.channel.replace('_', ' ')}, {contact.visibility}"
    lines = [f"{_time(contact.effective_at)} {contact.author} ({way}) {mark}"]
    if contact.deleted:
        lines.append("The author has deleted this: do not quote it.")
    else:
        lines.append(contact.excerpt)
        if contact.url:
            lines.append(contact.url)
    return Entry(mark, "\n".join(line for line in lines if line), True)


def _response(response: Response) -> Entry:
    mark = mark_of_response(response)
    way = f"{response.level.replace('_', ' ')}, {response.channel.replace('_', ' ')}"
    lines = [f"{_time(response.occurred_at)} {response.by} ({way}) {_DID[response.kind]} {mark}"]
    if response.reason:
        lines.append(f"Reason: {response.reason}")
    lines.append(response.excerpt)
    if given := response.goodwill:
        why = f" for {given.reason}" if given.reason else ""
        lines.append(f"Goodwill: {given.amount:g} {given.currency}{why}")
    return Entry(mark, "\n".join(line for line in lines if line), False)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
