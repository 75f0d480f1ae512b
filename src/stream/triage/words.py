"""Days, spans and lists as people say them, in English."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from stream.moments import DAY_MS, HOUR_MS, MINUTE_MS, from_ms

_UNITS = ((14 * DAY_MS, 7 * DAY_MS, "week"), (2 * DAY_MS, DAY_MS, "day"), (HOUR_MS, HOUR_MS, "hour"))
"""From how much on, in which unit."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Days:
    """Days of one line of text: the year stands where it is not the one that stood before.

    Args:
        zone: whose days they are.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._year: int | None = None

    def of_date(self, day: date) -> str:
        """``3 Dec 2025``, or ``3 Dec``."""
        said = f"{day.day} {_MONTHS[day.month - 1]}"
        if day.year != self._year:
            self._year = day.year
            said += f" {day.year}"
        return said

    def of(self, at_ms: int) -> str:
        """The day of a moment."""
        return self.of_date(self._local(at_ms).date())

    def on(self, at_ms: int) -> str:
        """``on 3 Dec``."""
        return f"on {self.of(at_ms)}"

    def between(self, first_ms: int, last_ms: int) -> str:
        """``on 3 Dec`` where both are on the same day, else ``from 3 to 9 Dec``."""
        if first_ms == last_ms:
            return self.on(first_ms)
        first, last = self._local(first_ms).date(), self._local(last_ms).date()
        if first == last:
            return f"on {self.of_date(first)}"
        if (first.year, first.month) == (last.year, last.month):
            return f"from {first.day} to {self.of_date(last)}"
        return f"from {self.of_date(first)} to {self.of_date(last)}"

    def with_time(self, at_ms: int) -> str:
        """``3 Dec 09:15 UTC``."""
        local = self._local(at_ms)
        return f"{self.of_date(local.date())} {local:%H:%M %Z}"

    def _local(self, at_ms: int) -> datetime:
        return from_ms(at_ms).astimezone(self._zone)


def span(milliseconds: int) -> str:
    """How long something took: ``3 hours``."""
    for least, unit_ms, unit in _UNITS:
        if milliseconds >= least:
            return count_of(milliseconds // unit_ms, unit)
    return count_of(max(1, milliseconds // MINUTE_MS), "minute")


def count_of(number: int, what: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def joined(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return ", ".join(parts) if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"
