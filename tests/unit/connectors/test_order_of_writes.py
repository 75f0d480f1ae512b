"""Killed at any moment, a connector repeats and never loses, and an import ends with the same figures."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.outlet import FakeOutlet, Sent
from listener.connectors import import_file as import_module
from listener.connectors.connector import Item, NativeDeletion, NativeItem, Source
from listener.connectors.cursor import last_cursor
from listener.connectors.import_file import plan_import, publish_rows
from listener.connectors.index import read_index
from listener.connectors.intake import Counts, Intake
from listener.connectors.parked import read_parked
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.topics import BACKFILL, CURSORS, INDEX, PARKED, RAW

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Killed(BaseException):
    """kill -9, as far as a test can tell."""


@dataclass(frozen=True)
class Stored:
    key: bytes | None
    value: bytes | None


class Broker(FakeOutlet):
    """When its client is killed, loses any part of what was published since the last flush."""

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, list[Stored]] = {}
        self.dice = random.Random(0)
        self.alive_for = 10**9

    def connect(self, seed: int, alive_for: int) -> None:
        """A new client, killed at its n-th call."""
        self.dice = random.Random(seed)
        self.alive_for = alive_for
        self.waiting = []

    def read(self, topic: str) -> list[Stored]:
        return list(self.topics.get(topic, []))

    def mentions(self, topic: str) -> list[tuple[str, Mention | MentionDeleted]]:
        """Key and value of whatever was said."""
        return [
            ((record.key or b"").decode(), read_raw(record.value))
            for record in self.read(topic)
            if record.value
        ]

    def called(self) -> None:
        self.alive_for -= 1
        if self.alive_for <= 0:
            self.store(self.waiting, complete=False)
            raise Killed

    def store(self, records: list[Sent], complete: bool = True) -> None:
        """Partitions do not wait for each other; within a key what came first is there first."""
        by_key: dict[tuple[str, bytes | None], list[Stored]] = {}
        for record in records:
            key = record.key.encode() if isinstance(record.key, str) else record.key
            by_key.setdefault((record.topic, key), []).append(Stored(key, record.value))
        keys = list(by_key)
        self.dice.shuffle(keys)
        for topic, key in keys:
            of_key = by_key[topic, key]
            kept = len(of_key) if complete else self.dice.randint(0, len(of_key))
            self.topics.setdefault(topic, []).extend(of_key[:kept])


@st.composite
def threads(draw: st.DrawFn) -> list[Item]:
    """Customers and the company in threads whose order of arrival says nothing; some are deleted."""
    count = draw(st.integers(1, 12))
    items: list[Item] = []
    for number in range(count):
        inbound = draw(st.booleans())
        parent = draw(st.none() | st.integers(-1, number - 1)) if number else None
        items.append(
            NativeItem(
                native_id=str(number),
                text="x",
                occurred_at=NOW - timedelta(minutes=number),
                author=f"user{number % 3}" if inbound else "brand",
                direction="inbound" if inbound else "outbound",
                reply_to=None if parent is None else str(parent),
                origin="t",
            )
        )
        if draw(st.integers(0, 4)) == 0:
            items.append(NativeDeletion(native_id=str(number), deleted_at=NOW, origin="t"))
    return draw(st.permutations(items))


def expected_keys(items: Iterable[Item]) -> dict[str, str]:
    """Native id to key, from the threads as a whole; -1 never comes."""
    known = {item.native_id: item for item in items if isinstance(item, NativeItem)}

    def key(item: NativeItem) -> str:
        above: NativeItem | None = item
        while above is not None and above.direction == "outbound":
            above = known.get(above.reply_to or "")
        return f"net:{(above or item).author}"

    return {native_id: key(item) for native_id, item in known.items()}


def run_connector(broker: Broker, items: list[Item], batch: int) -> None:
    """One life of a connector that yields these items in batches, as `run` drives it."""
    source = Source("net", "net")
    cursor = last_cursor(broker.read(CURSORS.name), "net")
    done = cursor.position["done"] if cursor else 0
    index = read_index(broker.read(INDEX.name), "net")
    parked = read_parked(broker.read(PARKED.name), "net")
    intake = Intake(source, broker, index, parked, lambda: NOW)
    intake.release_known()
    intake.commit(None)
    while done < len(items):
        intake.take(items[done : done + batch])
        done += batch
        intake.commit({"done": done})
    intake.release()
    intake.commit(None)


@settings(max_examples=300, deadline=None)
@given(threads(), st.integers(1, 5), st.lists(st.tuples(st.integers(), st.integers(1, 40)), max_size=4))
def test_a_connector(items: list[Item], batch: int, kills: list[tuple[int, int]]) -> None:
    broker = Broker()
    for seed, alive_for in kills:
        broker.connect(seed, alive_for)
        try:
            run_connector(broker, items, batch)
        except Killed:
            continue
        break
    broker.connect(0, 10**9)
    run_connector(broker, items, batch)

    published = broker.mentions(RAW.name)
    expected = expected_keys(items)
    assert {value.native_id for _, value in published if isinstance(value, Mention)} == set(expected)
    for key, value in published:
        if isinstance(value, Mention):
            assert key == expected[value.native_id]
    deleted = {(value.native_id, key) for key, value in published if isinstance(value, MentionDeleted)}
    assert deleted == {(i.native_id, expected[i.native_id]) for i in items if isinstance(i, NativeDeletion)}
    assert not read_parked(broker.read(PARKED.name), "net").awaited()


def write_csv(path: Path, items: Iterable[Item]) -> None:
    rows = [
        f"{item.native_id},x,{item.occurred_at.isoformat()},{item.author},{item.direction},{item.reply_to or ''}"
        for item in items
        if isinstance(item, NativeItem)
    ]
    path.write_text("\n".join(["id,text,at,who,direction,reply", *rows, "bad", *rows[:2]]) + "\n")


MAPS = ["id=id", "text=text", "occurred_at=at", "author=who", "direction=direction", "reply_to=reply"]


def run_import(broker: Broker, path: Path) -> Counts:
    """One life of an importer."""
    plan = plan_import(path, Source("net", "net", historical=True), maps=MAPS)
    cursor = last_cursor(broker.read(CURSORS.name), plan.key)
    known = read_index(broker.read(INDEX.name), "net")
    return publish_rows(plan, broker, cursor, known, now=lambda: NOW, stop=Event()).counts


@settings(max_examples=300, deadline=None)
@given(threads(), st.integers(1, 5), st.lists(st.tuples(st.integers(), st.integers(1, 60)), max_size=4))
def test_an_import(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], batch: int, kills: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("import") / "rows.csv"
    write_csv(path, items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module, "BATCH_ROWS", batch)
        broker = Broker()
        undisturbed = run_import(Broker(), path)
        counts: Counts | None = None
        for seed, alive_for in kills:
            broker.connect(seed, alive_for)
            try:
                counts = run_import(broker, path)
            except Killed:
                continue
            break
        if counts is None:
            broker.connect(0, 10**9)
            counts = run_import(broker, path)

    published = broker.mentions(BACKFILL.name)
    expected = expected_keys(items)
    assert {value.native_id for _, value in published} == set(expected)
    assert all(key == expected[value.native_id] for key, value in published)
    assert counts == undisturbed
    assert counts.items == counts.published + counts.rejected + counts.repeats
    assert (counts.published, counts.rejected) == (len(expected), 1)


def test_a_finished_import_publishes_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    mapping: Mapping[str, str] = {"id": "1", "author": "ann"}
    path.write_text(f"id,text,at,who,direction,reply\n{mapping['id']},x,2026-01-01T00:00:00Z,ann,inbound,\n")
    broker = Broker()
    assert run_import(broker, path) == run_import(broker, path)
    assert len(broker.mentions(BACKFILL.name)) == 2


def test_what_stands_before_the_cursor_is_not_published_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = [f"{n},x,2026-01-01T00:00:00Z,ann,inbound," for n in range(10)]
    path.write_text("\n".join(["id,text,at,who,direction,reply", *rows]) + "\n")
    broker = Broker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module, "BATCH_ROWS", 4)
        broker.connect(seed=0, alive_for=2 * 2 * 4 + 6)  # within the third batch
        with pytest.raises(Killed):
            run_import(broker, path)
        broker.topics[BACKFILL.name].clear()
        broker.connect(seed=0, alive_for=10**9)
        counts = run_import(broker, path)
    assert [value.native_id for _, value in broker.mentions(BACKFILL.name)] == ["8", "9"]
    assert (counts.items, counts.published) == (10, 10)
