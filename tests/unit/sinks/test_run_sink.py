"""The runner's promises: nothing is committed before it is stored, and waiting does not leave the group."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import NamedTuple

import pytest

from fakes.outlet import FakeOutlet
from listener.domain.dead_letter import DeadLetter
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.kafka.record import Record
from sinks.run import run_sink
from sinks.sink import Prepared, Refused


class Sample(NamedTuple):
    offset: int
    topic: str = "mentions.enriched"
    partition: int = 3
    timestamp: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class World:
    """A consumer and a sink in one, with an outlet, which write down what happened in order."""

    batches: list[list[Record]]
    stop: Event = field(default_factory=Event)
    busy_times: int = 0
    poison: frozenset[int] = frozenset()
    stop_when_busy: bool = False
    stores_until_polled: int = 0
    """`store` returns when so many batches were read."""
    polled: int = 0
    polled_when_stored: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    name: str = "store"
    topics: tuple[str, ...] = ("mentions.enriched",)
    outlet_fails_at: int | None = None

    def __post_init__(self) -> None:
        self.outlet = FakeOutlet(calls=self.events, fails_at=self.outlet_fails_at)

    def poll(self, timeout_seconds: float = 1.0) -> list[Record]:
        if not self.batches:
            if self.events.count("commit") == self.polled:
                self.stop.set()
            return []
        self.polled += 1
        return self.batches.pop(0)

    def keep_alive(self, seconds: float = 0.0) -> None:
        if self.events[-1] != "alive":
            self.events.append("alive")

    def commit(self) -> bool:
        self.events.append("commit")
        return True

    def lag(self) -> dict[tuple[str, int], int]:
        return {("mentions.enriched", 3): 0}

    def ping(self) -> None: ...

    def close(self) -> None: ...

    def housekeeping(self) -> None:
        raise Busy("later")

    def prepare(self, batch: Sequence[Record]) -> Prepared[Sequence[Record]]:
        return Prepared(
            batch,
            [Refused(record, Rejected("bad", "why")) for record in batch if record.offset in self.poison],
        )

    def store(self, content: Sequence[Record]) -> None:
        if self.busy_times:
            self.busy_times -= 1
            self.events.append("busy")
            if self.stop_when_busy:
                self.stop.set()
            raise Busy("away", retry_after_seconds=0.6)
        deadline = time.monotonic() + 60
        while self.polled < self.stores_until_polled and time.monotonic() < deadline:
            time.sleep(0.01)
        self.polled_when_stored.append(self.polled)
        self.events.append("write " + ",".join(str(record.offset) for record in content))

    def run(self) -> list[str]:
        run_sink(self, self, self.outlet, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), stop=self.stop)
        return self.events


def test_each_batch_is_committed_after_it_is_stored() -> None:
    assert World([[Sample(1), Sample(2)], [Sample(3)]]).run() == ["write 1,2", "commit", "write 3", "commit"]


def test_the_next_batch_is_read_while_one_is_stored_and_committed_after_it() -> None:
    world = World([[Sample(1)], [Sample(2)]], stores_until_polled=2)
    assert world.run() == ["write 1", "commit", "write 2", "commit"]
    assert world.polled_when_stored == [2, 2]


def test_a_store_that_is_away_is_waited_for_and_the_same_batch_written() -> None:
    assert World([[Sample(1)]], busy_times=2).run() == ["busy", "alive", "busy", "alive", "write 1", "commit"]


def test_dead_letters_are_delivered_before_the_commit_and_say_where_from() -> None:
    world = World([[Sample(1), Sample(2)]], poison=frozenset({2}))
    assert world.run() == ["write 1,2", "mentions.dead", "flush", "commit"]
    (sent,) = world.outlet.stored
    letter = DeadLetter.from_headers(sent.headers)
    assert letter.origin == "mentions.enriched[3]@2"
    assert (letter.stage, letter.reason, letter.topic) == ("store", "bad", "mentions.enriched")


@pytest.mark.parametrize(
    ("value", "headers", "source"),
    [
        (b'{"kind": "enriched", "mention": {"source": "forum"}}', (), "forum"),
        (b"{", [("listener-source", b"mail")], "mail"),
        (b"{", (), None),
        (None, (), None),
    ],
)
def test_a_dead_letter_names_the_source_where_its_record_does(
    value: bytes | None, headers: Sequence[tuple[str, bytes]], source: str | None
) -> None:
    world = World([[Sample(1, value=value, headers=headers)]], poison=frozenset({1}))
    world.run()
    (sent,) = world.outlet.stored
    assert DeadLetter.from_headers(sent.headers).source == source


def test_without_its_dead_letters_nothing_is_committed() -> None:
    world = World([[Sample(1)]], poison=frozenset({1}), outlet_fails_at=1)
    with pytest.raises(ServiceError):
        world.run()
    assert "commit" not in world.events


def test_told_to_stop_while_the_store_is_away_it_leaves_the_batch_to_the_next_start() -> None:
    world = World([[Sample(1)], [Sample(2)]], busy_times=9, stop_when_busy=True)
    assert world.run() == ["busy"]
