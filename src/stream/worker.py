"""Drives a stage: from a batch of records to stored states and published outputs.

A batch is folded while the one before is flushed, that is, while the broker is waited for: it sees the states that
the one before is about to store. Should the flush fail, the process ends, and both are read again. To prepare one
rests on no state, so that may begin while others are under way.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

from listener.domain.dead_letter import DeadLetter, attempt_of
from listener.domain.errors import Rejected, ServiceError
from listener.domain.origin import origin_of
from listener.domain.topics import DEAD
from listener.kafka.dead_letters import dead_letter_record
from listener.kafka.record import Record as Fetched
from stream.moments import BEFORE_ALL
from stream.poison import SourceWatch
from stream.progress import Progress
from stream.send import Record, Sender
from stream.stage import Input, Output, Position, Stage, Step
from stream.table import StateTable

log = logging.getLogger(__name__)

T = TypeVar("T")
TableKey = tuple[int, bytes]

BULK = 128
"""Records that are prepared together; what is cheaper in bulk is hardly cheaper in more."""
TURN_SECONDS, LONG_TURN_SECONDS = 0.001, 0.005
"""So long a batch is folded before others have a turn: the broker's answers to the one before are waited for. They
come in some ten turns, with both stages folding."""
LARGE = 400
"""Records of a batch that takes so long that the answers come meanwhile in any case: it takes long turns, of which
each costs some hundredths of a millisecond."""


class Ready(NamedTuple):
    """A batch that was decoded and prepared, and is to be folded.

    Attributes:
        grouped: what was prepared, by table key.
        letters: dead letters of what could not be decoded.
        dead: the records that they are about, and whether they were decoded.
        failed: what could not be prepared.
        decoded: all values that were decoded, as they came.
        started: when it began, by the monotonic clock.
    """

    records: Sequence[Fetched]
    grouped: dict[TableKey, list[Input[Any]]]
    letters: list[Record]
    dead: list[tuple[Fetched, bool]]
    failed: list["_Failed"]
    decoded: list[Any]
    started: float


class Folded(NamedTuple):
    """A batch that was folded and is to be flushed.

    Attributes:
        changes: new states by table key; None where there is none any more.
        purged: partitions whose files must not hold earlier states either.
        published: what is sent once the states are safe.
        values: what was decoded and folded.
        started: as in `Ready`.
    """

    records: Sequence[Fetched]
    changes: dict[TableKey, bytes | None]
    purged: set[int]
    published: list[Record]
    values: list[Any]
    dead_letters: int
    started: float


class StageWorker(Generic[T]):
    """One stage with its table and its way out.

    Args:
        stage: the pure part.
        table: states by key.
        sender: publishes outputs and dead letters.
        now: the installation's time.
        progress: is told what was done.
        watch: raises an alert where a source brings too many dead letters.
        caught_up: the partitions in which time may pass: nothing is too late for another as long as an answer
            may wait in the log. None where that is no question.
        prepare: does what the stage's own `prepare` does, elsewhere; a ServiceError of it is no record's matter.
    """

    def __init__(
        self,
        stage: Stage[T],
        table: StateTable,
        sender: Sender,
        now: Callable[[], datetime],
        progress: Progress,
        watch: SourceWatch | None = None,
        caught_up: Callable[[], frozenset[int]] | None = None,
        prepare: Callable[[Sequence[T]], Awaitable[list[T]]] | None = None,
    ) -> None:
        self._stage = stage
        self._table = table
        self._sender = sender
        self._now = now
        self._progress = progress
        self._watch = watch or SourceWatch({})
        self._caught_up = caught_up
        self._elsewhere = prepare
        self._unflushed: dict[TableKey, dict[TableKey, bytes | None]] = {}
        """By table key, the changes of the last batch that changed it and is not flushed yet."""

    @property
    def prepares_elsewhere(self) -> bool:
        """Whether a batch can be prepared while another is folded, by another processor."""
        return self._elsewhere is not None

    async def prepare(self, records: Sequence[Fetched]) -> Ready:
        """Steps 1 and 2 of `stream.stage`; gives others a turn now and then.

        Args:
            records: one or more.

        Raises:
            ServiceError: what prepares elsewhere is not there any more.
        """
        started = time.monotonic()
        turns = _Turns(len(records))
        letters: list[Record] = []
        dead: list[tuple[Fetched, bool]] = []
        values: list[T] = []
        parts: list[_Part[T]] = []
        under_way: list[asyncio.Task[_Part[T]]] = []
        for first in range(0, len(records), BULK):
            decoded: list[tuple[TableKey, Input[T]]] = []
            for record in records[first : first + BULK]:
                if time.monotonic() > turns.over_at:
                    await turns.give()
                try:
                    key = _key(record)
                    value = self._stage.decode(record.topic, record.value)
                except Rejected as error:
                    letters.append(self._dead_letter(record, error))
                    dead.append((record, False))
                    continue
                decoded.append(((record.partition, key), Input(_position(record), value)))
                values.append(value)
            if self._elsewhere is None:
                parts.append(await self._prepare(decoded))
            elif decoded:
                under_way.append(asyncio.create_task(self._prepare(decoded)))
        parts += await asyncio.gather(*under_way)
        grouped: dict[TableKey, list[Input[T]]] = {}
        for part in parts:
            for table_key, given in part.prepared:
                grouped.setdefault(table_key, []).append(given)
        failed = [failure for part in parts for failure in part.failed]
        return Ready(records, grouped, letters, dead, failed, values, started)

    async def fold(self, batch: Ready) -> Folded:
        """Step 3 of `stream.stage`: what a batch makes of the states, and what follows from that.

        It sees what earlier batches made of them, flushed or not, and gives others a turn now and then: the batch
        before may be flushed meanwhile.
        """
        turns = _Turns(len(batch.records))
        letters, dead, failed = batch.letters, batch.dead, batch.failed
        now = self._now()
        caught_up = None if self._caught_up is None else self._caught_up()
        changes: dict[TableKey, bytes | None] = {}
        purged: set[int] = set()
        outputs: list[Output] = []
        for table_key, inputs in batch.grouped.items():
            if time.monotonic() > turns.over_at:
                await turns.give()
            before = self._state(table_key)
            after = before
            moment = now if caught_up is None or table_key[0] in caught_up else BEFORE_ALL
            for some in self._fold_all_or_each(table_key, before, inputs, moment):
                if isinstance(some, _Failed):
                    failed.append(some)
                    continue
                after = some.state
                outputs.extend(some.outputs)
                if some.purges:
                    purged.add(table_key[0])
            if after != before:
                changes[table_key] = after
        gone = {fail.position: fail.error for fail in failed}
        if gone:
            for record in batch.records:
                if (why := gone.get(_position(record))) is not None:
                    letters.append(self._dead_letter(record, why))
                    dead.append((record, True))
        alerts = self._watch.count(batch.decoded, dead, now)
        self._unflushed.update(dict.fromkeys(changes, changes))
        return Folded(
            batch.records,
            changes,
            purged,
            [*map(_record, outputs), *letters, *alerts] if outputs or letters else [],
            [
                given.value
                for given in chain.from_iterable(batch.grouped.values())
                if given.position not in gone
            ],
            len(letters),
            batch.started,
        )

    async def flush(self, batch: Folded) -> None:
        """Steps 4 and 5 of `stream.stage`: stores the states, then publishes. Batches are flushed in their order.

        Raises:
            LostFooting: nothing may be sent any more.
            ServiceError: something was not acknowledged by the broker.
        """
        # Step 4: states are safe before anybody sees what follows from them
        await self._table.put(batch.changes)
        for partition in batch.purged:
            await self._table.purge(partition)
        for table_key in batch.changes:
            if self._unflushed[table_key] is batch.changes:  # else a later batch has changed it once more
                del self._unflushed[table_key]
        # Step 5: publish
        if batch.published:
            await self._sender.send(batch.published)
        self._progress.batch_done(
            batch.records, batch.values, batch.dead_letters, time.monotonic() - batch.started
        )

    def _state(self, table_key: TableKey) -> bytes | None:
        changes = self._unflushed.get(table_key)
        return self._table.get(*table_key) if changes is None else changes[table_key]

    async def _prepare(self, decoded: Sequence[tuple[TableKey, Input[T]]]) -> "_Part[T]":
        """All at once; where that fails, one by one, so that one record does not take the others with it."""
        try:
            ready = await self._prepared([given.value for _, given in decoded])
        except ServiceError:
            raise
        except Exception:
            log.exception("stage=%s: preparing %d records together failed", self._stage.name, len(decoded))
        else:
            return _Part(
                [
                    (table_key, Input(given.position, value))
                    for (table_key, given), value in zip(decoded, ready, strict=True)
                ],
                [],
            )
        good: list[tuple[TableKey, Input[T]]] = []
        failed: list[_Failed] = []
        for table_key, given in decoded:
            try:
                [value] = await self._prepared([given.value])
            except ServiceError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this record's matter
                failed.append(_Failed(given.position, _as_rejected(error)))
            else:
                good.append((table_key, Input(given.position, value)))
        return _Part(good, failed)

    async def _prepared(self, values: Sequence[T]) -> list[T]:
        return self._stage.prepare(values) if self._elsewhere is None else await self._elsewhere(values)

    def _fold_all_or_each(
        self, table_key: TableKey, before: bytes | None, inputs: list[Input[T]], now: datetime
    ) -> list["Step | _Failed"]:
        key = table_key[1].decode()
        try:
            step = self._stage.step(key, before, inputs, now)
        except Exception:
            log.exception("stage=%s: folding %d records together failed", self._stage.name, len(inputs))
        else:
            return [step]
        results: list[Step | _Failed] = []
        state = before
        for given in inputs:
            try:
                step = self._stage.step(key, state, [given], now)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this record's matter
                results.append(_Failed(given.position, _as_rejected(error)))
                continue
            state = step.state
            results.append(step)
        return results

    def _dead_letter(self, record: Fetched, error: Rejected) -> Record:
        letter = DeadLetter(
            origin=f"{record.topic}[{record.partition}]@{record.offset}",
            source=origin_of(record).source,
            reason=error.reason,
            detail=error.detail,
            stage=self._stage.name,
            attempt=attempt_of(record.headers),
            at=self._now(),
            size=len(record.value or b""),
            topic=record.topic,
        )
        key, value, headers = dead_letter_record(letter, record.key, record.value)
        return Record(DEAD.name, key, value, headers=headers)


class _Part(NamedTuple, Generic[T]):
    """Some of a batch, prepared together."""

    prepared: list[tuple[TableKey, Input[T]]]
    failed: list["_Failed"]


class _Turns:
    """Lets others have a turn now and then.

    Args:
        records: in the batch.
    """

    def __init__(self, records: int) -> None:
        self._seconds = TURN_SECONDS if records < LARGE else LONG_TURN_SECONDS
        self.over_at = time.monotonic() + self._seconds
        """When others are to have a turn. Whoever has many records looks here: to await nothing takes longer."""

    async def give(self) -> None:
        await asyncio.sleep(0)
        self.over_at = time.monotonic() + self._seconds


class _Failed:
    def __init__(self, position: Position, error: Rejected) -> None:
        self.position = position
        self.error = error


def _as_rejected(error: Exception) -> Rejected:
    return error if isinstance(error, Rejected) else Rejected("failed", f"{type(error).__name__}: {error}")


def _position(record: Fetched) -> Position:
    return Position(record.topic, record.partition, record.offset)


def _key(record: Fetched) -> bytes:
    if not record.key:
        raise Rejected("no-key", "the record has no key; the author or party is the key")
    try:
        record.key.decode()
    except UnicodeDecodeError:
        raise Rejected("no-key", "the key is not UTF-8") from None
    return record.key


def _record(output: Output) -> Record:
    return Record(output.topic, output.key.encode(), output.wire)
