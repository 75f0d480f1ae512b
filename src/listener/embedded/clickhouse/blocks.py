"""Walks over blocks in ClickHouse's Native format by the sizes of their types, without decoding values.

A column is its name, its type and, if the block has rows, first the state prefixes of all its nested types
and then the data (ClickHouse: `NativeReader`, `ISerialization::deserializeBinaryBulkWithMultipleStreams`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from clickhouse_driver.columns.service import get_column_by_spec
from clickhouse_driver.context import Context

from listener.embedded.clickhouse.reading import Reader

NAME_LIMIT_BYTES = 1 << 20
COLUMNS_LIMIT = 100_000

_WIDTH_BYTES = {
    **dict.fromkeys(("Int8", "UInt8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("Int16", "UInt16", "Enum16", "Date", "BFloat16"), 2),
    **dict.fromkeys(
        ("Int32", "UInt32", "Float32", "Date32", "DateTime", "DateTime32", "IPv4", "Decimal32", "Time"), 4
    ),
    **dict.fromkeys(("Int64", "UInt64", "Float64", "DateTime64", "Decimal64", "Time64"), 8),
    **dict.fromkeys(("Int128", "UInt128", "UUID", "IPv6", "Decimal128"), 16),
    **dict.fromkeys(("Int256", "UInt256", "Decimal256"), 32),
}
_GEOMETRY = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}


class UnknownType(ValueError):
    """The size of a value of this type is not known here."""


class Shape(Protocol):
    """How many bytes a type takes on the wire."""

    def skip_prefix(self, reader: Reader) -> None:
        """1. Once for a column, before its data."""

    def skip_data(self, reader: Reader, rows: int) -> None:
        """2. The values of so many rows."""


class _WithoutPrefix:
    def skip_prefix(self, reader: Reader) -> None:
        pass


@dataclass(frozen=True)
class _Fixed(_WithoutPrefix):
    width_bytes: int

    def skip_data(self, reader: Reader, rows: int) -> None:
        reader.skip(self.width_bytes * rows)


@dataclass(frozen=True)
class _Strings(_WithoutPrefix):
    def skip_data(self, reader: Reader, rows: int) -> None:
        reader.skip_strings(rows)


@dataclass(frozen=True)
class _Nullable:
    inner: Shape

    def skip_prefix(self, reader: Reader) -> None:
        self.inner.skip_prefix(reader)

    def skip_data(self, reader: Reader, rows: int) -> None:
        reader.skip(rows)
        self.inner.skip_data(reader, rows)


@dataclass(frozen=True)
class _Array:
    inner: Shape

    def skip_prefix(self, reader: Reader) -> None:
        self.inner.skip_prefix(reader)

    def skip_data(self, reader: Reader, rows: int) -> None:
        if rows:
            reader.skip(8 * (rows - 1))
            elements = reader.uint64()  # the last of the offsets
            self.inner.skip_data(reader, elements)


@dataclass(frozen=True)
class _Tuple:
    elements: tuple[Shape, ...]

    def skip_prefix(self, reader: Reader) -> None:
        for element in self.elements:
            element.skip_prefix(reader)

    def skip_data(self, reader: Reader, rows: int) -> None:
        if not self.elements:
            reader.skip(rows)
        for element in self.elements:
            element.skip_data(reader, rows)


@dataclass(frozen=True)
class _LowCardinality:
    dictionary: Shape

    def skip_prefix(self, reader: Reader) -> None:
        reader.skip(8)

    def skip_data(self, reader: Reader, rows: int) -> None:
        if rows:
            index_width_bytes = 1 << (reader.uint64() & 0xF)
            self.dictionary.skip_data(reader, reader.uint64())
            reader.skip(index_width_bytes * reader.uint64())


class _DecodedByDriver:
    """JSON and Dynamic carry their types in their data: the driver's own columns know how to read them."""

    def __init__(self, type_name: str) -> None:
        self._type_name = type_name
        self._column = get_column_by_spec(type_name, {"context": _driver_context()})

    def skip_prefix(self, reader: Reader) -> None:
        self._decode(lambda: self._column.read_state_prefix(reader))

    def skip_data(self, reader: Reader, rows: int) -> None:
        self._decode(lambda: self._column.read_data(rows, reader))

    def _decode(self, read: Callable[[], object]) -> None:
        try:
            read()
        except OSError:
            raise
        except Exception as failure:
            raise UnknownType(f"values of type {self._type_name} could not be read: {failure!r}") from failure


@lru_cache(maxsize=1)
def _driver_context() -> Context:
    context = Context()
    context.settings = {"use_client_time_zone": True}  # so that no server is asked for its own
    context.client_settings = {
        "strings_as_bytes": True,
        "strings_encoding": "utf-8",
        "use_numpy": False,
        "namedtuple_as_json": False,
    }
    return context


