"""Arithmetic in business time, in whole milliseconds since 1970.

Opening times are made into instants year by year and kept, so a sum costs microseconds; a year that was
never asked for costs some milliseconds once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from stream.moments import DAY_MS, MINUTE_MS, from_ms, to_ms
from stream.triage.calendar import DAY_MINUTES, CalendarRules

LAST_YEAR = 2298
"""No deadline lies beyond it: ClickHouse holds the years up to 2299."""
_YEARS = tuple(to_ms(datetime(year, 1, 1, tzinfo=UTC)) for year in range(1890, LAST_YEAR + 2))
_FIRST_YEAR = 1890
LAST_MS = _YEARS[-1]
_WIDEST_OFFSET = timedelta(hours=16)
"""More than any zone's distance from UTC."""


class BusinessTime(Protocol):
    """A calendar to reckon with."""

    def add(self, start_ms: int, opening_ms: int) -> int:
        """The first instant at which so much opening time has passed since the start."""
        ...

    def between(self, start_ms: int, end_ms: int) -> int:
        """How much opening time lies between two instants, the earlier first."""
        ...

    def calendar_days(self, start_ms: int, days: int) -> int:
        """So many days later, at the same time by the wall clock."""
        ...

    def business_days(self, start_ms: int) -> Iterator[int]:
        """The same time of day on the first, second, third, ... business day after the day of the start."""
        ...

    def closes(self, start_ms: int) -> Iterator[int]:
        """The close of the first, second, third, ... business day after the day of the start."""
        ...


