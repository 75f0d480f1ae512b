"""Inserting columns at half of what the driver's own loops cost, byte for byte as it would.

For most types the driver looks at each value in Python, for some several times, once the whole insert is there.
Here the types that our tables are made of are encoded by whole columns, part by part as rows are made: while their
values are in the processor's cache; afterwards only the bytes are kept. The other types, the conversation and the
connection stay the driver's.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate, chain
from math import log2
from struct import Struct
from typing import Any, Protocol

from clickhouse_driver import Client
from clickhouse_driver.block import ColumnOrientedBlock
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.defines import (
    DBMS_MIN_REVISION_WITH_BLOCK_INFO,
    DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION,
    DBMS_MIN_REVISION_WITH_TEMPORARY_TABLES,
)
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

from listener.domain.errors import ServiceError

_FORMAT = {
    "UInt8": "B",
    "UInt16": "H",
    "UInt32": "I",
    "UInt64": "Q",
    "Int32": "i",
    "Int64": "q",
    "Float64": "d",
    "Bool": "?",
}
_KEY_FORMATS = "BHIQ"
_DICTIONARY = 1 << 9 | 1 << 10
"""ClickHouse: HasAdditionalKeysBit, NeedUpdateDictionary."""
_DICTIONARY_PREFIX = Struct("<q").pack(1)
"""The version of how dictionaries are written; before all data of a column that has any."""
_STRINGS_BUFFER_BYTES = 64 * 1024


class Column:
    """The values of one column of an insert; times are integers in the column's own unit.

    Args:
        kind: its type, in ClickHouse's words.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows = 0
        self._data = _data_of(kind) or _ByDriver(kind)

    def __len__(self) -> int:
        return self._rows

    def add(self, values: Sequence[Any]) -> None:
        """Encodes the values of further rows."""
        self._data.add(values)
        self._rows += len(values)

    def write(self, out: Any, context: Any) -> None:
        """Writes all of them to one of the driver's buffers; again, if called again."""
        self._data.write(out, context)

    def __getstate__(self) -> tuple[str, int, "_Data"]:
        """For another process: encoded, so that it writes the same and takes nothing more."""
        return (
            self.kind,
            self._rows,
            self._data if isinstance(self._data, _ByDriver) else _Encoded(self._data),
        )

    def __setstate__(self, state: tuple[str, int, "_Data"]) -> None:
        self.kind, self._rows, self._data = state


class QuickInsertClient(Client):  # type: ignore[misc]  # the driver publishes no types
    """A client that sends columns that are encoded already."""

    def insert(self, table: str, blocks: Sequence[Mapping[str, Column]]) -> None:
        """Inserts rows, all in one statement.

        Args:
            blocks: one or more with the same columns in the same order.

        Raises:
            ServiceError: the table has other types by now.
        """
        self.execute(
            f"INSERT INTO {table} ({', '.join(blocks[0])}) VALUES",
            [list(columns.values()) for columns in blocks],
            columnar=True,
        )

    def send_data(
        self,
        sample_block: Any,
        data: Sequence[Sequence[Column]],
        types_check: bool = False,
        columnar: bool = False,
    ) -> int:
        """Called by the driver once the server has said which columns it expects, and of which types."""
        rows = 0
        for columns in data:
            for (name, kind), column in zip(sample_block.columns_with_types, columns, strict=True):
                if kind != column.kind:
                    raise ServiceError(
                        f"Column {name} is {kind} now, no longer {column.kind}: start this again"
                    )
            block = ColumnOrientedBlock(sample_block.columns_with_types, columns)
            _send(self.connection, block)
            self.receive_profile_events()
            rows += int(block.num_rows)
        self.connection.send_data(ColumnOrientedBlock())  # nothing more comes
        self.receive_profile_events()
        return rows


def _send(connection: Any, block: Any) -> None:
    """As the driver's `Connection.send_data` and `BlockOutputStream.write`."""
    revision = connection.server_info.used_revision
    write_varint(ClientPacketTypes.DATA, connection.fout)
    if revision >= DBMS_MIN_REVISION_WITH_TEMPORARY_TABLES:
        write_binary_str("", connection.fout)
    out = connection.block_out.fout
    if revision >= DBMS_MIN_REVISION_WITH_BLOCK_INFO:
        block.info.write(out)
    write_varint(block.num_columns, out)
    write_varint(block.num_rows, out)
    for (name, kind), column in zip(block.columns_with_types, block.get_columns(), strict=True):
        write_binary_str(name, out)
        write_binary_str(kind, out)
        if revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
            write_binary_uint8(0, out)
        column.write(out, connection.context)
    connection.block_out.finalize()


class _Data(Protocol):
    """The values of a type, encoded in ClickHouse's Native format."""

    def add(self, values: Sequence[Any]) -> None: ...

    def write(self, out: Any, context: Any) -> None: ...


def _data_of(kind: str) -> _Data | None:
    """What encodes a type; None where the driver has to."""
    data = _plain(kind)
    if data is not None:
        return data
    if kind == "LowCardinality(String)":
        return _WithPrefix(_RepeatedStrings())
    if kind.startswith("Nullable(") and (letter := _letter(kind[9:-1])):
        return _Nullable(letter)
    if kind == "Array(LowCardinality(String))":
        return _WithPrefix(_Arrays(_RepeatedStrings()))
    if kind.startswith("Array(") and (elements := _plain(kind[6:-1])):
        return _Arrays(elements)
    if kind.startswith("Map(LowCardinality(String), ") and (elements := _plain(kind[28:-1])):
        return _WithPrefix(_Maps(elements))
    return None


