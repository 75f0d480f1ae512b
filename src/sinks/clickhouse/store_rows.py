"""The sink that writes records into ClickHouse: columns of rows, then one insert for each table."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clickhouse_driver.errors import ServerException

from listener.clickhouse.client import LOST_CONNECTION, connect, described, translated
from listener.clickhouse.migrate import check_schema
from listener.clickhouse.quick_insert import QuickInsertClient
from listener.domain.erasure import Erasures
from listener.domain.errors import Busy
from listener.kafka.record import Record
from sinks.clickhouse.blocks import Block, Columns, block_of
from sinks.clickhouse.erase_deleted import erase_deleted
from sinks.clickhouse.erased import AUDIT
from sinks.clickhouse.rows import ROWS_OF
from sinks.clickhouse.second_maker import SecondMaker, parted_at
from sinks.clickhouse.told_of_mentions import ToldOfMentions, contacts_told_of
from sinks.sink import Prepared, Refused

ANSWER_TIMEOUT_SECONDS = 120.0
HOUR_SECONDS = 3600.0
INSERT_SETTINGS = {
    # a block of old mentions spreads over many years, which are the partitions of the table
    "max_partitions_per_insert_block": 0,
    # identical batches are told apart by nothing: rows that repeat are replaced by their version
    "insert_deduplicate": 0,
}

_KINDS = "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"
LARGE_BATCH = 4000
"""Records of a batch from which on a second process makes the rows of some of them: starting it takes a second,
once, and below this number one is fast enough."""
FIRST_SHARE = 0.4
"""Of such a batch, what this process makes the rows of: it reads from Kafka as well, while the other works."""


@dataclass(slots=True)
class Content:
    """What is stored of a batch.

    Attributes:
        blocks: the columns of its rows.
        refused: records that can have none.
        awaited: still makes a block of it; None once that is there, or where there is none.
    """

    batch: Sequence[Record]
    blocks: list[Block]
    refused: list[Refused]
    awaited: SecondMaker | None


class ClickHouseSink:
    """Stores the topics in `ROWS_OF`. Idempotent: rows that come again replace themselves.

    Args:
        url: of an account that may write; see `listener.clickhouse.client.read_url`.
        monotonic: clock for what is done now and then, in seconds.
        erasures: of whom nothing is stored; of nobody where None.
    """

    name = "clickhouse"
    topics: tuple[str, ...] = tuple(ROWS_OF)

    def __init__(
        self,
        url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        erasures: Erasures | None = None,
    ) -> None:
        self._url = url
        self._erasures = Erasures() if erasures is None else erasures
        self._client, self._beside = (
            connect(
                url,
                settings=INSERT_SETTINGS,
                answer_timeout_seconds=ANSWER_TIMEOUT_SECONDS,
                kind=QuickInsertClient,
            )
            for _ in range(2)
        )
        self._other_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="insert-beside")
        self._kinds: dict[str, dict[str, str]] = {}
        self._second: SecondMaker | None = None
        self._monotonic = monotonic
        self._hour_at = monotonic()
        self._told = ToldOfMentions(self._erasures, monotonic)

    def ping(self) -> None:
        """Makes sure that the server is there and its schema is this program's; to be called before all else.

        Raises:
            ServiceError: it is not.
        """
        check_schema(self._client, self._url)
        with translated(self._url):
            columns = self._client.execute(_KINDS)
        for table, column, kind in columns:
            self._kinds.setdefault(table, {})[column] = kind

    def prepare(self, batch: Sequence[Record]) -> Prepared[Content]:
        """The columns of a batch, and the records that can have no row; of a large one only the first part, what
        comes of the rest is waited for in `store`."""
        first, awaited = batch, None
        if len(batch) >= LARGE_BATCH:
            self._second = awaited = self._second or SecondMaker(self._kinds)
            at = parted_at(batch, FIRST_SHARE)
            first = batch[:at]
            awaited.begin(batch[at:], self._erasures)
        made = block_of(first, self._kinds, self._erasures)
        content = Content(batch, [made.content], [*made.refused], awaited)
        return Prepared(content, content.refused)

    def store(self, content: Content) -> None:
        """Inserts rows table by table, two tables at a time: the server does an insert with one processor.

        Raises:
            Busy: ClickHouse is away, refuses, or broke off so that the outcome is unknown.
            ServiceError: the second process has ended.
        """
        if content.awaited is not None:
            made = content.awaited.finish()
            content.awaited = None
            content.blocks.append(made.content)
            content.refused += made.refused
        tables: dict[str, list[Columns]] = {}
        for block in content.blocks:
            for table, columns in block.items():
                tables.setdefault(table, []).append(columns)
        waiting = deque(sorted(tables.items(), key=_values, reverse=True))
        beside = self._other_thread.submit(_insert_all, self._beside, waiting)
        try:
            try:
                _insert_all(self._client, waiting)
            finally:
                beside.result()
        except (ServerException, *LOST_CONNECTION) as error:
            raise self._busy(error) from error
        if any(AUDIT in block for block in content.blocks):
            self._told.note(contacts_told_of(content.batch))

    def housekeeping(self) -> None:
        """Stores a portion of what people said of mentions; once an hour looks whether any are missing,
        and removes the text of deleted mentions from the disk.

        Raises:
            Busy: as for `store`.
        """
        try:
            self._told.store_portion(self._client, self._kinds["mentions"])
            if self._monotonic() < self._hour_at:
                return
            self._hour_at = self._monotonic() + HOUR_SECONDS
            self._told.look_at_all()
            erase_deleted(self._client)
        except (ServerException, *LOST_CONNECTION) as error:
            raise self._busy(error) from error

    def close(self) -> None:
        """Ends the connections."""
        self._other_thread.shutdown()
        self._client.disconnect()
        self._beside.disconnect()
        if self._second is not None:
            self._second.close()

    def _busy(self, error: Exception) -> Busy:
        """Nothing is ever dropped because the server refuses: whatever it says, the same is written again."""
        self._client.disconnect()
        self._beside.disconnect()
        return Busy(str(described(self._url, error)))


def _values(item: tuple[str, Sequence[Columns]]) -> int:
    """How many values go into a table: about how long it takes."""
    return sum(len(columns) * len(columns["version"]) for columns in item[1])


def _insert_all(client: QuickInsertClient, waiting: deque[tuple[str, list[Columns]]]) -> None:
    """Inserts into one table after the other until none is left that no other thread has taken."""
    while True:
        try:
            table, blocks = waiting.popleft()
        except IndexError:
            return
        client.insert(table, blocks)
