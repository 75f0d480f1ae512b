"""By when: deadlines on a calendar, with the time left out in which a clock was paused."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from listener.domain.document import Document
from stream.moments import HOUR_MS
from stream.triage.business_time import BusinessTime
from stream.triage.promises import Hours

Pause = tuple[int, int]
"""From and until, in milliseconds since 1970."""
Days = Annotated[int, Field(ge=1, le=3660)]


class Due(Document):
    """How long a clock has; where several are given, the latest of them."""

    hours: Hours | None = None
    """Hours that pass, open or closed."""
    opening_hours: Hours | None = None
    """Hours of the calendar's opening time."""
    calendar_days: Days | None = None
    """Days later at the same time by the wall clock."""
    business_days: Days | None = None
    """The same time of day on the nth business day after the day of the start."""
    close_of_business_day: Days | None = None
    """The close of the nth business day after the day of the start."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(value is not None for value in self.__dict__.values()):
            raise ValueError(f"say one of {', '.join(type(self).model_fields)}")
        return self

    def at(self, calendar: BusinessTime, start_ms: int, pauses: Sequence[Pause]) -> int:
        """When it is due; pauses by time, none overlapping another, none before the start."""
        found = []
        if self.hours is not None:
            found.append(put_off(start_ms + round(self.hours * HOUR_MS), pauses))
        if self.opening_hours is not None:
            found.append(after_opening(calendar, start_ms, round(self.opening_hours * HOUR_MS), pauses))
        if self.calendar_days is not None:
            found.append(put_off(calendar.calendar_days(start_ms, self.calendar_days), pauses))
        if self.business_days is not None:
            found.append(_nth(calendar.business_days(start_ms), self.business_days, pauses))
        if self.close_of_business_day is not None:
            found.append(_nth(calendar.closes(start_ms), self.close_of_business_day, pauses))
        return max(found)


def after_opening(calendar: BusinessTime, start_ms: int, opening_ms: int, pauses: Sequence[Pause]) -> int:
    """When so much opening time has passed outside the pauses; a holiday within a pause is not made good twice."""
    for begin, end in pauses:
        used = calendar.between(start_ms, begin)
        if used >= opening_ms:
            break
        opening_ms -= used
        start_ms = end
    return calendar.add(start_ms, opening_ms)


def put_off(due_ms: int, pauses: Sequence[Pause]) -> int:
    """The deadline, later by each pause that began before it."""
    for begin, end in pauses:
        if begin >= due_ms:
            break
        due_ms += end - begin
    return due_ms


def _nth(moments: Iterator[int], count: int, pauses: Sequence[Pause]) -> int:
    """The nth of these moments that lies in no pause."""
    for moment in moments:
        if not any(begin <= moment < end for begin, end in pauses):
            count -= 1
        if count == 0:
            return moment
    raise AssertionError("a calendar goes on for ever")
