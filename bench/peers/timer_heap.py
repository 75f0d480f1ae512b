"""Timers of so many parties in a process of their own: what the heap takes, and what it costs.

The table is a RocksDB of one partition with one state each; the heads are read as a worker reads them after
recovery. Prints one JSON object.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rocksdict import Options, Rdict, WriteBatch

from bench.watch import status_kib
from listener.domain.ids import author_party, case_id
from stream.catching_up import Extent, Where
from stream.fire_timers import Assignment, Timers
from stream.moments import from_ms
from stream.table import StateTable
from stream.triage.party_state import Head, PartyState, Present, Published

POLICY = "0123456789abcdef"
NOW_MS = 1_800_000_000_000
LOOKS = 200


def main() -> None:
    """Argument: how many parties."""
    parties = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="timers-") as directory:
        states = _Table(Path(directory), parties)
        print(json.dumps(asyncio.run(_measure(states, parties))))


class _Table:
    """A table of one partition."""

    on_stored = None
    heads = StateTable.heads

    def __init__(self, directory: Path, parties: int) -> None:
        self._rows = Rdict(str(directory), Options(raw_mode=True))
        batch = WriteBatch(raw_mode=True)
        for number in range(parties):
            batch.put(*_row(number, parties))
            if number % 10_000 == 9_999:
                self._rows.write(batch)
                batch = WriteBatch(raw_mode=True)
        self._rows.write(batch)
        self._rows.flush()

    def _database(self, _partition: int) -> Any:
        return self._rows


def _row(number: int, parties: int) -> tuple[bytes, bytes]:
    """A party with one case whose clock runs; due within the next month, none before now."""
    author = f"social:person-{number:010d}"
    memory = PartyState()
    memory.head = Head(NOW_MS + 1 + number * 2_500_000_000 // parties, POLICY, live=True, held=False)
    memory.authors[author] = Present(1, visible=True)
    memory.published[case_id(author)] = Published(author, author, 1, POLICY)
    return author_party(author).encode(), memory.packed() + b" " * 600


class _Nothing:
    """A group without records, and an outlet that counts."""

    sent = 0

    async def extents(self, _topics: Any) -> dict[Where, Extent]:
        return {}

    async def committed(self) -> dict[Where, int]:
        return {}

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, records: Any) -> list[int]:
        self.sent += len(records)
        return []


async def _measure(states: Any, parties: int) -> dict[str, float]:
    now_ms, nothing = NOW_MS, _Nothing()
    timers = Timers(
        states,
        nothing,
        nothing,
        assignment=lambda: Assignment(1, frozenset({0})),
        now=lambda: from_ms(now_ms),
        topics=((), ()),
        policy_hash=POLICY,
        hold_seconds=2.0,
        behind=lambda: 0,
        on_failure=sys.exit,
    )
    before = status_kib("self", "VmRSS")
    began = time.perf_counter()
    await timers.look()
    rebuilt = time.perf_counter() - began
    taken = status_kib("self", "VmRSS") - before
    began = time.process_time()
    for _ in range(LOOKS):
        await timers.look()
        timers.measure()
    idle = (time.process_time() - began) / LOOKS
    now_ms += 2_500_000_000
    began = time.process_time()
    while nothing.sent < parties:
        await timers.look()
    firing = time.process_time() - began
    return {
        "parties": parties,
        "heap_mib": taken / 1024,
        "rebuild_seconds": rebuilt,
        "idle_microseconds": idle * 1e6,
        "fire_microseconds": firing / parties * 1e6,
    }


if __name__ == "__main__":
    main()
