"""The clocks that regulators' rules start: for each complaint by a rule, one for each stage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from listener.domain.clock import Clock
from stream.triage.business_time import BusinessTime
from stream.triage.cases import DraftCase
from stream.triage.course import Course
from stream.triage.due import Pause
from stream.triage.events import Answer, Said
from stream.triage.policy import Policy
from stream.triage.promises import WarnAt
from stream.triage.regulation import RegulatoryClock, Stage, is_final
from stream.triage.standing_clock import Start, clock_of, ends, stand


@dataclass(slots=True)
class _Complaint:
    """A complaint by a regulator's rule: from the first contact that counts to the final response.

    Attributes:
        stops: the first valid stop of each stage.
        declared_none: a person said that none of its contacts is one.
    """

    start: Start
    stops: list[Answer | None]
    declared_none: bool


def regulatory_clocks(
    case: DraftCase, course: Course, rule: RegulatoryClock, policy: Policy, now_ms: int
) -> Iterator[Clock]:
    """The clocks of the first and of the last complaint by a rule."""
    calendar = policy.working_time[rule.calendar]
    waits = course.waits if rule.pause_while_waiting else ()
    for complaint in ends(_complaints(case, rule)):
        start = complaint.start
        for stage, stop in zip(rule.stages, complaint.stops, strict=True):
            reckon = partial(_stage_due, stage, calendar, stage.warn_at or policy.warn_at, start.at_ms)
            standing = stand(start, None if stop is None else stop.at_ms, waits, reckon, now_ms)
            if complaint.declared_none:
                standing = standing._replace(state="withdrawn", paused_ms=None)
            yield clock_of(
                f"{rule.name}.{stage.name}",
                start,
                stop,
                standing,
                policy,
                now_ms,
                family="regulatory",
                jurisdiction=rule.jurisdiction,
            )


def _stage_due(
    stage: Stage, calendar: BusinessTime, warn_at: WarnAt, start_ms: int, pauses: Sequence[Pause], /
) -> tuple[int, int]:
    """A stage warns the same time before its end, however long it was paused."""
    due_ms = stage.due.at(calendar, start_ms, pauses)
    whole_ms = (stage.due.at(calendar, start_ms, ()) if pauses else due_ms) - start_ms
    return due_ms, due_ms - whole_ms + warn_at.after_ms(whole_ms)


def _complaints(case: DraftCase, rule: RegulatoryClock) -> list[_Complaint]:
    complaints: list[_Complaint] = []
    current: _Complaint | None = None
    for event in case.events:
        if isinstance(event, Said):
            counts = rule.counts(event, case.declared.get(event.name))
            if counts is False:
                continue
            if current is None or (counts and current.declared_none):
                start = Start(event.name, event.at_ms, kept=False, live=False)
                current = _Complaint(start, [None] * len(rule.stages), declared_none=counts is None)
                complaints.append(current)
            current.start.kept |= not event.row.deleted
            current.start.live |= not event.row.historical
        elif isinstance(event, Answer) and current is not None:
            for number, stage in enumerate(rule.stages):
                if current.stops[number] is None and stage.is_stopped_by(event):
                    current.stops[number] = event
            if is_final(event):
                current = None
    return complaints
