"""Another process makes of a batch what this one would."""

import os
import pickle
import re
import signal
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.clickhouse.migrate import shipped_migrations
from listener.domain import topics
from listener.domain.erasure import Erasures
from listener.domain.errors import ServiceError
from listener.kafka.record import QuickRecord
from sinks.clickhouse.blocks import Block, Kinds, block_of
from sinks.clickhouse.second_maker import RECORD_BYTES, SecondMaker, parted_at
from sinks.sink import Prepared
from unit.sinks.clickhouse.test_rows import Sample, edited, of_any_topic, record_of

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def shipped_kinds() -> Kinds:
    """The types of all columns, as the migrations say."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for migration in shipped_migrations():
        for statement in migration.statements:
            table = (re.findall(r"^(?:CREATE|ALTER) TABLE (?:IF NOT EXISTS )?(\w+)", statement) or [""])[0]
            column = r"(?:^    |ADD COLUMN IF NOT EXISTS )(\w+) ([A-Z].*?)\s+COMMENT"
            found[table] |= dict(re.findall(column, statement, re.MULTILINE))
    return found


KINDS = shipped_kinds()


@pytest.fixture(scope="module")
def second() -> Iterator[SecondMaker]:
    made = SecondMaker(KINDS)
    yield made
    made.close()


def bytes_of(made: Prepared[Block]) -> tuple[object, object]:
    """What is sent of all that was made, and what was refused."""
    sent = {table: pickle.dumps(columns) for table, columns in made.content.items()}
    return sent, [(each.record, each.why.reason, each.why.detail) for each in made.refused]


@given(st.lists(of_any_topic(), max_size=12))
def test_two_ways_and_one_result(second: SecondMaker, batch: list[Sample]) -> None:
    erasures = Erasures()
    second.begin(batch, erasures)
    assert bytes_of(second.finish()) == bytes_of(block_of(batch, KINDS, erasures))


def test_it_hears_of_every_erasure(second: SecondMaker) -> None:
    batch = [record_of(edited(), topics.ENRICHED)]
    erasures = Erasures(b"at least sixteen bytes")
    for name, left in (("somebody:else", {"mentions"}), (edited().author, set[str]())):
        erasures.note("author", name, LATER)
        second.begin(batch, erasures)
        assert second.finish().content.keys() == left


def test_a_second_process_that_was_killed_is_an_error_and_no_loss() -> None:
    second = SecondMaker(KINDS)
    second.begin([], Erasures())
    assert second.finish() == Prepared({}, [])
    pid = second._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    second._process.join(10)
    with pytest.raises(ServiceError, match="ended with -9"):
        second.begin([Sample("triage", b"{" * 3_000_000)], Erasures())  # more than a pipe holds
    with pytest.raises(ServiceError, match="ended with -9"):
        second.finish()
    second.close()


def test_it_ends_with_its_parent_and_not_by_a_signal_to_both() -> None:
    second = SecondMaker(KINDS)
    assert second._process.pid is not None
    for _ in ("while it starts", "later"):
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(second._process.pid, number)
        second.begin([], Erasures())
        assert second.finish() == Prepared({}, [])
    second._pipe.close()  # as the parent's end does when that is killed
    second._process.join(10)
    assert second._process.exitcode == 0


def test_what_was_begun_first_is_finished_first(second: SecondMaker) -> None:
    batches = [[record_of(edited(), topics.ENRICHED)], [Sample("triage", b"{")], [Sample("alerts", b"[")]]
    for batch in batches:
        second.begin(batch, Erasures())
    for batch in batches:
        assert bytes_of(second.finish()) == bytes_of(block_of(batch, KINDS, Erasures()))


@given(st.lists(st.none() | st.integers(0, 5000)), st.sampled_from([0.25, 0.4, 0.5]))
def test_a_part_takes_about_its_share(sizes: list[int | None], share: float) -> None:
    batch = [QuickRecord("triage", 0, 0, 0, b"k", None if n is None else bytes(n), ()) for n in sizes]
    weights = [RECORD_BYTES + (n or 0) for n in sizes]
    first = sum(weights[: parted_at(batch, share)])
    assert 0 <= share * sum(weights) - first <= max(weights, default=0)
