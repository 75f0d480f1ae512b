"""A second process that makes blocks, since what one processor can prepare bounds what a sink can store.

It is a child that knows nothing but this: it is given records over a pipe, and answers with what `block_of` makes
of them. It ends with its parent, however that ends.
"""

import gc
import multiprocessing
import signal
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected, ServiceError
from listener.kafka.record import QuickRecord, Record
from sinks.clickhouse.blocks import Block, Kinds, block_of
from sinks.sink import Prepared, Refused

END_SECONDS = 5.0
RECORD_BYTES = 128
"""Of a value that take as long as the record that it is in."""
_STOPS = (signal.SIGINT, signal.SIGTERM)
"""Whoever stops the sink may tell both; the sink finishes the batch in hand, and then closes the pipe."""


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
        context = multiprocessing.get_context("spawn")  # a fork would have locks of threads that it has not
        self._pipe, other_end = context.Pipe()
        self._process = context.Process(
            target=serve, args=(other_end, kinds), name="second-maker", daemon=True
        )
        with _stops_held():
            self._process.start()
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
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def _ended(self) -> ServiceError:
        self._process.join(END_SECONDS)
        return ServiceError(
            f"the second process of the sink has ended with {self._process.exitcode}; is there memory for it?"
        )


def serve(pipe: "Connection[Any, Any]", kinds: Kinds) -> None:
    """What the child does until its parent has ended."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
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


@contextmanager
def _stops_held() -> Iterator[None]:
    """A child that is started within inherits that these signals wait, until it says what becomes of them."""
    resource_tracker.ensure_running()  # else it is started with the child, and lets them come
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