def shape_of(type_name: str) -> Shape:
    """The shape of a ClickHouse type, for one column of one block.

    Raises:
        UnknownType: its values cannot be walked over (aggregate states, and types newer than this).
    """
    name, _, rest = type_name.strip().partition("(")
    arguments = _split(rest.rpartition(")")[0]) if rest else []
    if name.startswith("Interval"):
        return _Fixed(8)
    if name in _WIDTH_BYTES:
        return _Fixed(_WIDTH_BYTES[name])
    if name in _GEOMETRY:
        return shape_of(_GEOMETRY[name])
    match name, arguments:
        case "String", _:
            return _Strings()
        case "FixedString", [length]:
            return _Fixed(int(length))
        case "Decimal", [precision, *_]:
            return _Fixed(next(width for width, most in _DECIMALS if int(precision) <= most))
        case "Nullable", [inner]:
            return _Nullable(shape_of(inner))
        case "Array", [inner]:
            return _Array(shape_of(inner))
        case "Tuple", elements:
            return _Tuple(tuple(shape_of(_without_name(element)) for element in elements))
        case "Nested", elements:
            return _Array(_Tuple(tuple(shape_of(_without_name(element)) for element in elements)))
        case "Map", [key, value]:
            return _Array(_Tuple((shape_of(key), shape_of(value))))
        case "LowCardinality", [inner]:
            inner_name = inner.removeprefix("Nullable(").removesuffix(")") if _is_nullable(inner) else inner
            return _LowCardinality(shape_of(inner_name))
        case "SimpleAggregateFunction", [_, inner]:
            return shape_of(inner)
        case (("JSON" | "Dynamic"), _):
            return _DecodedByDriver(type_name)
    raise UnknownType(f"values of type {type_name} cannot be sent")


_DECIMALS = ((4, 9), (8, 18), (16, 38), (32, 76))


def _is_nullable(type_name: str) -> bool:
    return type_name.startswith("Nullable(")


def _split(arguments: str) -> list[str]:
    """Splits at the commas that are in no brackets and no quotes."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(arguments):
        character = arguments[at]
        if character in "'`\"":
            at += 1
            while arguments[at] != character:
                at += 2 if arguments[at] == "\\" else 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(arguments[start:at].strip())
            start = at + 1
        at += 1
    last = arguments[start:].strip()
    return [*parts, last] if last else parts


_NAMED = re.compile(r"(?:`(?:[^`\\]|\\.|``)*`|[A-Za-z_]\w*)\s+(?=[A-Z])(.*)", re.DOTALL)


def _without_name(element: str) -> str:
    named = _NAMED.fullmatch(element)
    return named[1] if named else element


@dataclass(frozen=True)
class Header:
    """What a block says of itself: its columns by name and type, and how many rows there are."""

    columns: tuple[tuple[str, str], ...]
    rows: int


def skip_block(reader: Reader) -> Header:
    """Walks over one block (without block info) and says what it is.

    Raises:
        UnknownType: a column's values cannot be walked over.
        ValueError: this is no block.
        EOFError: it is cut off.
    """
    column_count, rows = reader.varint(), reader.varint()
    if column_count > COLUMNS_LIMIT:
        raise ValueError(f"a block of {column_count} columns")
    columns = []
    for _ in range(column_count):
        name, type_name = reader.text(NAME_LIMIT_BYTES), reader.text(NAME_LIMIT_BYTES)
        columns.append((name, type_name))
        if rows:
            shape = shape_of(type_name)
            shape.skip_prefix(reader)
            shape.skip_data(reader, rows)
    return Header(tuple(columns), rows)


def skip_block_info(reader: Reader) -> None:
    """Walks over what precedes a block in a packet: numbered fields (ClickHouse: `BlockInfo`)."""
    while field := reader.varint():
        if field not in _BLOCK_INFO_WIDTH_BYTES:
            raise ValueError(f"block info field {field} is not known")
        reader.skip(_BLOCK_INFO_WIDTH_BYTES[field])


_BLOCK_INFO_WIDTH_BYTES = {1: 1, 2: 4}


def split_blocks(data: bytes) -> Iterator[tuple[bytes, Header]]:
    """The blocks that follow one another in Native output."""
    reader = Reader(data)
    while not reader.exhausted:
        start = reader.position
        header = skip_block(reader)
        yield data[start : reader.position], header


def with_types(block: bytes, types: Mapping[str, str]) -> bytes:
    """The same block with other type names for some of its columns, by column name."""
    reader = Reader(block)
    column_count, rows = reader.varint(), reader.varint()
    parts, copied_to = [], 0
    for _ in range(column_count):
        name = reader.text(NAME_LIMIT_BYTES)
        start = reader.position
        type_name = reader.text(NAME_LIMIT_BYTES)
        if name in types:
            parts += [block[copied_to:start], string(types[name])]
            copied_to = reader.position
        if rows:
            shape = shape_of(type_name)
            shape.skip_prefix(reader)
            shape.skip_data(reader, rows)
    return b"".join((*parts, block[copied_to:]))


def empty_block(columns: Sequence[tuple[str, str]]) -> bytes:
    """A block without rows, that names columns and types."""
    described = b"".join(string(name) + string(type_name) for name, type_name in columns)
    return varint(len(columns)) + varint(0) + described


def varint(number: int) -> bytes:
    """An unsigned integer as LEB128."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def string(text: str) -> bytes:
    """A string with its length before it."""
    encoded = text.encode()
    return varint(len(encoded)) + encoded
