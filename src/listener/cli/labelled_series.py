"""Series whose spikes are known, from the files of a directory."""

import json
from pathlib import Path
from typing import Any

from listener.cli.spikes_command import read_points, seconds_of
from listener.domain.errors import UsageError
from listener.evaluation.spikes import Series
from listener.settings import read_text
from listener.statistics.spikes import SpikeSettings, SpikeWatch

WINDOWS = "windows.json"
LEAST_SERIES = 2
"""The settings for each series are chosen on the others, by their windows."""
Span = tuple[float, float]


def read_labelled_series(directory: Path) -> dict[str, Series]:
    """The series that windows.json names, each with the windows in which something happened.

    Raises:
        UsageError: a file is missing or wrong, with file and, of a series, line.
    """
    file = directory / WINDOWS
    try:
        told = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}: this is no JSON: {error.msg}") from None
    if not isinstance(told, dict):
        raise UsageError(f'{file}: an object is expected: {{"FILE.csv": [["FIRST TIME", "LAST TIME"], ...]}}')
    series = {
        name: Series(_points(directory / name), _windows(spans, file, name)) for name, spans in told.items()
    }
    for name, one in series.items():
        for (first, last), words in zip(one.windows, told[name], strict=True):
            if not any(first <= at <= last for at, _ in one.points):
                raise UsageError(
                    f"{file}: {name}: no point of the series lies in the window {json.dumps(words)}"
                )
    if sum(map(_counts, series.values())) < LEAST_SERIES:
        raise UsageError(
            f"{file}: {LEAST_SERIES} series with a window are needed, not in their first 15 %, which does not "
            "count: settings are chosen on the others"
        )
    return series


def _counts(series: Series) -> bool:
    """Whether the score knows of a window in it."""
    labelled = series.labelled()
    return any(last >= labelled.probation for _, last in labelled.windows)


def _points(file: Path) -> tuple[Span, ...]:
    watch = SpikeWatch(SpikeSettings())
    points = []
    try:
        # what is no UTF-8 is no number either, and is told of with its line
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            for where, _, at, value in read_points(lines):
                try:
                    watch.see(at, float(value))
                except ValueError as error:
                    raise UsageError(f"{where}: {error}") from None
                points.append((at, float(value)))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}; {WINDOWS} names it") from None
    if len(points) < 2:
        raise UsageError(f"{file}: two rows are needed at least, and it has {len(points)}")
    return tuple(points)


def _windows(spans: Any, file: Path, name: str) -> tuple[Span, ...]:
    if not isinstance(spans, list):
        raise UsageError(f"{file}: {name}: a list of windows is expected, not {json.dumps(spans)}")
    windows: list[Span] = []
    for span in spans:
        try:
            first, last = (seconds_of(time) for time in span)
        except (ValueError, TypeError):
            raise UsageError(
                f"{file}: {name}: {json.dumps(span)} is no window such as "
                '["2026-01-31 12:00:00", "2026-01-31 18:00:00"]'
            ) from None
        if first > last:
            raise UsageError(f"{file}: {name}: the window {json.dumps(span)} ends before it begins")
        if windows and first <= windows[-1][1]:
            raise UsageError(
                f"{file}: {name}: the window {json.dumps(span)} is not later than the one before"
            )
        windows.append((first, last))
    return tuple(windows)
