"""Drives a stage: from a batch of records to stored states and published outputs."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from listener.domain.dead_letter import DeadLetter, attempt_of
from listener.domain.errors import Rejected
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
    ) -> None:
        self._stage = stage
        self._table = table
        self._sender = sender
        self._now = now
        self._progress = progress
        self._watch = watch or SourceWatch({})
        self._caught_up = caught_up

    async def process(self, records: Sequence[Fetched]) -> None:
        """The six steps of `stream.stage`, all but the acknowledgement.

        Raises:
            LostFooting: nothing may be sent any more.
            ServiceError: something was not acknowledged by the broker.
        """
        started = time.monotonic()
        # Step 1: decode
        letters: list[Record] = []
        dead: list[tuple[Fetched, bool]] = []
        decoded: list[tuple[TableKey, Input[T]]] = []
        for record in records:
            try:
                key = _key(record)
                value = self._stage.decode(record.topic, record.value)
            except Rejected as error:
                letters.append(self._dead_letter(record, error))
                dead.append((record, False))
                continue
            decoded.append(((record.partition, key), Input(_position(record), value)))
        # Step 2: what is cheaper in bulk
        prepared, failed = self._prepare(decoded)
        # Step 3: fold, key by key
        grouped: dict[TableKey, list[Input[T]]] = {}
        for table_key, given in prepared:
            grouped.setdefault(table_key, []).append(given)
        now = self._now()
        caught_up = None if self._caught_up is None else self._caught_up()
        changes: dict[TableKey, bytes | None] = {}
        purged: set[int] = set()
        outputs: list[Output] = []
        for table_key, inputs in grouped.items():
            before = self._table.get(*table_key)
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
            for record in records:
                if (why := gone.get(_position(record))) is not None:
                    letters.append(self._dead_letter(record, why))
                    dead.append((record, True))
        alerts = self._watch.count((given.value for _, given in decoded), dead, now)
        # Step 4: states are safe before anybody sees what follows from them
        await self._table.put(changes)
        for partition in purged:
            await self._table.purge(partition)
        # Step 5: publish
        if outputs or letters:
            await self._sender.send([*map(_record, outputs), *letters, *alerts])
        values = [given.value for _, given in prepared if given.position not in gone]
        self._progress.batch_done(records, values, len(letters), time.monotonic() - started)

    def _prepare(
        self, decoded: list[tuple[TableKey, Input[T]]]
    ) -> tuple[list[tuple[TableKey, Input[T]]], list["_Failed"]]:
        """All at once; where that fails, one by one, so that one record does not take the others with it."""
        values = [given.value for _, given in decoded]
        try:
            ready = self._stage.prepare(values)
        except Exception:
            log.exception("stage=%s: preparing %d records together failed", self._stage.name, len(values))
        else:
            return [
                (table_key, Input(given.position, value))
                for (table_key, given), value in zip(decoded, ready, strict=True)
            ], []
        good: list[tuple[TableKey, Input[T]]] = []
        failed: list[_Failed] = []
        for table_key, given in decoded:
            try:
                [value] = self._stage.prepare([given.value])
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this record's matter
                failed.append(_Failed(given.position, _as_rejected(error)))
            else:
                good.append((table_key, Input(given.position, value)))
        return good, failed

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
