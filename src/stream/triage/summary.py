"""A case in three lines: what the customer tried, what we did or did not do, what was promised.

For the person who reads it first; nothing is decided here. What was deleted at its source never appears.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from listener.domain.case import CaseCustomer
from listener.domain.clock import Clock
from listener.domain.contact import shorten
from listener.domain.mention import Channel
from stream.moments import to_ms
from stream.triage.cases import DraftCase
from stream.triage.commitments import Commitment, commitments
from stream.triage.events import Act, Answer, Said
from stream.triage.failed_contacts import Verdict
from stream.triage.words import Days, count_of, joined, span

MAX_LINE = 400
MAX_QUOTE = 120
MAX_STEPS = 5
"""Shown of what either side did: the first two and the last three, and how many between."""
MAX_COMMITMENTS = 2
MAX_CLOCKS = 3
_WAYS: dict[Channel, str] = {
    "social": "posted on social media",
    "forum": "posted in a forum",
    "review": "wrote a review",
    "email": "wrote an e-mail",
    "phone": "called",
    "chat": "wrote in the chat",
    "in_person": "came in person",
    "partner": "went through a partner",
    "letter": "wrote a letter",
    "web_feedback": "used the feedback form",
    "executive": "wrote to the executives",
}
_BY: dict[Channel, str] = {
    "social": "on social media",
    "forum": "in a forum",
    "review": "in a review",
    "email": "by e-mail",
    "phone": "by phone",
    "chat": "in the chat",
    "in_person": "in person",
    "partner": "through a partner",
    "letter": "by letter",
    "web_feedback": "in the feedback form",
    "executive": "to the executives",
}
_DID = {
    "acknowledged": "acknowledged",
    "answered": "answered",
    "resolved": "resolved it",
    "declined": "said no",
}
_LEVELS = {
    "product": "self-service",
    "front_line": "front line",
    "manager": "manager",
    "executive": "executive",
}
_WAITING_KINDS = {"first_response", "next_response"}
"""Clocks that say what the due time of the case says."""


class Matter(NamedTuple):
    """What the lines are made of.

    Attributes:
        due_ms: until when what waits is to be answered.
    """

    case: DraftCase
    verdict: Verdict
    clocks: Sequence[Clock]
    due_ms: int | None
    customer: CaseCustomer | None
    zone: ZoneInfo


def summarise(matter: Matter) -> tuple[str, str, str]:
    """The three lines, of at most `MAX_LINE` characters each."""
    return (
        shorten(_tried(matter), MAX_LINE),
        shorten(_did(matter), MAX_LINE),
        shorten(_promised(matter), MAX_LINE),
    )


def _tried(matter: Matter) -> str:
    """Each channel in order, how often, and how it went; then the first words."""
    days = Days(matter.zone)
    who = (matter.customer.name if matter.customer is not None else None) or "The customer"
    runs = [_run(run, matter, days) for run in _runs(matter.case.contacts)]
    older = matter.case.folded
    if older:
        runs.insert(0, f"made {count_of(older, 'older contact')}")
    words = next((said.row.excerpt for said in matter.case.contacts if said.row.excerpt), "")
    return f"{who} {joined(_ends(runs, 'more step'))}" + (
        f": “{shorten(words, MAX_QUOTE)}”" if words else "."
    )


def _runs(contacts: Sequence[Said]) -> list[list[Said]]:
    """Contacts in a row that came the same way for the same reason."""
    runs: list[list[Said]] = []
    for said in contacts:
        if runs and _way(runs[-1][0]) == _way(said):
            runs[-1].append(said)
        else:
            runs.append([said])
    return runs


def _way(said: Said) -> str:
    if said.row.needs_response:
        return _WAYS[said.row.channel]
    what = "said kind words" if said.row.need == "praise" else "added a remark"
    return f"{what} {_BY[said.row.channel]}"


def _run(run: Sequence[Said], matter: Matter, days: Days) -> str:
    times = "" if len(run) == 1 else " twice" if len(run) == 2 else f" {len(run)} times"
    names = {said.name for said in run}
    failed = len(names & matter.verdict.failed.keys())
    waits = any(name in names for _, name in matter.case.life.pending)
    outcome = []
    if failed == len(run):
        outcome.append(("failed", "both failed", "all failed")[min(failed, 3) - 1])
    elif failed:
        outcome.append(f"{failed} failed")
    if waits:
        outcome.append("no answer yet")
    how = f" ({', '.join(outcome)})" if outcome else ""
    return f"{_way(run[0])}{times} {days.between(run[0].at_ms, run[-1].at_ms)}{how}"


def _did(matter: Matter) -> str:
    """Who answered when, at which level; what was given; and since when nothing came."""
    days = Days(matter.zone)
    steps = list(_steps(matter, days))
    since = matter.case.life.pending[0][0] if matter.case.life.pending else None
    told = joined(_ends(steps, "more step"))
    parts = [f"{told[0].upper()}{told[1:]}."] if steps else []
    if since is not None:
        answered = any(answer.by_person for answer in matter.case.answers)
        again = " again" if answered else ""
        parts.append(f"Nobody has answered{again} since {days.of(since)}.")
    elif matter.case.life.unthanked is not None:
        parts.append("Nobody has said thanks yet.")
    return " ".join(parts) or "Nothing was asked of us."


def _steps(matter: Matter, days: Days) -> Iterator[str]:
    """Answers and acts by time; automatic ones in a row are one step."""
    waiting: int | None = None
    before = ""
    automatic: list[int] = []
    for event in matter.case.events:
        if isinstance(event, Said):
            if waiting is None and event.row.needs_response:
                waiting = event.at_ms
            continue
        if isinstance(event, Answer) and event.automatic:
            automatic.append(event.at_ms)
            continue
        if automatic:
            yield _automatic(automatic, days)
            automatic, before = [], ""
        did = _done(event)
        said = did if did != before else "again"
        answers = isinstance(event, Answer) and event.by_person
        after = f" after {span(event.at_ms - waiting)}" if waiting is not None and answers else ""
        yield f"{said} {days.on(event.at_ms)}{after}{_given(event)}"
        waiting, before = None if answers or isinstance(event, Act) else waiting, did
    if automatic:
        yield _automatic(automatic, days)


def _automatic(times: Sequence[int], days: Days) -> str:
    many = "an automatic reply came" if len(times) == 1 else f"{len(times)} automatic replies came"
    return f"{many} {days.between(times[0], times[-1])}"


def _done(event: Answer | Act) -> str:
    """Who did what."""
    if isinstance(event, Act):
        return f"{_who(event.row.by)} {'closed it' if event.row.action == 'close' else 'opened it again'}"
    row = event.row
    did = _DID[row.kind]
    level = "" if row.level == "front_line" else f" ({_LEVELS[row.level]})"
    return f"{_who(row.by)}{level} {did}"


def _given(event: Answer | Act) -> str:
    """The reason of a no, and goodwill."""
    if isinstance(event, Act):
        return ""
    row = event.row
    said = f" because “{shorten(row.reason, MAX_QUOTE)}”" if row.kind == "declined" and row.reason else ""
    if row.goodwill is not None:
        amount, currency, why = row.goodwill
        said += f" with {amount:g} {currency}{f' for {why}' if why else ''}"
    return said


def _who(by: str) -> str:
    """A name as people write it: without the kind of account, or the house of an address."""
    name = by.rpartition(":")[2] or by
    local, at, _ = name.partition("@")
    return local.replace(".", " ").title() if local and at else name


def _promised(matter: Matter) -> str:
    """What our answers promise, and the clocks that run."""
    days = Days(matter.zone)
    told = []
    for answer, commitment in _commitments(matter)[-MAX_COMMITMENTS:]:
        who = "automatic reply" if answer.automatic else _who(answer.row.by)
        said = f"“{shorten(commitment.words, MAX_QUOTE)}” ({who}, {days.of(answer.at_ms)}"
        told.append(f"{said}, so by {days.of_date(commitment.until)})" if commitment.until else f"{said})")
    promised = f"Promised: {joined(told)}." if told else "Nothing was promised."
    return " ".join([promised, *_due(matter, days)])


def _commitments(matter: Matter) -> list[tuple[Answer, Commitment]]:
    """What was promised, each in the same words once; what a machine promised only until a person has answered."""
    found: dict[str, tuple[Answer, Commitment]] = {}
    for answer in matter.case.answers:
        if answer.by_person:
            found = {words: made for words, made in found.items() if made[0].by_person}
        for commitment in commitments(answer.row.excerpt, answer.at_ms, matter.zone):
            found.pop(commitment.words, None)
            found[commitment.words] = answer, commitment
    return list(found.values())


def _due(matter: Matter, days: Days) -> Iterator[str]:
    """The clocks that run, or ran out with nothing done."""
    if matter.due_ms is not None:
        late = any(attempt.late and attempt.answer is None for attempt in matter.verdict.attempts)
        what = "Thanks are" if matter.case.life.unthanked else "An answer was" if late else "An answer is"
        yield f"{what} due by {days.with_time(matter.due_ms)}."
    others = [
        clock for clock in matter.clocks if clock.kind not in _WAITING_KINDS and clock.stopped_at is None
    ]
    for clock in [clock for clock in others if clock.state in ("running", "paused", "breached")][:MAX_CLOCKS]:
        state = {"paused": " (paused)", "breached": " (missed)"}.get(clock.state, "")
        name = clock.kind.replace("_", " ").replace(".", ": ")
        yield f"{name[0].upper()}{name[1:]} is due by {days.with_time(to_ms(clock.due_at))}{state}."


def _ends(steps: Sequence[str], what: str) -> list[str]:
    """The first two and the last three."""
    if len(steps) <= MAX_STEPS:
        return list(steps)
    return [*steps[:2], f"{count_of(len(steps) - MAX_STEPS, what)}", *steps[2 - MAX_STEPS :]]
