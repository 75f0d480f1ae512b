"""The time that a page of analysis looks at, as its address tells it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from listener.domain.contract import FIRST_YEAR, LAST_YEAR, format_utc
from listener.domain.errors import UsageError

DEFAULT_DAYS = 90
SPANS = ((7, "7 days"), (28, "4 weeks"), (90, "90 days"), (365, "a year"))
"""What can be chosen with one click."""


@dataclass(frozen=True)
class Period:
    """``since <= time < until``."""

    since: datetime
    until: datetime

    @property
    def query(self) -> dict[str, str]:
        """As parameters of an address that shows the same again."""
        return {"since": _short(self.since), "until": _short(self.until)}

    @property
    def options(self) -> str:
        """As options of `listener report`."""
        return " ".join(f"--{name} {moment}" for name, moment in self.query.items())

    def select(self, view: str, **others: str) -> str:
        """A statement for a person to copy: this view in this period; nothing runs it here.

        Args:
            others: further parameters of the view.
        """
        told = others | {"since": format_utc(self.since), "until": format_utc(self.until)}
        parameters = ", ".join(f"{name} = {_quoted(text)}" for name, text in told.items())
        return f"SELECT * FROM {view}({parameters})"  # noqa: S608 - shown, not run

    @property
    def days(self) -> int:
        """How many days it has, a begun one as a whole."""
        return -(-(self.until - self.since) // timedelta(days=1))


@dataclass(frozen=True)
class Choice:
    """A period that can be chosen with one click."""

    label: str
    period: Period
    chosen: bool


def period_of(query: Mapping[str, str], heard: tuple[datetime, datetime] | None, now: datetime) -> Period:
    """The period that an address asks for; where it says nothing, the last `DEFAULT_DAYS` of what was heard.

    Args:
        query: with `since` and `until`, each a date or a time in ISO 8601, UTC where no zone is given.
        heard: the first and the last time at which something was said; None where nothing was.

    Raises:
        UsageError: one of the two is no date, or they are the wrong way round.
    """
    end = end_of(heard, now)
    until = moment_of(query, "until") or end
    since = moment_of(query, "since") or until - timedelta(days=DEFAULT_DAYS)
    if since >= until:
        raise UsageError(
            f"From {since:%Y-%m-%d %H:%M} is not before {until:%Y-%m-%d %H:%M}: choose other dates"
        )
    return Period(since, until)


def choices(chosen: Period, heard: tuple[datetime, datetime] | None, now: datetime) -> Iterator[Choice]:
    """The periods that can be chosen with one click; all of them end with what was heard last."""
    end = end_of(heard, now)
    for days, label in SPANS:
        period = Period(end - timedelta(days=days), end)
        yield Choice(label, period, period == chosen)
    if heard is not None:
        everything = Period(_midnight(heard[0]), end)
        yield Choice("all", everything, everything == chosen)


def end_of(heard: tuple[datetime, datetime] | None, now: datetime) -> datetime:
    """The midnight (UTC) after what was heard last; a time to come, as a wrong clock tells it, does not count."""
    last = now if heard is None else min(heard[1], now)
    return _midnight(last) + timedelta(days=1)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def _short(moment: datetime) -> str:
    at_midnight = moment == _midnight(moment)
    return moment.astimezone(UTC).date().isoformat() if at_midnight else format_utc(moment)


def moment_of(query: Mapping[str, Any], name: str) -> datetime | None:
    """The date or time under a name, in UTC where no zone is given; None where there is none.

    Raises:
        UsageError: it is no date, or of a year that Listener does not know.
    """
    text = str(query.get(name, "")).strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.max.replace(tzinfo=UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise UsageError(
            f"{name}: {text[:40]} is not a date or a time of the years {FIRST_YEAR} to {LAST_YEAR}, such as "
            "2026-01-31 or 2026-01-31T12:00Z"
        )
    return moment
