"""The clocks of a case: a pure function of contacts, answers, policy and now."""

from collections.abc import Iterable, Iterator

from listener.domain.clock import Clock, ClockState
from stream.moments import to_ms
from stream.triage.cases import DraftCase
from stream.triage.course import course_of
from stream.triage.failed_contacts import Verdict
from stream.triage.policy import Policy
from stream.triage.promised_clocks import resolution_clocks, response_clocks
from stream.triage.regulated_clocks import regulatory_clocks

MAX_CLOCKS = 40
"""Shown of a case."""
_OPEN: frozenset[ClockState] = frozenset({"running", "paused"})


def clocks_of(case: DraftCase, verdict: Verdict, policy: Policy, now_ms: int) -> tuple[Clock, ...]:
    """The clocks of a case as they stand at `now_ms`, in the order in which they started.

    Of a long case those that are open, and the first and the last of each kind, and late responses.
    """
    clocks = [*response_clocks(verdict, policy, now_ms)]
    if policy.clocks_in_force or policy.promises_resolution:
        course = course_of(case.events)
        clocks.extend(resolution_clocks(case, course, policy, now_ms))
        for rule in policy.clocks_in_force:
            clocks.extend(regulatory_clocks(case, course, rule, policy, now_ms))
        clocks.sort(key=lambda clock: (clock.started_at, clock.family, clock.kind, clock.anchor))
    return tuple(clocks)


def clocks_shown(clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """What a snapshot has of them where there are too many for it: none is alerted to or looked at any less.

    The first, those that are open, the next due first, those that are breached, the others, the latest first.
    """
    if len(clocks) <= MAX_CLOCKS:
        return clocks

    def rank(place: int) -> tuple[bool, bool, int]:
        clock = clocks[place]
        is_open, due_ms = clock.state in _OPEN, to_ms(clock.due_at)
        return place > 0 and not is_open, clock.state != "breached", due_ms if is_open else -due_ms

    return tuple(clocks[place] for place in sorted(sorted(range(len(clocks)), key=rank)[:MAX_CLOCKS]))


def next_change_ms(clocks: Iterable[Clock], now_ms: int) -> int | None:
    """When the next of these clocks says something else if nothing happens until then; None if none will.

    It warns at `warn_at`, is breached from the first millisecond after `due_at` on, and at `black_hole_at` its
    contact becomes a black hole. Historical clocks never ask to be looked at.
    """
    moments = (moment for clock in clocks if not clock.historical for moment in _changes(clock))
    return min((moment for moment in moments if moment > now_ms), default=None)


def _changes(clock: Clock) -> Iterator[int]:
    if clock.state == "running":
        if clock.warn_at is not None:
            yield to_ms(clock.warn_at)
        yield to_ms(clock.due_at) + 1
    if clock.black_hole_at is not None and clock.stopped_at is None and clock.state != "withdrawn":
        yield to_ms(clock.black_hole_at)
