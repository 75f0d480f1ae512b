"""`listener evaluate spikes`: figures of series whose spikes are known; what is told of files that are none."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from listener.cli.evaluate_command import command
from listener.domain.errors import UsageError
from listener.evaluation import spikes

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS, SPIKE = 21 * 24, 450
WINDOW = [f"{START + timedelta(hours=SPIKE - 1)}", f"{START + timedelta(hours=SPIKE + 6)}"]
ROW = "2026-01-01 00:00:00,1\n2026-01-01 01:00:00,"


def series(seed: int) -> str:
    """Three weeks of hours, with a spike."""
    counts = np.random.default_rng(seed).poisson(60, HOURS)
    counts[SPIKE : SPIKE + 4] += 300
    return "timestamp,value\n" + "".join(
        f"{START + timedelta(hours=hour)},{count}\n" for hour, count in enumerate(counts)
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two series with a spike each."""
    for number, name in enumerate(("a.csv", "b.csv")):
        (tmp_path / name).write_text(series(number))
    (tmp_path / "windows.json").write_text(json.dumps({"a.csv": [WINDOW], "b.csv": [WINDOW]}))
    return tmp_path


def evaluate(data: Path) -> Result:
    return CliRunner().invoke(command, ["spikes", "--data", str(data)], catch_exceptions=False)


def test_planted_spikes_are_found_with_settings_of_the_other_series(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        spikes.evaluate_spikes, "__defaults__", (spikes.WATCHES[:1],)
    )  # all of them take minutes
    found = json.loads(evaluate(data).stdout)
    assert (found["windows"], found["found"]) == (2, 2)
    assert set(found["chosen_on_the_other_series"]) == {"a.csv", "b.csv"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "b.csv: two rows are needed at least, and it has 0"),
        ("2026-01-01,5\n", "b.csv: two rows are needed at least, and it has 1"),
        (f"{ROW}-3\n", "b.csv:3: -3 is no count"),
        (f"{ROW}nan\n", "b.csv:3: nan is no count"),
        (f"{ROW}inf\n", "b.csv:3: inf is no count"),
        (f"{ROW}many\n", "b.csv:3: 'many' is no number"),
        ("2026-01-02,5\n2026-01-01,5\n", "b.csv:3: it is not later than the line before"),
        ("yesterday,5\n", "b.csv:2: 'yesterday' is no time"),
    ],
)
def test_a_wrong_row_is_told_with_file_and_line(data: Path, rows: str, told: str) -> None:
    (data / "b.csv").write_text(f"timestamp,value\n{rows}")
    with pytest.raises(UsageError) as refused:
        evaluate(data)
    assert str(refused.value).startswith(f"{data / told}")


EARLY = ["2026-01-02", "2026-01-03"]
LATER = ["2026-02-01", "2026-02-02"]


@pytest.mark.parametrize(
    ("windows", "told"),
    [
        ([WINDOW], ": an object is expected"),
        ({}, ": 2 series with a window are needed"),
        ({"a.csv": [WINDOW], "b.csv": []}, ": 2 series with a window are needed"),
        (
            {"a.csv": [WINDOW], "b.csv": [EARLY]},
            ": 2 series with a window are needed, not in their first 15 %",
        ),
        ({"a.csv": 7}, ": a.csv: a list of windows is expected, not 7"),
        ({"a.csv": WINDOW}, f': a.csv: "{WINDOW[0]}" is no window'),
        ({"a.csv": [["yesterday", "today"]]}, ': a.csv: ["yesterday", "today"] is no window'),
        ({"a.csv": [[1, 2]]}, ": a.csv: [1, 2] is no window"),
        ({"a.csv": [5]}, ": a.csv: 5 is no window"),
        ({"a.csv": [WINDOW[:1]]}, f': a.csv: ["{WINDOW[0]}"] is no window'),
        ({"a.csv": [WINDOW[::-1]]}, f": a.csv: the window {json.dumps(WINDOW[::-1])} ends before it begins"),
        ({"a.csv": [WINDOW, WINDOW]}, f": a.csv: the window {json.dumps(WINDOW)} is not later"),
        ({"a.csv": [LATER]}, ": a.csv: no point of the series lies in the window"),
    ],
)
def test_wrong_windows_are_told_with_their_series(data: Path, windows: Any, told: str) -> None:
    (data / "windows.json").write_text(json.dumps(windows))
    with pytest.raises(UsageError) as refused:
        evaluate(data)
    assert str(refused.value).startswith(f"{data / 'windows.json'}{told}")


def test_a_file_that_is_not_there_is_named(data: Path) -> None:
    (data / "b.csv").unlink()
    with pytest.raises(UsageError, match=r"b\.csv: cannot be read: No such file"):
        evaluate(data)
    (data / "windows.json").write_text("{")
    with pytest.raises(UsageError, match=r"windows\.json:1: this is no JSON"):
        evaluate(data)
    (data / "windows.json").unlink()
    with pytest.raises(UsageError, match=r"windows\.json: cannot be read: No such file"):
        evaluate(data)