class AlwaysOpen:
    """Every minute of every day, in UTC."""

    def add(self, start_ms: int, opening_ms: int) -> int:
        """As `BusinessTime.add`."""
        return min(start_ms + opening_ms, LAST_MS)

    def between(self, start_ms: int, end_ms: int) -> int:
        """As `BusinessTime.between`."""
        return end_ms - start_ms

    def calendar_days(self, start_ms: int, days: int) -> int:
        """As `BusinessTime.calendar_days`."""
        return min(start_ms + days * DAY_MS, LAST_MS)

    def business_days(self, start_ms: int) -> Iterator[int]:
        """As `BusinessTime.business_days`."""
        while True:
            start_ms = self.calendar_days(start_ms, 1)
            yield start_ms

    def closes(self, start_ms: int) -> Iterator[int]:
        """As `BusinessTime.closes`: a day ends at midnight."""
        return self.business_days(start_ms // DAY_MS * DAY_MS + DAY_MS)


ALWAYS = AlwaysOpen()


class _Year(NamedTuple):
    """The opening times that lie within one year in UTC, none touching another.

    Attributes:
        before: opening time of the year before each of them, and at last all of it.
    """

    starts: list[int]
    ends: list[int]
    before: list[int]


class _Days(NamedTuple):
    """The business days of one year by the wall clock: their ordinals, and when each closes."""

    ordinals: list[int]
    closes: list[int]


class OpeningHours:
    """A calendar of a policy, ready to reckon with; may be shared by threads."""

    def __init__(self, rules: CalendarRules) -> None:
        self._rules = rules
        self._zone = ZoneInfo(rules.zone)
        self._years: dict[int, _Year] = {}
        self._days: dict[int, _Days] = {}
        self._closed: dict[int, frozenset[date]] = {}

    def add(self, start_ms: int, opening_ms: int) -> int:
        """As `BusinessTime.add`."""
        if opening_ms <= 0:
            return start_ms
        number = _year_of(start_ms)
        year = self._year(number)
        upto = _opened(year, start_ms) + opening_ms
        while upto > year.before[-1]:
            upto -= year.before[-1]
            number += 1
            if number > LAST_YEAR:
                return LAST_MS
            year = self._year(number)
        place = bisect_left(year.before, upto) - 1
        return year.starts[place] + upto - year.before[place]

    def between(self, start_ms: int, end_ms: int) -> int:
        """As `BusinessTime.between`."""
        first, last = _year_of(start_ms), _year_of(end_ms)
        whole = sum(self._year(number).before[-1] for number in range(first, last))
        return whole + _opened(self._year(last), end_ms) - _opened(self._year(first), start_ms)

    def calendar_days(self, start_ms: int, days: int) -> int:
        """As `BusinessTime.calendar_days`; a time that the zone leaves out is an hour later by the wall clock."""
        local = self._local(start_ms)
        return self._at(local.date().toordinal() + days, local)

    def business_days(self, start_ms: int) -> Iterator[int]:
        """As `BusinessTime.business_days`."""
        local = self._local(start_ms)
        for ordinal, _ in self._days_after(local.date()):
            yield self._at(ordinal, local)

    def closes(self, start_ms: int) -> Iterator[int]:
        """As `BusinessTime.closes`."""
        for _, close in self._days_after(self._local(start_ms).date()):
            yield close

    def _local(self, instant_ms: int) -> datetime:
        return from_ms(instant_ms).astimezone(self._zone)

    def _at(self, ordinal: int, local: datetime) -> int:
        day = date.fromordinal(ordinal)
        if day.year > LAST_YEAR:
            return LAST_MS
        return to_ms(local.replace(year=day.year, month=day.month, day=day.day))

    def _days_after(self, day: date) -> Iterator[tuple[int, int]]:
        ordinal = day.toordinal()
        for number in range(day.year, LAST_YEAR + 1):
            days = self._days_of(number)
            first = bisect_right(days.ordinals, ordinal)
            yield from zip(days.ordinals[first:], days.closes[first:], strict=True)
        while True:
            yield ordinal, LAST_MS

    def _days_of(self, number: int) -> _Days:
        known = self._days.get(number)
        if known is None:
            first, last = date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal()
            found = [
                (ordinal, open_times[-1][1])
                for ordinal in range(first, last + 1)
                if (open_times := self._opening_times(date.fromordinal(ordinal)))
            ]
            known = _Days([ordinal for ordinal, _ in found], [close for _, close in found])
            self._days[number] = known
        return known

    def _year(self, number: int) -> _Year:
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._make_year(number)
        return known

    def _make_year(self, number: int) -> _Year:
        """Of all days of which a part lies within the year in UTC, that part."""
        begin, end = _YEARS[number - _FIRST_YEAR], _YEARS[number - _FIRST_YEAR + 1]
        first, last = date(number, 1, 1).toordinal() - 2, date(number, 12, 31).toordinal() + 1
        pieces = sorted(
            (max(opens, begin), min(closes, end))
            for ordinal in range(first, last + 1)
            for opens, closes in self._opening_times(date.fromordinal(ordinal))
            if opens < end and closes > begin
        )
        starts: list[int] = []
        ends: list[int] = []
        for opens, closes in pieces:
            if ends and opens <= ends[-1]:
                ends[-1] = max(ends[-1], closes)
            else:
                starts.append(opens)
                ends.append(closes)
        lengths = (closes - opens for opens, closes in zip(starts, ends, strict=True))
        return _Year(starts, ends, list(accumulate(lengths, initial=0)))

    def _opening_times(self, day: date) -> list[tuple[int, int]]:
        """The opening times that begin on a day, by time; a span over midnight has a part on each day."""
        spans = self._rules.spans(day, self._closed_in(day.year))
        if not spans:
            return []
        today = [(start, min(end, DAY_MINUTES)) for start, end in spans]
        found = _instants(self._zone, day, today)
        tomorrow = [(0, end - DAY_MINUTES) for _, end in spans if end > DAY_MINUTES]
        if tomorrow:
            found += _instants(self._zone, day + timedelta(days=1), tomorrow)
        return sorted(found)

    def _closed_in(self, year: int) -> frozenset[date]:
        known = self._closed.get(year)
        if known is None:
            known = self._closed[year] = self._rules.closed_dates(year)
        return known


def _year_of(instant_ms: int) -> int:
    return _FIRST_YEAR + min(max(bisect_right(_YEARS, instant_ms) - 1, 0), len(_YEARS) - 2)


def _opened(year: _Year, instant_ms: int) -> int:
    """Opening time of a year until an instant."""
    place = bisect_right(year.starts, instant_ms) - 1
    if place < 0:
        return 0
    return year.before[place] + min(instant_ms, year.ends[place]) - year.starts[place]


def _instants(zone: ZoneInfo, day: date, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """When the wall clock shows a time within these minutes of a day."""
    midnight = to_ms(datetime(day.year, day.month, day.day, tzinfo=UTC))
    found = []
    for begin, end, offset_ms in _offsets(zone, day):
        for start, stop in spans:
            opens = max(begin, midnight + start * MINUTE_MS - offset_ms)
            closes = min(end, midnight + stop * MINUTE_MS - offset_ms)
            if opens < closes:
                found.append((opens, closes))
    return found


def _offsets(zone: ZoneInfo, day: date) -> Iterator[tuple[int, int, int]]:
    """The distance from UTC around a day: (from, until, ms), usually one, two where the clocks change."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    begin, end = midnight - _WIDEST_OFFSET, midnight + timedelta(days=1) + _WIDEST_OFFSET
    at, offset = begin, _offset(zone, begin)
    if _offset(zone, end) == offset:
        yield to_ms(begin), to_ms(end), offset
        return
    since = begin
    while at < end:
        at += timedelta(hours=1)
        if _offset(zone, at) != offset:
            change = _change(zone, at - timedelta(hours=1), at)
            yield to_ms(since), to_ms(change), offset
            since, offset = change, _offset(zone, at)
    yield to_ms(since), to_ms(at), offset


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the distance changes between two instants."""
    offset = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    passed = instant.astimezone(zone).utcoffset()
    return 0 if passed is None else passed // timedelta(milliseconds=1)
