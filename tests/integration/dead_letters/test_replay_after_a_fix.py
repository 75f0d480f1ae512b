"""Poison, a look at it, a replay that fails again, a fix, a replay that is killed, and one that succeeds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures_command_line import Result
from listener.dead_letters.letter import Letter
from listener.dead_letters.reading import read_letters
from listener.domain.governance import AuditEntry
from listener.domain.mention import Mention
from listener.domain.topics import STREAM_GROUP
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BAD = 6
Dead = Callable[..., Result]


def mention(number: int, text: str) -> Mention:
    return Mention(
        mention_id=f"test:{number}",
        source="test",
        source_kind="test",
        native_id=str(number),
        author=f"test:author-{number % 3}",
        channel="social",
        visibility="public",
        text=text,
        occurred_at=NOW,
        received_at=NOW,
    )


@contextmanager
def running_worker(connection: KafkaConnection, directory: Path, state: str) -> Iterator[None]:
    """A worker process, killed at the end."""
    argv = [sys.executable, str(HERE / "mendable_worker.py"), connection.bootstrap_servers]
    argv += [str(directory / "worker"), str(free_port()), state]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
    }
    with (directory / "worker.log").open("ab") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, env=environment)
    try:
        yield
        assert process.poll() is None, (directory / "worker.log").read_text()
    finally:
        process.kill()
        process.wait()


def until(look: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.3)


def letters(connection: KafkaConnection) -> list[Letter]:
    return list(read_letters(connection))


def counted(connection: KafkaConnection, table: str) -> Counter[str]:
    """How often each mention stands in the states that a changelog rebuilds."""
    states = {record.key: record.value for record in read_whole(connection, f"listener-{table}-changelog")}
    return Counter(id_ for value in states.values() if value for id_ in json.loads(value))


def acknowledged(connection: KafkaConnection, topic: str) -> bool:
    """Whether the stream would read nothing of this topic again after a crash."""
    with TopicAdmin(connection) as admin:
        committed = admin.committed_offsets(STREAM_GROUP)
        return all(committed.get(where, 0) == end for where, end in admin.end_offsets([topic]).items())


@pytest.mark.timeout(300)
def test_a_replay_after_a_fix_is_like_the_first_time(
    connection: KafkaConnection, dead: Dead, tmp_path: Path
) -> None:
    good = [mention(number, "the parcel never came") for number in range(20)]
    bad = [mention(100 + number, "cannot be prepared") for number in range(BAD)]
    with Publisher(connection, client_id="test") as out:
        for one in [*good[:10], *bad, *good[10:]]:
            out.publish("mentions.raw", one.key, one.to_json())
        out.flush()
    select = ("--stage", "ledger", "--reason", "failed")

    with running_worker(connection, tmp_path, "broken"):
        until(lambda: len(letters(connection)) >= BAD, "letters")
        until(lambda: len(counted(connection, "ledger")) == len(good), "good mentions in states")

        # a look
        listed = dead("list", *select, "--format", "json")
        assert [(row["attempt"], row["state"], row["size"]) for row in listed.rows] == [
            (1, "open", len(one.to_json())) for one in sorted(bad, key=lambda one: len(one.to_json()))
        ]
        assert b"cannot be prepared" not in listed.out
        first = listed.rows[0]["id"]
        assert dead("show", first, "--raw").out in {one.to_json() for one in bad}
        assert b'"text":"cannot be prepared"' in dead("show", first).out

        # a dry run changes nothing
        planned = dead("replay", *select, "--dry-run", "--format", "json")
        assert [(row["topic"], row["attempt"], row["obstacle"]) for row in planned.rows] == [
            ("mentions.raw", 2, None)
        ] * BAD
        assert len(dead("list", *select, "--format", "json").rows) == BAD

        # without a fix, one replayed fails again as attempt 2
        assert dead("replay", first, "--by", "K. Agent").out == b"replayed=1 not_replayed=0\n"
        until(lambda: len(letters(connection)) >= BAD + 1, "the second failure")
        again = [letter for letter in letters(connection) if letter.why.attempt == 2]
        assert [(letter.state, letter.why.reason) for letter in again] == [("open", "failed")]
        original = next(letter for letter in letters(connection) if letter.id == first)
        assert (again[0].original, again[0].key) == (original.original, original.key)
        assert original.state == "replayed"
        until(lambda: acknowledged(connection, "mentions.raw"), "the failed replay acknowledged")

    with running_worker(connection, tmp_path, "mended"):
        # a replay that is killed once the broker has the originals
        killed = subprocess.run(
            [sys.executable, str(HERE / "killed_replay.py"), connection.bootstrap_servers],
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(dead("list", *select, "--format", "json").rows) == BAD
        everything = {one.mention_id for one in [*good, *bad]}
        until(lambda: set(counted(connection, "triage")) == everything, "all mentions in states")

        # is done again
        assert dead("replay", *select, "--by", "K. Agent", "--yes").out == b"replayed=6 not_replayed=0\n"
        sent = Counter(record.value for record in read_whole(connection, "mentions.raw"))
        assert sent == Counter(
            [one.to_json() for one in good] + 3 * [one.to_json() for one in bad] + [original.original]
        )
        enriched = sum(sent.values()) - BAD - 1  # the first publication of each and one replay failed
        until(
            lambda: sum(1 for _ in read_whole(connection, "mentions.enriched")) == enriched,
            "the second replay processed",
        )
        for table in ("ledger", "triage"):
            until(lambda table=table: len(counted(connection, table)) == len(everything), table)  # type: ignore[misc]  # mypy does not infer lambdas with defaults
            assert set(counted(connection, table).values()) == {1}

    assert dead("list").err == "0 dead letters\n"
    assert len(dead("list", "--all", "--format", "json").rows) == BAD + 1
    audit = [AuditEntry.read(record.value or b"") for record in read_whole(connection, "audit")]
    assert Counter((entry.actor, entry.action) for entry in audit) == {("K. Agent", "dead.replay"): 1 + 6 + 6}