def _plain(kind: str) -> _Data | None:
    if letter := _letter(kind):
        return _Numbers(letter)
    if kind == "String":
        return _Strings()
    return _UInt128() if kind == "UInt128" else None


def _letter(kind: str) -> str | None:
    """The format of a number, as `struct` has it."""
    return "q" if kind.startswith("DateTime64(") else _FORMAT.get(kind)


class _Numbers:
    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._encoded: list[bytes] = []

    def add(self, values: Sequence[Any]) -> None:
        self._encoded.append(Struct(f"<{len(values)}{self._letter}").pack(*values))

    def write(self, out: Any, _context: Any) -> None:
        out.write(b"".join(self._encoded))


class _UInt128:
    def __init__(self) -> None:
        self._encoded: list[bytes] = []

    def add(self, values: Sequence[int]) -> None:
        self._encoded += [value.to_bytes(16, "little") for value in values]

    def write(self, out: Any, _context: Any) -> None:
        out.write(b"".join(self._encoded))


class _Memory(list[bytes]):
    """Stands for a socket."""

    def sendall(self, data: Any) -> None:
        self.append(bytes(data))


class _Strings:
    def __init__(self) -> None:
        self._encoded = _Memory()
        self._buffer = BufferedSocketWriter(self._encoded, _STRINGS_BUFFER_BYTES)

    def add(self, values: Sequence[str]) -> None:
        self._buffer.write_strings(values, encoding="utf-8")

    def write(self, out: Any, _context: Any) -> None:
        self._buffer.flush()
        for encoded in self._encoded:
            out.write(encoded)


class _Numbered(dict[str, int]):
    """Texts to numbers, in the order in which they are asked for first."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


class _RepeatedStrings:
    """Each text once, then for each row the number of its text."""

    def __init__(self) -> None:
        self._numbered = _Numbered()
        self._keys: list[int] = []

    def add(self, values: Sequence[str]) -> None:
        self._keys += map(self._numbered.__getitem__, values)

    def write(self, out: Any, context: Any) -> None:
        if not self._keys:
            return
        width = int(log2(len(self._numbered)) / 8)  # of a key: 0 is one byte, 1 two, 2 four
        out.write(Struct("<qq").pack(_DICTIONARY | width, len(self._numbered)))
        out.write_strings(list(self._numbered), encoding="utf-8")
        out.write(Struct("<q").pack(len(self._keys)))
        out.write(Struct(f"<{len(self._keys)}{_KEY_FORMATS[width]}").pack(*self._keys))


class _WithPrefix:
    def __init__(self, data: _Data) -> None:
        self._data = data
        self.add = data.add

    def write(self, out: Any, context: Any) -> None:
        out.write(_DICTIONARY_PREFIX)
        self._data.write(out, context)


class _Nullable:
    """Which are missing, then the values, with 0 for those."""

    def __init__(self, letter: str) -> None:
        self._missing = _Numbers("?")
        self._known = _Numbers(letter)

    def add(self, values: Sequence[Any]) -> None:
        self._missing.add([value is None for value in values])
        self._known.add([0 if value is None else value for value in values])

    def write(self, out: Any, context: Any) -> None:
        self._missing.write(out, context)
        self._known.write(out, context)


class _Arrays:
    """Where each row's part ends in what all rows have together, then that."""

    def __init__(self, elements: _Data) -> None:
        self._total = 0
        self._ends = _Numbers("Q")
        self._elements = elements

    def add(self, values: Sequence[Collection[Any]]) -> None:
        _, *ends = accumulate(map(len, values), initial=self._total)
        self._ends.add(ends)
        if ends and ends[-1] > self._total:
            self._total = ends[-1]
            self._elements.add(list(chain.from_iterable(values)))

    def write(self, out: Any, context: Any) -> None:
        self._ends.write(out, context)
        self._elements.write(out, context)


class _Maps:
    """As arrays of keys and arrays of values, with the ends once."""

    def __init__(self, elements: _Data) -> None:
        self._keys = _Arrays(_RepeatedStrings())
        self._elements = elements

    def add(self, values: Sequence[dict[str, Any]]) -> None:
        self._keys.add(values)
        self._elements.add(list(chain.from_iterable([value.values() for value in values])))

    def write(self, out: Any, context: Any) -> None:
        self._keys.write(out, context)
        self._elements.write(out, context)


class _Encoded:
    """What another process has encoded."""

    def __init__(self, data: _Data) -> None:
        memory = _Memory()
        out = BufferedSocketWriter(memory, _STRINGS_BUFFER_BYTES)
        data.write(out, None)  # of those that ask for no context
        out.flush()
        self._bytes = b"".join(memory)

    def add(self, values: Sequence[Any]) -> None:
        raise TypeError("encoded as a whole: it takes no more values")

    def write(self, out: Any, _context: Any) -> None:
        out.write(self._bytes)


class _ByDriver:
    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._values: list[Any] = []

    def add(self, values: Sequence[Any]) -> None:
        self._values += values

    def write(self, out: Any, context: Any) -> None:
        write_column(context, "", self._kind, list(self._values), out)  # it changes what it is given
