"""What fires, when, and for which partitions."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from listener.domain.clock import TimerDue
from listener.domain.topics import TIMERS_DUE
from stream.catching_up import Extent, Where
from stream.fire_timers import LEAST, PORTION, Assignment, Timers
from stream.moments import BEFORE_ALL, from_ms, to_ms
from stream.send import Record
from stream.triage.party_state import Head, PartyState
from unit.stream.worlds import at

POLICY = "0123456789abcdef"
NOON = to_ms(at(12))


def state(
    wake_ms: int | None = None, *, policy: str = POLICY, live: bool = True, held: bool = False
) -> bytes:
    memory = PartyState()
    memory.head = Head(wake_ms, policy, live, held)
    return memory.packed()


class Rig:
    """Timers with a table, a log, a clock and an outlet that tests can see."""

    def __init__(self) -> None:
        self.table: dict[int, dict[bytes, bytes]] = {0: {}, 1: {}}
        self.sent: list[Record] = []
        self.extents_held: dict[Where, Extent] = {}
        self.done: dict[Where, int] = {}
        self.assignment: Assignment | None = Assignment(1, frozenset({0, 1}))
        self.now_ms = NOON
        self.seconds = 1000.0
        self.behind = 0
        self.on_stored: Callable[[int, bytes, bytes | None], None] | None = None
        self.timers = Timers(
            states=self,
            sender=self,
            group=self,
            assignment=lambda: self.assignment,
            now=lambda: from_ms(self.now_ms),
            topics=(("mentions.raw", "mentions.backfill"), ("mentions.enriched",)),
            policy_hash=POLICY,
            hold_seconds=2.0,
            behind=lambda: self.behind,
            on_failure=pytest.fail,
            monotonic=lambda: self.seconds,
        )

    def heads(self, partition: int, after: bytes | None, most: int, size: int) -> list[tuple[bytes, bytes]]:
        keys = sorted(key for key in self.table[partition] if after is None or key > after)
        return [(key, self.table[partition][key][:size]) for key in keys[:most]]

    def store(self, partition: int, key: bytes, value: bytes) -> None:
        self.table[partition][key] = value
        assert self.on_stored is not None
        self.on_stored(partition, key, value)

    async def extents(self, topics: Collection[str]) -> Mapping[Where, Extent]:
        return {where: extent for where, extent in self.extents_held.items() if where[0] in topics}

    async def committed(self) -> Mapping[Where, int]:
        return self.done

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, records: Any) -> list[int]:
        self.sent.extend(records)
        return []

    def look(self) -> list[tuple[str, int | None]]:
        """Parties that were brought up by one look, with their partitions."""
        self.sent.clear()
        asyncio.run(self.timers.look())
        assert {record.topic for record in self.sent} <= {TIMERS_DUE.name}
        return [(TimerDue.read(record.value or b"").party, record.partition) for record in self.sent]


def test_what_is_due_fires_once_in_its_partition() -> None:
    rig = Rig()
    rig.table[1] = {b"a:late": state(NOON - 5), b"a:later": state(NOON + 5), b"a:done": state(None)}
    rig.table[0] = {b"other": b"[]"}
    assert rig.look() == [("a:late", 1)]
    assert rig.look() == []
    rig.now_ms += 5
    assert rig.look() == [("a:later", 1)]


def test_a_clock_that_stands_still_or_goes_back_fires_nothing_twice() -> None:
    rig = Rig()
    rig.table[0] = {b"a": state(NOON)}
    fired = []
    for now_ms in (NOON - 1, NOON, NOON, NOON - 999, NOON + 1, NOON):
        rig.now_ms = now_ms
        fired += rig.look()
    assert fired == [("a", 0)]


def test_states_that_are_stored_are_known_at_once() -> None:
    rig = Rig()
    rig.look()
    rig.store(0, b"a", state(NOON - 1))
    rig.store(0, b"b", state(NOON - 1))
    rig.store(0, b"b", state(NOON + 1))
    assert rig.look() == [("a", 0)]
    rig.store(0, b"a", state(NOON))
    assert rig.look() == [("a", 0)]


def test_nothing_fires_while_an_answer_may_wait_in_the_log() -> None:
    rig = Rig()
    rig.table[0] = {b"a": state(NOON)}
    rig.extents_held = {("mentions.raw", 3): Extent(0, 2), ("mentions.backfill", 0): Extent(0, 9)}
    assert rig.look() == []
    assert rig.timers.caught_up() == frozenset()
    rig.done = {("mentions.raw", 3): 2}
    assert rig.look() == [("a", 0)]
    assert rig.timers.caught_up() == {0, 1}
    rig.assignment = Assignment(2, frozenset({0, 1}))
    assert rig.timers.caught_up() == frozenset()


def test_a_rebalance_takes_partitions_and_brings_them_back() -> None:
    rig = Rig()
    rig.table[0] = {b"a": state(NOON + 10)}
    rig.table[1] = {b"b": state(NOON + 10)}
    assert rig.look() == []
    rig.assignment = None
    rig.now_ms += 10
    assert rig.look() == []
    rig.assignment = Assignment(2, frozenset({0}))
    assert rig.look() == [("a", 0)]
    # the other worker has looked at b, which waits for something else now
    rig.table[1] = {b"b": state(NOON + 20)}
    rig.assignment = Assignment(3, frozenset({0, 1}))
    assert rig.look() == []
    rig.now_ms += 10
    assert rig.look() == [("b", 1)]


def test_after_each_rebalance_the_log_comes_first() -> None:
    rig = Rig()
    rig.table[0] = {b"a": state(NOON)}
    rig.assignment = Assignment(1, frozenset())
    rig.look()
    rig.extents_held = {("mentions.raw", 0): Extent(0, 2)}
    rig.assignment = Assignment(2, frozenset({0}))
    assert rig.look() == []


def test_what_is_held_back_comes_however_still_time_stands() -> None:
    rig = Rig()
    rig.look()
    rig.store(0, b"a", state(held=True))
    rig.seconds += 1.9
    assert rig.look() == []
    rig.seconds += 0.2
    assert rig.look() == [("a", 0)]
    rig.seconds += 60
    assert rig.look() == []


def test_what_is_held_back_does_not_wait_for_the_log_and_moves_no_time() -> None:
    rig = Rig()
    rig.extents_held = {("mentions.raw", 3): Extent(0, 2)}
    rig.look()
    rig.store(0, b"a", state(held=True))
    rig.seconds += 3
    assert rig.look() == [("a", 0)]
    [record] = rig.sent
    assert TimerDue.read(record.value or b"").due_at == BEFORE_ALL


def test_after_a_long_downtime_the_triage_stage_is_not_flooded() -> None:
    rig = Rig()
    rig.table[0] = {b"%05d" % number: state(NOON - number) for number in range(3 * PORTION)}
    assert len(rig.look()) == PORTION
    rig.behind = PORTION
    assert len(rig.look()) == LEAST
    rig.behind = 0
    fired = Counter(rig.look()) + Counter(rig.look())
    assert fired.total() == 2 * PORTION - LEAST
    assert rig.look() == []


def test_one_partition_with_much_to_do_keeps_no_other_waiting() -> None:
    rig = Rig()
    rig.table[0] = {b"%05d" % number: state(NOON - 9999) for number in range(3 * PORTION)}
    rig.table[1] = {b"other": state(NOON)}
    assert ("other", 1) in rig.look()


def test_a_changed_policy_reaches_open_cases_bit_by_bit_behind_what_is_due() -> None:
    rig = Rig()
    rig.table[0] = {b"%05d" % number: state(policy="another") for number in range(2 * PORTION)}
    rig.table[0] |= {b"due": state(NOON - 1), b"closed": state(policy="another", live=False)}
    first = rig.look()
    assert first[0] == ("due", 0)
    assert 0 < len(first) < PORTION
    seen = Counter(first)
    while more := rig.look():
        seen.update(more)
    assert seen.keys() == {("due", 0)} | {(f"{number:05d}", 0) for number in range(2 * PORTION)}
    assert set(seen.values()) == {1}


def test_a_state_from_before_there_were_heads_is_looked_at() -> None:
    rig = Rig()
    rig.table[0] = {b"old": b'{"g":1,"a":{}}'}
    assert rig.look() == [("old", 0)]
