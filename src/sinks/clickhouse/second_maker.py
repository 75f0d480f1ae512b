"""A second process that makes blocks, since what one processor can prepare bounds what a sink can store.

It is a child that knows nothing but this: it is given records over a pipe, and answers with what `block_of` makes
of them.
"""

import gc
import multiprocessing
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from multiprocessing.connection import Connection
from typing import Any

from listener.child_process import END_SECONDS, end_child, leave_stops_to_parent, start_child
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected, ServiceError
from listener.kafka.record import QuickRecord, Record
from sinks.clickhouse.blocks import Block, Kinds, block_of
from sinks.sink import Prepared, Refused

RECORD_BYTES = 128
"""Of a value that take as long as the record that it is in."""


class SecondMaker:
    """The child, as its parent sees it. `begin` is for one thread, `finish` for one, perhaps another.

    1. `begin` hands over a batch.
    2. The caller does something else.
    3. `finish` waits for what was made of it; of several, of the one that was handed over first.

    The child reads a batch once what it made of the one before is being waited for, if that is much.

    Args:
        kinds: of the tables.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._pipe, other_end = multiprocessing.Pipe()
        self._process = start_child("second-maker", self._pipe, serve, other_end, kinds)
        other_end.close()  # so that the pipe ends with the child
        self._begun: deque[Sequence[Record]] = deque()
        self._changes = 0

    def begin(self, batch: Sequence[Record], erasures: Erasures) -> None:
        """Hands over a batch.

        Args:
            erasures: as for `block_of`; handed over when they have changed.

        Raises:
            ServiceError: the child has ended.
        """
        changes = erasures.changes
        news = erasures.copy() if changes != self._changes else None
        self._begun.append(batch)
        try:
            self._pipe.send((news, list(map(_fields, batch))))
        except OSError as error:
            raise self._ended() from error
        self._changes = changes

    def finish(self) -> Prepared[Block]:
        """What was made of the batch that was begun first and is not finished.

        Raises:
            ServiceError: the child has ended.
        """
        try:
            block, refused = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        batch = self._begun.popleft()
        return Prepared(block, [Refused(batch[number], Rejected(*why)) for number, why in refused])

    def close(self) -> None:
        """Ends the child."""
        self._pipe.close()
        end_child(self._process)

    def _ended(self) -> ServiceError:
        self._process.join(END_SECONDS)
        return ServiceError(
            f"the second process of the sink has ended with {self._process.exitcode}; is there memory for it?"
        )


def serve(pipe: "Connection[Any, Any]", kinds: Kinds) -> None:
    """What the child does until its parent has ended."""
    leave_stops_to_parent()
    gc.set_threshold(200_000, 20, 20)  # as the sink itself has it
    erasures = Erasures()
    while True:
        try:
            news, fields = pipe.recv()
        except (EOFError, OSError):
            return
        erasures = erasures if news is None else news
        batch = [QuickRecord(*each) for each in fields]
        made = block_of(batch, kinds, erasures)
        places = {id(record): place for place, record in enumerate(batch)}
        refused = [(places[id(each.record)], (each.why.reason, each.why.detail)) for each in made.refused]
        try:
            pipe.send((made.content, refused))
        except OSError:
            return


def parted_at(batch: Sequence[Record], share: float) -> int:
    """How many records of a batch take about this share of its time: a case takes that of twenty alerts."""
    passed = list(accumulate([len(record.value or b"") + RECORD_BYTES for record in batch]))
    return bisect_right(passed, passed[-1] * share) if passed else 0


def _fields(record: Record) -> tuple[Any, ...]:
    return (
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        record.headers,
    )
