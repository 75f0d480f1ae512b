"""The common ways of writing a moment, read without guessing: what is ambiguous is refused."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from listener.domain.errors import Rejected, UsageError

DateOrder = Literal["month-first", "day-first"]

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*(\S.*)?)?"
)
_TWITTER = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{2}:\d{2}:\d{2}) (?:([+-]\d{4}|UTC|GMT) )?(\d{4})"
)
_RFC_2822 = re.compile(r"(?:[A-Z][a-z]{2}, *)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{1,2}:\d{2}.*")
_NUMBERED = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})"
    r"(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*([AaPp][Mm])?\s*(\S.*)?)?"
)
_NUMBER = re.compile(r"\d{8,19}(?:\.\d+)?")
_MONTH_NAME = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Digits of whole epoch seconds, milliseconds, microseconds and nanoseconds from 2001 to 2286.
_EPOCH_UNITS = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}
# Two days that differ in everything: what a text leaves open differs in the results.
_DEFAULTS = (datetime(2000, 1, 1), datetime(2011, 2, 2, 2, 2, 2))  # noqa: DTZ001 - only compared


def parse_zone(text: str) -> tzinfo:
    """A zone by its name (``Europe/Berlin``), ``UTC``, or an offset (``+02:00``).

    Raises:
        UsageError: there is no such zone.
    """
    if text.upper() in {"UTC", "Z", "GMT"}:
        return UTC
    offset = _OFFSET.fullmatch(text)
    try:
        return _offset(offset) if offset else ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: a directory of zones, such as "Europe"
        raise UsageError(
            f"--zone {text}: no such time zone; give a name such as Europe/Berlin, UTC, or an offset like +02:00"
        ) from None


def parse_time(text: str, order: DateOrder | None = None) -> datetime:
    """A moment from its text; naive where the text names no zone.

    Understood: ISO 8601 and its variants with blanks or slashes, ``Tue Oct 31 22:10:47 +0000 2017``, RFC 2822,
    seconds, milliseconds, micro- and nanoseconds since 1970, dates with month names, and numbered dates.

    Args:
        order: what comes first in ``02/03/2015``; such a date is refused where it is None, one like
            ``13/03/2015`` is not. With dots (``02.03.2015``) the day comes first.

    Raises:
        Rejected: not a time (``invalid``), or not clear which (``ambiguous-date``).
    """
    text = text.strip()
    try:
        found = _iso(text) or _twitter(text) or _number(text) or _numbered(text, order) or _named(text)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Rejected("invalid", f"not a time that is understood: {text[:60]!r}")
    return found


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, clock, zone = match.groups()
    return _assemble(int(year), int(month), int(day), clock, zone)


def _twitter(text: str) -> datetime | None:
    match = _TWITTER.fullmatch(text)
    if match is None:
        return None
    month, day, clock, zone, year = match.groups()
    return _assemble(int(year), _MONTHS.index(month) + 1, int(day), clock, zone)


def _number(text: str) -> datetime | None:
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    if len(whole) in _EPOCH_UNITS:
        micros = int(whole) * 1_000_000 // int(_EPOCH_UNITS[len(whole)])
        return _EPOCH + timedelta(
            microseconds=micros + (int(float(f"0.{fraction}") * 1e6) if fraction else 0)
        )
    if len(whole) == 8 and not fraction:
        return datetime.combine(date.fromisoformat(whole), datetime.min.time())
    if len(whole) == 14 and not fraction:
        return datetime.strptime(whole, "%Y%m%d%H%M%S")  # noqa: DTZ007 - naive is told from aware later
    return None


def _numbered(text: str, order: DateOrder | None) -> datetime | None:
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return None
    first, separator, second, year, clock, half, zone = match.groups()
    if separator == ".":
        order = "day-first"
    if order is None:
        if int(first) <= 12 and int(second) <= 12 and first != second:
            raise Rejected(
                "ambiguous-date",
                f"{text[:30]!r} may be day/month or month/day; say --dates day-first or --dates month-first",
            )
        order = "day-first" if int(first) > 12 else "month-first"
    day, month = (int(first), int(second)) if order == "day-first" else (int(second), int(first))
    found = _assemble(int(year), month, day, clock, zone)
    if found is None or not half:
        return found
    if not 1 <= found.hour <= 12:
        return None
    return found.replace(hour=found.hour % 12 + (12 if half.lower() == "pm" else 0))


def _named(text: str) -> datetime | None:
    """Dates with the month's name, complete down to the day and, if there is a time, to the minute."""
    if len(text) > 60 or not _MONTH_NAME.search(text):
        return None
    if _RFC_2822.fullmatch(text):
        return parsedate_to_datetime(text)
    if not re.search(r"\d{4}", text):
        return None
    one, other = (dateutil_parser.parse(text, default=default) for default in _DEFAULTS)
    if ":" not in text:
        one, other = (moment.replace(hour=0, minute=0, second=0) for moment in (one, other))
    elif text.count(":") == 1:
        one, other = (moment.replace(second=0) for moment in (one, other))
    return one if one == other else None


def _assemble(year: int, month: int, day: int, clock: str | None, zone: str | None) -> datetime | None:
    zone_info: tzinfo | None = None
    if zone:
        offset = _OFFSET.fullmatch(zone)
        if offset:
            zone_info = _offset(offset)
        elif zone.upper() in {"Z", "UTC", "GMT"}:
            zone_info = UTC
        elif re.fullmatch(r"[+-]\d{2}", zone):
            zone_info = timezone(timedelta(hours=int(zone)))
        else:
            return None
    hour, minute, second, micros = 0, 0, 0, 0
    if clock:
        parts = clock.replace(",", ".").split(":")
        hour, minute = int(parts[0]), int(parts[1])
        if len(parts) > 2:
            whole, _, fraction = parts[2].partition(".")
            second = int(whole)
            micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    return datetime(year, month, day, hour, minute, second, micros, tzinfo=zone_info)


def _offset(match: re.Match[str]) -> tzinfo:
    sign, hours, minutes = match.groups()
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-delta if sign == "-" else delta)
