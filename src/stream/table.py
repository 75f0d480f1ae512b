"""The table of a stage: RocksDB on this machine, its changelog in Kafka.

A state is stored in the changelog first and locally once that is acknowledged: the local copy is never ahead of
what another worker could rebuild. Faust assigns the partitions, creates the changelog and recovers from it;
reads and writes go past Faust's table interface, which only works for one event at a time.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import faust
from faust.stores.rocksdb import Store
from rocksdict import BottommostLevelCompaction, CompactOptions, WriteBatch

from listener.domain.topics import SWEEP_KEY, TOMBSTONE_MS
from listener.kafka.record import Record as Fetched
from stream.reliability import ReliableApp
from stream.send import Record, Sender

OPTIONS = {
    "write_buffer_size": 8 << 20,
    "max_write_buffer_number": 2,
    "target_file_size_base": 32 << 20,
    "block_cache_size": 16 << 20,
    "driver": "rocksdict",
}
"""Bytes per partition: with a dozen partitions and two tables a worker stays within some hundred megabytes."""

FAUST_PREFIX = b"__faust\0"
"""Of the keys under which Faust notes in the database how far the table has come."""


class _Table(faust.Table):  # type: ignore[misc]  # Faust publishes no types
    """Faust's view of a table: which partitions it has, and how far they are read back."""

    def apply_changelog_batch(self, batch: Any) -> None:
        """Nothing is left to do: `StateTable.apply` has stored the records before Faust was told of the last."""


class StateTable:
    """States by key, each key in the partition of the records that it was made from.

    Args:
        app: the Faust app; is told where records of the changelog go.
        name: of the stage.
        partitions: of all topics that the stage reads.
        sender: writes the changelog.

    Attributes:
        on_stored: is told of every state that is stored or read back: partition, key, state.
    """

    def __init__(self, app: ReliableApp, name: str, partitions: int, sender: Sender) -> None:
        self._table = _Table(
            app,
            name=name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
            options=dict(OPTIONS),
        )
        app.tables.add(self._table)
        self._sender = sender
        self._unclean: set[int] = set()
        """Partitions in whose files something may stand that was read back, and deleted later."""
        self.on_stored: Callable[[int, bytes, bytes | None], None] | None = None
        app.changelogs[self.changelog_topic] = self

    def get(self, partition: int, key: bytes) -> bytes | None:
        """The state of a key, if it has one."""
        value: bytes | None = self._database(partition).get(key)
        return value

    async def put(self, changes: Mapping[tuple[int, bytes], bytes | None]) -> None:
        """Stores states by (partition, key), None deletes: changelog, acknowledgement, local copy.

        Raises:
            LostFooting, ServiceError: as `Sender.send`.
        """
        if not changes:
            return
        topic = self.changelog_topic
        offsets = await self._sender.send(
            Record(topic, key, value, partition) for (partition, key), value in changes.items()
        )
        batches: dict[int, WriteBatch] = {}
        newest: dict[int, int] = {}
        for ((partition, key), value), offset in zip(changes.items(), offsets, strict=True):
            _add(batches.setdefault(partition, WriteBatch(raw_mode=True)), key, value)
            newest[partition] = max(offset, newest.get(partition, -1))
        for partition, batch in batches.items():
            self._write(partition, batch, newest[partition])
        if self.on_stored is not None:
            for (partition, key), value in changes.items():
                self.on_stored(partition, key, value)
        for partition in self._unclean & batches.keys():
            await self.purge(partition)

    async def purge(self, partition: int) -> None:
        """Leaves nothing on the disk of what was deleted or replaced in a partition.

        RocksDB keeps that in its files until they are merged, and the first and last key of files that are gone in
        its manifest until the database is opened anew. The caller keeps the partition from being given away.
        """
        await asyncio.to_thread(rewrite, self._database(partition))
        self._unclean.discard(partition)
        self._table.data._dbs.pop(partition).close()  # noqa: SLF001  # Faust opens it again when it is asked for
        self._database(partition)

    def apply(self, partition: int, records: Sequence[Fetched]) -> None:
        """Stores states that were read back from the changelog, in the order of their offsets."""
        batch = WriteBatch(raw_mode=True)
        for record in records:
            if record.key is None:
                continue  # nothing of ours
            _add(batch, record.key, record.value)
            if record.value is None and record.key != SWEEP_KEY:
                self._unclean.add(partition)
        self._write(partition, batch, records[-1].offset)
        if self.on_stored is not None:
            for record in records:
                if record.key is not None:
                    self.on_stored(partition, record.key, record.value)

    def heads(self, partition: int, after: bytes | None, most: int, size: int) -> list[tuple[bytes, bytes]]:
        """Keys of a partition in their order, at most so many, with the beginnings of their states.

        When it returns, nothing of the database is in use any more: Faust may close it then.

        Args:
            after: keys behind this one; from the first one on where None.
            size: bytes of each state.
        """
        found: list[tuple[bytes, bytes]] = []
        places = self._database(partition).iter()
        if after is None:
            places.seek_to_first()
        else:
            places.seek(after)
        while places.valid() and len(found) < most:
            key = places.key()
            if key != after and not key.startswith(FAUST_PREFIX):
                found.append((key, places.value()[:size]))
            places.next()
        return found

    def _write(self, partition: int, batch: WriteBatch, newest_offset: int) -> None:
        """One write: how far the local copy goes is never told apart from what is in it."""
        batch.put(Store.offset_key, str(newest_offset).encode())
        self._database(partition).write(batch)

    @property
    def changelog_topic(self) -> str:
        """Name of the topic that the table can be rebuilt from."""
        name: str = self._table.changelog_topic.get_topic_name()
        return name

    def _database(self, partition: int) -> Any:
        return self._table.data._db_for_partition(partition)  # noqa: SLF001  # by key only, through current_event


def rewrite(database: Any) -> None:
    """Merges all files of a database, so that they hold what is there and nothing else."""
    options = CompactOptions()
    options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
    database.flush()
    database.compact_range(None, None, options)


def _add(batch: WriteBatch, key: bytes, value: bytes | None) -> None:
    if value is None:
        batch.delete(key)
    else:
        batch.put(key, value)


def forget_old_copies(directory: Path, now_seconds: float) -> list[str]:
    """Removes copies of partitions that were not written to for so long that they may hold what was deleted since.

    Deleted keys stay in a changelog for a while (`TOMBSTONE_MS`); whoever was away for longer would never hear of
    them. What is removed is rebuilt from the changelog where it is needed.

    Args:
        directory: of a worker that does not run.
        now_seconds: since 1970.

    Returns:
        The names of what was removed.
    """
    oldest = now_seconds - TOMBSTONE_MS / 2000
    removed = []
    for database in directory.glob("v*/tables/*.db"):
        if max(map(_written_at, _files(database)), default=0.0) < oldest:
            shutil.rmtree(database)
            removed.append(database.name)
    return removed


def _files(database: Path) -> Iterator[Path]:
    return (path for path in database.iterdir() if path.is_file())


def _written_at(path: Path) -> float:
    return path.stat().st_mtime
