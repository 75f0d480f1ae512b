"""The clocks of what the company promised: first and next responses, and resolutions."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from listener.domain.clock import Clock
from stream.triage.black_holes import black_hole_ms, can_vanish
from stream.triage.business_time import BusinessTime
from stream.triage.cases import DraftCase
from stream.triage.course import Course
from stream.triage.due import Pause, after_opening
from stream.triage.events import Act, Said
from stream.triage.failed_contacts import Attempt, Verdict, queue_of_contact
from stream.triage.policy import Policy
from stream.triage.standing_clock import Start, clock_of, ends, stand

MAX_LAST = 9
MAX_LATE = 10
"""Of the last attempts of a case, and of the last ones that were late, so many have a clock beside the first."""


def response_clocks(verdict: Verdict, policy: Policy, now_ms: int) -> Iterator[Clock]:
    """One clock for each attempt; of many the first, the last, and those that were late."""
    attempts = verdict.attempts
    for place in _shown(attempts):
        attempt = attempts[place]
        kind = "first_response" if place == 0 else "next_response"
        start = Start(attempt.first.name, attempt.first.at_ms, attempt.kept, attempt.live)
        reckon = partial(_response_due, attempt, policy)
        stop = attempt.answer
        standing = stand(start, None if stop is None else stop.at_ms, (), reckon, now_ms)
        hole_ms = black_hole_ms(attempt, policy) if can_vanish(attempts, place) else None
        yield clock_of(kind, start, stop, standing, policy, now_ms, hole_ms=hole_ms)


def _shown(attempts: Sequence[Attempt]) -> Iterable[int]:
    if len(attempts) <= 1 + MAX_LAST:
        return range(len(attempts))
    late = [place for place, attempt in enumerate(attempts) if attempt.late]
    return sorted({0, *late[-MAX_LATE:], *range(len(attempts) - MAX_LAST, len(attempts))})


def _response_due(attempt: Attempt, policy: Policy, _: Sequence[Pause], /) -> tuple[int, int]:
    said, queue = attempt.urgent, attempt.queue
    whole_ms = queue.response_ms(said.row.channel, answered=attempt.follows_answer)
    warn_after = (queue.warn_at or policy.warn_at).after_ms(whole_ms)
    return attempt.due_ms, policy.working_time[queue.calendar].add(said.at_ms, warn_after)


def resolution_clocks(case: DraftCase, course: Course, policy: Policy, now_ms: int) -> Iterator[Clock]:
    """From opening, and from each reopening, to the end; of many the first and the last."""
    kept = any(not said.row.deleted for said in case.contacts)
    for matter in ends(course.matters):
        opened, stop = matter.opened_by, matter.ended_by
        said = opened if isinstance(opened, Said) else _contact(case, opened)
        if said is None:
            continue
        queue = queue_of_contact(policy, said)
        whole_ms = queue.resolution_ms(said.row.channel)
        if whole_ms is None:
            continue
        start = Start(said.name, opened.at_ms, kept, live=not said.row.historical)
        warn_after = (queue.warn_at or policy.warn_at).after_ms(whole_ms)
        reckon = partial(
            _resolution_due, policy.working_time[queue.calendar], opened.at_ms, whole_ms, warn_after
        )
        waits = course.waits if queue.pause_while_waiting else ()
        standing = stand(start, None if stop is None else stop.at_ms, waits, reckon, now_ms)
        yield clock_of("resolution", start, stop, standing, policy, now_ms)


def _resolution_due(
    calendar: BusinessTime, start_ms: int, whole_ms: int, warn_after: int, pauses: Sequence[Pause], /
) -> tuple[int, int]:
    return (
        after_opening(calendar, start_ms, whole_ms, pauses),
        after_opening(calendar, start_ms, warn_after, pauses),
    )


def _contact(case: DraftCase, act: Act) -> Said | None:
    """The contact that a person's act names."""
    name = act.row.contacts[0]
    return next((said for said in case.contacts if said.name == name), None)
