"""`listener spikes`: from a file to judged rows, and what is told of files that are no series."""

import csv
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from listener.cli.main import main

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 14 * 24
SPIKE = 320
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def spikes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Run]:
    """Runs ``listener spikes`` in an empty directory: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    # as in a process of its own: an import of files sets it higher for the whole process
    before = csv.field_size_limit(131_072)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["listener", "spikes", *words])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    yield run
    csv.field_size_limit(before)


def volume(more: int) -> list[int]:
    """Two weeks of hours with a daily wave; `more` in each of four hours of the last day."""
    usual = np.random.default_rng(1).poisson(60 + 30 * np.sin(np.arange(HOURS) * 2 * np.pi / 24))
    usual[SPIKE : SPIKE + 4] += more
    counts: list[int] = usual.tolist()
    return counts


def write(counts: list[int]) -> None:
    lines = (f"{START + timedelta(hours=hour)},{count}\n" for hour, count in enumerate(counts))
    Path("volume.csv").write_text("timestamp,value\n" + "".join(lines))


def test_a_planted_spike_is_told_at_its_hour_with_what_was_expected(spikes: Run) -> None:
    counts = volume(300)
    write(counts)
    code, out, err = spikes("volume.csv", "--threshold", "4")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(out.splitlines()))
    assert list(rows[0]) == ["timestamp", "value", "expected", "score", "alert"]
    assert [int(row["value"]) for row in rows] == counts
    assert (rows[0]["expected"], rows[0]["score"]) == ("", "0")
    [told] = [row for row in rows if row["alert"] == "1"]
    assert told["timestamp"] == str(START + timedelta(hours=SPIKE))
    same_hour = float(np.mean(volume(0)[SPIKE % 24 : SPIKE : 24]))
    assert float(told["expected"]) == pytest.approx(same_hour, rel=0.3)
    assert float(told["score"]) > 4


def test_a_quiet_series_gives_none(spikes: Run) -> None:
    write(volume(0))
    code, out, _ = spikes("volume.csv", "--threshold", "4")
    assert code == 0
    assert [row["alert"] for row in csv.DictReader(out.splitlines())] == ["0"] * HOURS


def test_options_say_what_is_told(spikes: Run) -> None:
    write(volume(300))

    def alerts(*words: str) -> int:
        return spikes("volume.csv", "--threshold", "4", *words)[1].count(",1\n")

    assert alerts("--quiet-hours", "0") > 1
    assert alerts("--warm-up-days", "13.9") == 0
    assert alerts("--threshold", "100") == 0


FIRST = b"timestamp,value\n2026-01-01 00:00,1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "a.csv:1: the first line must be timestamp,value"),
        (b"2026-01-01 00:00,1\n", "a.csv:1: the first line must be timestamp,value"),
        (FIRST + b"yesterday,2\n", "a.csv:3: 'yesterday' is no time such as 2026-01-31 12:00:00"),
        (FIRST + b"\n2026-01-01 01:00,two\n", "a.csv:4: 'two' is no number: a count is expected"),
        (FIRST + b"2026-01-01 01:00,\n", "a.csv:3: '' is no number: a count is expected"),
        (FIRST + b"2026-01-01 01:00\n", "a.csv:3: 2026-01-01 01:00 has no value beside it"),
        (FIRST + b"2026-01-01 01:00,-1\n", "a.csv:3: -1 is no count: 0 or more is expected"),
        (FIRST + b"2026-01-01 01:00,nan\n", "a.csv:3: nan is no count: 0 or more is expected"),
        (
            FIRST + b"2026-01-01T01:00+01:00,1\n",
            "a.csv:3: it is not later than the line before; sort by time",
        ),
        (FIRST + b"2026-01-01 01:00,1\xb2\n", "a.csv:3: '1\ufffd' is no number"),
        ("timestamp,value\n".encode("utf-16"), "a.csv:1: the first line must be timestamp,value, in UTF-8"),
        (FIRST + b"2026-01-01 01:00," + b"1" * 200_000, "a.csv:3: this is no CSV: field larger than"),
    ],
)
def test_what_is_no_series_ends_with_2_and_says_where_and_why(spikes: Run, content: bytes, told: str) -> None:
    Path("a.csv").write_bytes(content)
    code, _, err = spikes("a.csv")
    assert code == 2
    assert err.startswith("Error: a.csv:")
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("absent.csv",), "'absent.csv': No such file or directory"),
        (("a.csv", "--threshold", "0"), "'--threshold': 0.0 is not in the range x>0"),
        (("a.csv", "--window-minutes", "an hour"), "'--window-minutes': 'an hour' is not a valid float"),
    ],
)
def test_wrong_use_ends_with_2_and_names_the_file_or_option(
    spikes: Run, words: tuple[str, ...], told: str
) -> None:
    Path("a.csv").write_bytes(FIRST)
    code, out, err = spikes(*words)
    assert (code, out) == (2, "")
    assert told in err
