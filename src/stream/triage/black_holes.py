"""Black holes: contacts that nobody answered by their target and the grace after it.

Declined is an answer, so it is no black hole. An acknowledgement, automatic or not, is no answer, and saves
nothing. Closing a case tells the customer nothing, and saves nothing either. What is asked again before anybody
answers belongs to the same black hole. Historical contacts that no live one chases never are one, nor is one
that was deleted at its source before it was answered; what is asked again later stands for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from listener.domain.clock import BlackHole
from listener.domain.quick_read import maker
from stream.moments import HOUR_MS, from_ms
from stream.triage.cases import DraftCase
from stream.triage.events import Answer, Event, Said, in_time
from stream.triage.failed_contacts import Attempt, Verdict
from stream.triage.policy import Policy

SHOWN_AT_EACH_END = 5
MAX_CHASED = 5
_make_hole = maker(BlackHole)


def black_hole_ms(attempt: Attempt, policy: Policy) -> int:
    """When an attempt becomes a black hole, if nobody answers until then; the first millisecond after it."""
    hours = attempt.queue.black_hole_grace_hours
    grace_ms = round((policy.black_hole_grace_hours if hours is None else hours) * HOUR_MS)
    return policy.working_time[attempt.queue.calendar].add(attempt.due_ms, grace_ms) + 1


def can_vanish(attempts: list[Attempt], place: int) -> bool:
    """Whether an attempt can become a black hole of its own: of those that wait for one answer, the first."""
    attempt = attempts[place]
    if not _counts(attempt):
        return False
    before = place - 1
    while before >= 0 and attempts[before].answer is attempt.answer:
        if _counts(attempts[before]):
            return False
        before -= 1
    return True


def next_hole_ms(verdict: Verdict, policy: Policy) -> int | None:
    """When what waits becomes a black hole, or became one; None if it cannot."""
    attempts = verdict.attempts
    places = (place for place, attempt in enumerate(attempts) if attempt.answer is None)
    found = next((place for place in places if can_vanish(attempts, place)), None)
    return None if found is None else black_hole_ms(attempts[found], policy)


def _counts(attempt: Attempt) -> bool:
    """Whether it was heard as it happened, and not taken back before it was answered."""
    return attempt.live and (attempt.kept or attempt.answer is not None)


def vanished(verdict: Verdict, policy: Policy) -> list[str]:
    """The contacts that became black holes by when the verdict was found: all that depends on the time."""
    return [hole.attempt.first.name for hole in _holes(verdict, policy)]


def black_holes_of(case: DraftCase, verdict: Verdict, policy: Policy) -> tuple[BlackHole, ...]:
    """The black holes of a case as they stand when the verdict was found, by time."""
    found = list(_holes(verdict, policy))
    if not found:
        return ()
    _chain(case, found)
    shown = found
    if len(found) > 2 * SHOWN_AT_EACH_END:
        shown = [*found[:SHOWN_AT_EACH_END], *found[-SHOWN_AT_EACH_END:]]
    return tuple(map(_contract, shown))


@dataclass(slots=True)
class _Hole:
    attempt: Attempt
    became_ms: int
    acknowledged_ms: int | None = None
    chased: list[str] = field(default_factory=list)
    chased_count: int = 0
    chased_ms: int | None = None


def _holes(verdict: Verdict, policy: Policy) -> Iterator[_Hole]:
    for place, attempt in enumerate(verdict.attempts):
        if attempt.late and can_vanish(verdict.attempts, place):
            became_ms = black_hole_ms(attempt, policy)
            if became_ms <= (verdict.at_ms if attempt.answer is None else attempt.answer.at_ms):
                yield _Hole(attempt, became_ms)


def _chain(case: DraftCase, holes: list[_Hole]) -> None:
    """Adds what happened between each contact and its answer; one pass, since no two overlap."""
    waiting = iter(holes)
    hole = next(waiting, None)
    for event in case.events:
        if hole is None:
            return
        if hole.attempt.answer is event:
            hole = next(waiting, None)
        elif in_time(event) > in_time(hole.attempt.first):
            _add(hole, event)


def _add(hole: _Hole, event: Event) -> None:
    if isinstance(event, Said):
        if event.row.needs_response and event.name not in hole.attempt.names:
            hole.chased_count += 1
            hole.chased_ms = event.at_ms
            if len(hole.chased) < MAX_CHASED:
                hole.chased.append(event.name)
    elif isinstance(event, Answer) and hole.acknowledged_ms is None:
        hole.acknowledged_ms = event.at_ms


def _contract(hole: _Hole) -> BlackHole:
    attempt = hole.attempt
    said, queue, answer = attempt.first, attempt.queue, attempt.answer
    owner = queue.owner
    if queue.to_cause_owner and said.cause in said.row.causes:
        owner = said.row.owners[said.row.causes.index(said.cause)]
    return _make_hole(
        contact=said.name,
        author=said.author,
        source=said.row.source,
        channel=said.row.channel,
        queue=queue.name,
        owner=owner,
        since=from_ms(said.at_ms),
        due_at=from_ms(attempt.due_ms),
        became_at=from_ms(hole.became_ms),
        acknowledged_at=None if hole.acknowledged_ms is None else from_ms(hole.acknowledged_ms),
        chased=tuple(hole.chased),
        chased_count=hole.chased_count,
        last_chased_at=None if hole.chased_ms is None else from_ms(hole.chased_ms),
        ended_at=None if answer is None else from_ms(answer.at_ms),
        ended_by=None if answer is None else answer.name,
    )
