"""``listener spikes``: unusual numbers in a series, offline."""

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

import click

from listener.domain.errors import UsageError
from listener.statistics.spikes import SpikeSettings, SpikeWatch

DEFAULTS = SpikeSettings()


@click.command("spikes")
# What is no UTF-8 is no time and no number either, and is told of with its line; decoding would not know the line.
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"), default="-")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULTS.threshold,
    show_default=True,
    help="Usual deviations above what is expected that are a spike.",
)
@click.option(
    "--window-minutes",
    type=click.FloatRange(min=0),
    default=DEFAULTS.window_minutes,
    show_default=True,
    help="Values of so long are added up and judged together.",
)
@click.option(
    "--half-life-days",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULTS.half_life_days,
    show_default=True,
    help="How fast what was usual is forgotten.",
)
@click.option(
    "--warm-up-days",
    type=click.FloatRange(min=0),
    default=DEFAULTS.warm_up_days,
    show_default=True,
    help="Nothing is told in the first so many days.",
)
@click.option(
    "--quiet-hours",
    type=click.FloatRange(min=0),
    default=DEFAULTS.quiet_hours,
    show_default=True,
    help="After an alert nothing more is told for so long.",
)
def command(
    file: TextIO,
    threshold: float,
    window_minutes: float,
    half_life_days: float,
    warm_up_days: float,
    quiet_hours: float,
) -> None:
    """Find unusual numbers in a series: CSV `timestamp,value` in, the same with `expected,score,alert` out.

    FILE has counts at rising times, such as mentions for every five minutes; UTC where no zone is given. expected
    is what the time of day and the weeks before led to expect, score how many usual deviations the value lies
    above it, alert 1 where it is to be told, once for each spike. Both are of the trailing window, expected scaled
    to one value. Each row is judged by what came before it only, as in the stream.

    \b
    Example:
      listener spikes volume.csv > judged.csv
      listener spikes volume.csv --threshold 5 | grep ',1$'
    """
    settings = SpikeSettings(
        threshold=threshold,
        window_minutes=window_minutes,
        half_life_days=half_life_days,
        warm_up_days=warm_up_days,
        quiet_hours=quiet_hours,
    )
    watch = SpikeWatch(settings)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("timestamp", "value", "expected", "score", "alert"))
    for where, told, at, value in read_points(file):
        try:
            judged = watch.see(at, float(value))
        except ValueError as error:
            raise UsageError(f"{where}: {error}") from None
        expected = "" if judged.expected is None else f"{judged.expected:.4g}"
        out.writerow((told, value, expected, f"{judged.score:.4g}", int(judged.alert)))


def read_points(file: TextIO) -> Iterator[tuple[str, str, float, str]]:
    """Where each row stands, its timestamp as it is, that in seconds, its value as it is.

    Raises:
        UsageError: a row is not a time and a number.
    """
    name = getattr(file, "name", "<stdin>")
    rows = _rows(file, name)
    _, head = next(rows, ("", []))
    if [word.strip() for word in head[:2]] != ["timestamp", "value"]:
        raise UsageError(f"{name}:1: the first line must be timestamp,value, in UTF-8")
    for where, row in rows:
        if not row:
            continue
        if len(row) < 2:
            raise UsageError(f"{where}: {row[0]} has no value beside it")
        try:
            at = seconds_of(row[0].strip())
        except ValueError:
            raise UsageError(f"{where}: {row[0]!r} is no time such as 2026-01-31 12:00:00") from None
        try:
            float(row[1])
        except ValueError:
            raise UsageError(
                f"{where}: {row[1]!r} is no number: a count is expected, such as 0 or 17"
            ) from None
        yield where, row[0], at, row[1]


def _rows(file: TextIO, name: str) -> Iterator[tuple[str, list[str]]]:
    """Where each row ends, and its fields."""
    rows = csv.reader(file)
    try:
        for row in rows:
            yield f"{name}:{rows.line_num}", row
    except csv.Error as error:
        raise UsageError(f"{name}:{rows.line_num}: this is no CSV: {error}") from None


def seconds_of(told: str) -> float:
    """A time in ISO 8601 in seconds since 1970; UTC where it has no zone.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(told)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
