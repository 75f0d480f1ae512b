"""The sink that writes records into ClickHouse: columns of rows, then one insert for each table."""

import time
from collections.abc import Callable, Iterator, Sequence

from clickhouse_driver.errors import ServerException

from listener.clickhouse.client import LOST_CONNECTION, connect, described, translated
from listener.clickhouse.migrate import check_schema
from listener.clickhouse.quick_insert import Column, QuickInsertClient
from listener.domain.erasure import Erasures
from listener.domain.errors import Busy, Rejected
from listener.kafka.record import Record
from sinks.clickhouse.erase_deleted import erase_deleted
from sinks.clickhouse.erased import without_erased
from sinks.clickhouse.rows import ROWS_OF, Rows
from sinks.sink import Prepared, Refused

ANSWER_TIMEOUT_SECONDS = 120.0
ERASE_EVERY_SECONDS = 3600.0
INSERT_SETTINGS = {
    # a block of old mentions spreads over many years, which are the partitions of the table
    "max_partitions_per_insert_block": 0,
    # identical batches are told apart by nothing: rows that repeat are replaced by their version
    "insert_deduplicate": 0,
}

_KINDS = "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"
RECORDS_AT_ONCE = 500
"""Records become rows, and these columns of an insert, in parts that stay in the processor's cache."""

Tables = dict[str, dict[str, Column]]
"""Table to its columns by name."""


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
        self._client = connect(
            url,
            settings=INSERT_SETTINGS,
            answer_timeout_seconds=ANSWER_TIMEOUT_SECONDS,
            kind=QuickInsertClient,
        )
        self._kinds: dict[str, dict[str, str]] = {}
        self._monotonic = monotonic
        self._erase_at = monotonic()

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

    def prepare(self, batch: Sequence[Record]) -> Prepared[Tables]:
        """The columns of a batch, and the records that can have no row."""
        tables: Tables = {}
        refused: list[Refused] = []
        for table, made in rows_of(batch, refused):
            columns = without_erased(table, made, self._erasures)
            if not columns["version"]:
                continue
            if table not in tables:
                kinds = self._kinds[table]
                tables[table] = {name: Column(kinds[name]) for name in columns}
            for column, values in zip(tables[table].values(), columns.values(), strict=True):
                column.add(values)
        return Prepared(tables, refused)

    def store(self, content: Tables) -> None:
        """Inserts rows, table by table.

        Raises:
            Busy: ClickHouse is away, refuses, or broke off so that the outcome is unknown.
        """
        for table, columns in content.items():
            try:
                self._client.insert(table, columns)
            except (ServerException, *LOST_CONNECTION) as error:
                raise self._busy(error) from error

    def housekeeping(self) -> None:
        """Removes the text of deleted mentions from the disk, once an hour.

        Raises:
            Busy: as for `store`.
        """
        if self._monotonic() < self._erase_at:
            return
        self._erase_at = self._monotonic() + ERASE_EVERY_SECONDS
        try:
            erase_deleted(self._client)
        except (ServerException, *LOST_CONNECTION) as error:
            raise self._busy(error) from error

    def close(self) -> None:
        """Ends the connection."""
        self._client.disconnect()

    def _busy(self, error: Exception) -> Busy:
        """Nothing is ever dropped because the server refuses: whatever it says, the same is written again."""
        self._client.disconnect()
        return Busy(str(described(self._url, error)))


def rows_of(batch: Sequence[Record], refused: list[Refused]) -> Iterator[Rows]:
    """The rows of a batch, in parts; adds to `refused` the records that can have none."""
    for start in range(0, len(batch), RECORDS_AT_ONCE):
        of_topic: dict[str, list[Record]] = {}
        for record in batch[start : start + RECORDS_AT_ONCE]:
            of_topic.setdefault(record.topic, []).append(record)
        for topic, records in of_topic.items():
            for part in _made(ROWS_OF[topic], records, refused):
                if part.columns["version"]:
                    yield part


def _made(
    make: Callable[[Sequence[Record]], list[Rows]], records: Sequence[Record], refused: list[Refused]
) -> list[Rows]:
    """The rows of all records together; where that cannot be, of one half and then of the other."""
    try:
        return make(records)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is one record's matter
        if len(records) == 1:
            refused.append(Refused(records[0], _as_rejected(error)))
            return []
    middle = len(records) // 2
    return _made(make, records[:middle], refused) + _made(make, records[middle:], refused)


def _as_rejected(error: Exception) -> Rejected:
    return error if isinstance(error, Rejected) else Rejected("failed", f"{type(error).__name__}: {error}")
