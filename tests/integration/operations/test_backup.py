"""Backup and restore, and moving to another number of partitions, as docs/operations.md tells to do them."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.shop import CUSTOMERS, MAPPING, MENTIONS
from fixtures_installation import Installation
from listener.chaos.state import QUERIES, State, differences, snapshot_state, table_state

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

LATER = """\
id,who,when,what,reply_to,from_customer,email
7,acme,2026-01-08T09:00:00Z,Your refund was sent today.,4,False,
8,eve,2026-01-08T10:00:00Z,The refund for my flight never came.,,True,
"""


@pytest.fixture(scope="module")
def original(
    new_installation: Callable[..., Installation], tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """An installation with customers, mentions, a decision of a person and a dead letter."""
    up = new_installation("--no-simulate")
    files = tmp_path_factory.mktemp("files")
    (files / "customers.csv").write_text(CUSTOMERS)
    up.run("customers", "import", str(files / "customers.csv"))
    hear(up, MENTIONS)
    up.run("link", "confirm", "shop:ben2", "C-7", "--by", "K. Agent", "--evidence", "called back")
    up.wait_idle()
    return up


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Makes installations in a directory of the test's own; they are not started."""
    made: list[Installation] = []

    def make(*options: str) -> Installation:
        made.append(Installation(tmp_path / f"other-{len(made)}", *options))
        return made[-1]

    yield make
    for installation in made:
        installation.end()


def hear(up: Installation, mentions: str) -> None:
    file = up.data_dir.parent / f"{up.data_dir.name}-mentions.csv"
    file.write_text(mentions)
    up.run("import", str(file), *MAPPING)
    up.wait_idle()


def state_of(up: Installation) -> State:
    """What it knows in the end, as a fault campaign compares it."""
    stored = {name: table_state(up.select(query)) for name, query in QUERIES.items()}
    return {**stored, "snapshots": snapshot_state(up.cases())}


def told_by(up: Installation) -> list[str]:
    """What people see of it."""
    return [
        up.run("report", "root-causes", "--format", "csv"),
        up.run("dead", "list"),
        up.run("link", "show", "shop:ben2"),
        *map(repr, sorted(up.newest("connector.cursors").items())),
    ]


def test_moved_to_another_number_of_partitions_it_knows_the_same(
    original: Installation, another: Callable[..., Installation], tmp_path: Path
) -> None:
    config = tmp_path / "listener.yaml"
    config.write_text("kafka:\n  partitions: 5\n")
    moved = another("--no-simulate", "--workers", "0", "--config", str(config))
    moved.start()
    words = ("--config", str(config))
    for _ in range(2):  # the second time is what came while the first one went on
        moved.run("copy", "--from-data-dir", str(original.data_dir), *words)
    worker = moved.begin("stream", "--worker", "1", *words)
    try:
        moved.run("doctor", "--wait-ready", "60", "--wait-idle", "240", *words)
        before, after = state_of(original), state_of(moved)
        # A row of a file that could not be used is a dead letter of the importer, and no stage makes it anew.
        assert differences({**before, "dead letters": {}}, {**after, "dead letters": {}}) == []
        assert before["cases"], "there is something to compare"
        assert len({record.partition for record in moved.records("mentions.backfill")}) > 1
        assert {record.partition for record in moved.records("mentions.backfill")} <= set(range(5))
    finally:
        worker.terminate()
        worker.communicate(timeout=60)


def test_the_copy_of_a_stopped_installation_knows_the_same_and_goes_on(
    original: Installation, another: Callable[..., Installation]
) -> None:
    before, told = state_of(original), told_by(original)
    newest = original.newest("triage")
    assert original.stop() == 0
    restored = another("--no-simulate")
    subprocess.run(["cp", "-a", original.data_dir, restored.data_dir], check=True)
    restored.start()
    restored.wait_idle()
    assert differences(before, state_of(restored)) == []
    assert told_by(restored) == told
    assert restored.newest("triage") == newest, "also the versions"

    hear(restored, LATER)
    cases = {case["anchor"]: case for case in restored.cases().values()}
    assert cases["shop:4"]["response_count"] == 1, "the answer finds a contact from before the backup"
    assert cases["shop:8"]["root_cause"] == "refund"
    restored.run("link", "reject", "shop:ben2", "C-7", "--by", "K. Agent")
    restored.wait_idle()
    parties = {case["anchor"]: case["party"] for case in restored.cases().values()}
    assert (parties["shop:3"], parties["shop:6"]) == ("c:C-7", "a:shop:ben2")
