"""A process of its own that enriches: half of a worker's time, and none of its state.

Models and word lists are there, and there alone. Beside it the worker decodes, folds and sends, so that both have
a processor, and heartbeats and answers of the broker never wait for a model.
"""

import asyncio
import gc
import logging
import pickle
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from listener.child_process import end_child, leave_stops_to_parent, start_child
from listener.domain.enriched import Enrichment
from listener.domain.errors import Rejected, ServiceError, UsageError
from listener.domain.mention import Mention, read_raw
from listener.logs import configure_logs
from listener.models.in_use import ModelsInUse
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import Taxonomy
from stream.ledger.read_mention import read_as_written

log = logging.getLogger(__name__)

GARBAGE_THRESHOLDS = (100_000, 20, 20)
"""A batch makes some ten thousand objects, hardly any of them in cycles: Python's own 700 looks far too often."""
READY_SECONDS = 180.0
"""A large encoder takes half a minute to load."""
UNDER_WAY = 4
"""Questions that the process has, or is being given; what it answers is waited for meanwhile."""
BUFFER_BYTES = 1 << 20
"""What an answer of usual size fits into."""
_LENGTH = struct.Struct(">Q")


class EnrichingProcess:
    """The process, as the worker sees it.

    1. It is started with the object, and loads its models while the worker does something else.
    2. `await_ready` waits for that, before there is an event loop.
    3. `start` and `stop` are the first and the last thing in the event loop, `enrich` is in between.

    Args:
        taxonomy: of root causes.
        models: directory of those in use, which the process follows; None for rules alone.
        on_end: is told why, where the process ends before it is stopped.
    """

    def __init__(
        self, taxonomy: Taxonomy, models: Path | None = None, on_end: Callable[[str], object] = log.error
    ) -> None:
        self._on_end = on_end
        self._socket, other_end = socket.socketpair()
        self._process = start_child("enriching", self._socket, _serve, other_end, taxonomy, models)
        other_end.close()  # so that the connection ends with the process
        self._asked: deque[asyncio.Future[list[Enrichment]]] = deque()
        self._turns = asyncio.Semaphore(UNDER_WAY)
        self._answers: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    def await_ready(self) -> None:
        """Returns once its models are loaded.

        Raises:
            UsageError: a model cannot be read, or does not fit the taxonomy.
            ServiceError: it has ended, or takes too long.
        """
        self._socket.settimeout(READY_SECONDS)
        try:
            with self._socket.makefile("rb") as answers:
                data = _read(answers)
        except TimeoutError:
            raise ServiceError(
                f"the process that enriches is not ready after {READY_SECONDS:.0f} s"
            ) from None
        if data is None:
            raise self._ended()
        if (error := pickle.loads(data)) is not None:  # noqa: S301  # from our own child
            raise UsageError(error)

    async def start(self) -> None:
        """Begins to take answers."""
        reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=BUFFER_BYTES)
        self._answers = asyncio.create_task(self._take_answers(reader))

    async def enrich(self, mentions: Sequence[bytes]) -> list[Enrichment]:
        """As `Enricher.enrich`.

        Args:
            mentions: as JSON.

        Raises:
            Rejected: one of them cannot be enriched; which one is not known.
            ServiceError: the process has ended.
        """
        async with self._turns:
            if self._writer is None or self._answers is None or self._answers.done():
                raise self._ended()
            answer: asyncio.Future[list[Enrichment]] = asyncio.get_running_loop().create_future()
            self._asked.append(answer)
            data = pickle.dumps(mentions, pickle.HIGHEST_PROTOCOL)
            self._writer.write(_LENGTH.pack(len(data)))
            self._writer.write(data)
            return await answer

    async def stop(self) -> None:
        """Ends it."""
        if self._answers is not None:
            self._answers.cancel()
        if self._writer is not None:
            self._writer.transport.abort()  # to close it in order would wait until all questions are asked
        else:
            self._socket.close()
        await asyncio.to_thread(end_child, self._process)

    async def _take_answers(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                found = await _received(reader)
                answer = self._asked.popleft()
                if answer.cancelled():  # nobody waits for it any more
                    continue
                if isinstance(found, str):
                    answer.set_exception(Rejected("failed", found))
                else:
                    answer.set_result(found)
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody would be answered any more
            ended = self._ended() if isinstance(error, EOFError | OSError) else ServiceError(repr(error))
            for answer in self._asked:
                if not answer.done():
                    answer.set_exception(ended)
            self._on_end(str(ended))

    def _ended(self) -> ServiceError:
        self._process.join(1.0)  # it has closed its end; until it has a code takes a moment
        return ServiceError(
            f"the process that enriches has ended with {self._process.exitcode}; is there memory for it?"
        )


async def _received(reader: asyncio.StreamReader) -> Any:
    """Raises EOFError or OSError where the other side has ended."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(length))  # noqa: S301  # from our own child


def _serve(connection: socket.socket, taxonomy: Taxonomy, directory: Path | None) -> None:
    """What the process does until the worker has ended: answers with enrichments, or with what went wrong."""
    leave_stops_to_parent()
    configure_logs()
    with connection, connection.makefile("rb") as questions:
        try:
            models = None if directory is None else ModelsInUse(directory)
            enricher = Enricher(taxonomy, models)
        except UsageError as error:
            _answer(connection, str(error))
            return
        if models is not None:
            models.follow(Event())
        gc.freeze()  # what is there now stays: models and word lists
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        try:
            _answer(connection, None)
            while (data := _read(questions)) is not None:
                _answer(connection, _enriched(enricher, data))
        except OSError:
            return  # the worker has ended


def _enriched(enricher: Enricher, data: bytes) -> list[Enrichment] | str:
    try:
        return enricher.enrich([_mention(value) for value in pickle.loads(data)])  # noqa: S301  # the worker's own
    except Exception as error:
        log.exception("enriching some mentions together failed")
        return f"{type(error).__name__}: {error}"


def _mention(value: bytes) -> Mention:
    mention = read_as_written(value) or read_raw(value)
    if not isinstance(mention, Mention):
        raise TypeError("only mentions are enriched")
    return mention


def _read(connection: BinaryIO) -> bytes | None:
    """What comes next; None where the other side has ended."""
    head = connection.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = connection.read(length)
    return data if len(data) == length else None


def _answer(connection: socket.socket, content: list[Enrichment] | str | None) -> None:
    data = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    connection.sendall(_LENGTH.pack(len(data)) + data)
