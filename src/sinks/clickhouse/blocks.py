"""Records as the columns of inserts."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from listener.clickhouse.quick_insert import Column
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected
from listener.kafka.record import Record
from sinks.clickhouse.erased import without_erased
from sinks.clickhouse.rows import ROWS_OF, Rows
from sinks.sink import Prepared, Refused

RECORDS_AT_ONCE = 250
"""Records become rows, and these columns of an insert, in parts that stay in the processor's cache."""

Kinds = Mapping[str, Mapping[str, str]]
"""Table to the types of its columns by name."""
Columns = dict[str, Column]
"""The columns of a table by name."""
Block = dict[str, Columns]
"""Table to its columns."""


def block_of(batch: Sequence[Record], kinds: Kinds, erasures: Erasures) -> Prepared[Block]:
    """The columns of a batch, and the records that can have no row.

    Args:
        erasures: of whom nothing is stored.
    """
    block: Block = {}
    refused: list[Refused] = []
    for table, made in rows_of(batch, refused):
        columns = without_erased(table, made, erasures)
        if not columns["version"]:
            continue
        if table not in block:
            block[table] = {name: Column(kinds[table][name]) for name in columns}
        for column, values in zip(block[table].values(), columns.values(), strict=True):
            column.add(values)
    return Prepared(block, refused)


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
