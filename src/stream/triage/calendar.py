"""Business calendars as a policy names them: a time zone, opening hours, holidays, exceptions.

What is open when is told in wall-clock time of the zone: a calendar is open at an instant exactly if the clock on
the wall shows a time within the hours of that day. So a night of which daylight saving takes an hour has an
hour less of opening time, and the hour that comes twice is open twice.
"""

import re
from datetime import date
from functools import cached_property
from importlib.metadata import version
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from listener.domain.document import Document

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
_SAMPLE_YEARS = (2026, 2027)
"""The years in which a calendar must be open at all."""

Minutes = tuple[int, int]
"""A span of a day in minutes after midnight; it goes on into the next day where the end is beyond 24 hours."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # what zoneinfo raises depends on what the name looks like
        raise ValueError(f"{name} is no IANA time zone such as Europe/London") from None
    return name


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _span(text: str) -> str:
    minutes_of(text)
    return text


def minutes_of(text: str) -> Minutes:
    """A span such as ``09:00-17:30``; one that ends no later than it starts ends on the next day.

    Raises:
        ValueError: it is no span.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no span of hours such as 09:00-17:30")
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    if end > DAY_MINUTES:
        raise ValueError(f"{text!r}: the day ends at 24:00")
    return start, end if end > start else end + DAY_MINUTES


Span = Annotated[str, AfterValidator(_span)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_one_or_more)]


def _dates_as_text(value: Any) -> Any:
    """Keys as people wrote them: YAML reads dates, and messages would name them as Python does."""
    return {str(key): spans for key, spans in value.items()} if isinstance(value, dict) else value


def _days(value: Any) -> Any:
    """``monday-friday`` stands for each of these days."""
    if not isinstance(value, dict):
        return value
    hours: dict[Any, Any] = {}
    for key, spans in value.items():
        first, _, last = str(key).partition("-")
        names = [key]
        if first in WEEKDAYS and last in WEEKDAYS:
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
            names = [WEEKDAYS[day % 7] for day in range(start, end + 1 if end >= start else end + 8)]
        for name in names:
            if name in hours:
                raise ValueError(f"{name} stands twice")
            hours[name] = spans
    return hours


def _unknown(field: str, name: str) -> ValidationError:
    problem = PydanticCustomError("holidays", "the package holidays knows no {name}", {"name": name})
    return ValidationError.from_exception_data(
        "PublicHolidays", [{"type": problem, "loc": (field,), "input": None}]
    )


class PublicHolidays(Document):
    """The public holidays of a country, as the package `holidays` knows them.

    It is imported where it is used: that takes a third of a second, which most commands need not wait.
    """

    country: str = Field(pattern=r"^[A-Z]{2}$")
    """ISO 3166-1 code, such as GB."""
    subdivision: str | None = None
    """As the package names it, such as ENG for England; the whole country's where none is given."""

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        import holidays

        known = holidays.list_supported_countries()
        if self.country not in known:
            raise _unknown("country", self.country)
        if self.subdivision is not None and self.subdivision not in known[self.country]:
            raise _unknown("subdivision", self.subdivision)
        return self

    def dates(self, year: int) -> frozenset[date]:
        """The holidays of a year."""
        import holidays

        return frozenset(holidays.country_holidays(self.country, subdiv=self.subdivision, years=year))

    @staticmethod
    def edition() -> str:
        """Which edition of the holidays this is."""
        return f"holidays {version('holidays')}"


class CalendarRules(Document):
    """When a team, or a regulator, is open."""

    zone: Annotated[str, AfterValidator(_zone)]
    """IANA time zone."""
    hours: Annotated[dict[Weekday, Spans], BeforeValidator(_days)]
    """Opening hours by weekday; the days that are not named are closed."""
    holidays: PublicHolidays | None = None
    """Public holidays are closed."""
    closed: tuple[date, ...] = ()
    """More days that are closed."""
    exceptions: Annotated[dict[date, Spans], BeforeValidator(_dates_as_text)] = Field(default_factory=dict)
    """Days with other hours, whatever else they are; none: closed."""

    @model_validator(mode="after")
    def _is_open_at_times(self) -> Self:
        for year in _SAMPLE_YEARS:
            closed = self.closed_dates(year)
            days = (date.fromordinal(day) for day in range(*_ordinals(year)))
            if not any(self.spans(day, closed) for day in days):
                raise ValueError(f"it is never open in all of {year}")
        return self

    def closed_dates(self, year: int) -> frozenset[date]:
        """Public holidays and own closed days of a year."""
        public = self.holidays.dates(year) if self.holidays is not None else frozenset()
        return public | {day for day in self.closed if day.year == year}

    def spans(self, day: date, closed: frozenset[date]) -> tuple[Minutes, ...]:
        """The hours that begin on a day.

        Args:
            closed: what `closed_dates` says of its year.
        """
        special = self._special.get(day)
        if special is not None:
            return special
        return () if day in closed else self._weekly[day.weekday()]

    @cached_property
    def _weekly(self) -> tuple[tuple[Minutes, ...], ...]:
        return tuple(tuple(map(minutes_of, self.hours.get(day, ()))) for day in WEEKDAYS)

    @cached_property
    def _special(self) -> dict[date, tuple[Minutes, ...]]:
        return {day: tuple(map(minutes_of, spans)) for day, spans in self.exceptions.items()}


def _ordinals(year: int) -> tuple[int, int]:
    return date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
