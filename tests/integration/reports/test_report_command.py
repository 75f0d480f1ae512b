"""`listener migrate` and `listener report` as commands, with what can go wrong told in words."""

import csv
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from listener.domain.case import Case
from listener.domain.clock import Clock, ClockState
from listener.embedded.ports import free_port
from listener.examples import examples
from listener.reports.deadlines import COLUMNS as DEADLINES
from listener.reports.root_causes import COLUMNS
from stored_log import SPRING, Log, store

pytestmark = pytest.mark.clickhouse


def listener(directory: Path, url: str, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "CLICKHOUSE_"))}
    done = subprocess.run(
        [sys.executable, "-m", "listener", *words],
        env=environment | {"CLICKHOUSE_URL": url},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_migrate_says_what_it_did_and_the_report_comes_in_any_format(
    empty_database: str, tmp_path: Path
) -> None:
    code, out, err = listener(tmp_path, empty_database, "report", "root-causes")
    assert (code, out) == (1, "")
    assert "listener migrate" in err

    code, out, _ = listener(tmp_path, empty_database, "migrate")
    assert code == 0
    assert out.splitlines()[0] == "0001_mentions"
    code, out, err = listener(tmp_path, empty_database, "migrate")
    assert (code, out) == (0, "")
    assert "up to date" in err

    window = ("--since", "2024-01-01", "--until", "2024-02-01T12:00+01:00")
    code, out, err = listener(tmp_path, empty_database, "report", "root-causes", *window)
    assert code == 0
    assert out.split() == list(COLUMNS)
    assert "Nothing in this window" in err
    code, out, _ = listener(tmp_path, empty_database, "report", "root-causes", "--format", "json")
    assert (code, json.loads(out)) == (0, [])


def test_json_and_csv_keep_figures_whole_and_tell_what_is_not_known_from_nought(
    database: str, tmp_path: Path
) -> None:
    base = examples()[Case]
    assert isinstance(base, Case)
    log = Log()
    states: list[tuple[str, ClockState]] = [
        ("mail", "met"),
        ("mail", "met"),
        ("mail", "breached"),
        ('web, "beta"', "running"),
    ]
    for number, (source, state) in enumerate(states):
        contact = base.contacts[0].model_copy(update={"channel": "email", "source": source})
        due = SPRING + timedelta(hours=1)
        clock = Clock(
            kind="first_response", anchor=contact.mention_id, started_at=SPRING, due_at=due, state=state
        )
        log.case(number, f"t:{number}", "late", 1, contacts=(contact,), clocks=(clock,))
    store(database, log.records)

    def told(form: str) -> str:
        code, out, err = listener(tmp_path, database, "report", "deadlines", "--format", form)
        assert code == 0, err
        return out

    objects = json.loads(told("json"))
    assert all(list(row) == list(DEADLINES) for row in objects)
    rows = {row["source"]: row for row in objects}
    mail, web = rows["mail"], rows['web, "beta"']
    assert (mail["deadlines"], mail["breached"], mail["jurisdiction"]) == (3, 1, "")
    assert mail["met_share"] == pytest.approx(2 / 3, abs=1e-12)
    assert (web["running"], web["met"], web["met_share"], web["met_share_low"]) == (1, 0, None, 0)

    def field(value: object) -> str:
        return "" if value is None else str(value)

    assert list(csv.DictReader(told("csv").splitlines())) == [
        {name: field(value) for name, value in row.items()} for row in objects
    ]
    table = told("table").splitlines()
    shares = table[0].index("met_share")
    assert {line[shares:].split()[0] for line in table[1:]} == {"0.667", "-"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "last week"), "2026-01-31"),
        (("--since", "2024-02-01", "--until", "2024-01-01"), "is not before"),
        (("--format", "xml"), "csv"),
    ],
)
def test_wrong_use_is_told_with_exit_code_2(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    url = f"clickhouse://listener:hidden@127.0.0.1:{free_port()}/listener"
    code, out, err = listener(tmp_path, url, "report", "root-causes", *options)
    assert (code, out) == (2, "")
    assert told in err


def test_a_server_that_is_not_there_is_told_with_its_address_and_without_the_password(tmp_path: Path) -> None:
    port = free_port()
    url = f"clickhouse://listener:hidden@127.0.0.1:{port}/listener"
    for words in (("migrate",), ("report", "root-causes")):
        code, out, err = listener(tmp_path, url, *words)
        assert (code, out) == (1, "")
        assert f"127.0.0.1:{port}" in err
        assert "hidden" not in err
        assert "Traceback" not in err
