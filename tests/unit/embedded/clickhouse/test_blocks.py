"""The walk over Native blocks, held against blocks that clickhouse-driver writes."""

import socket
import threading
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.context import Context
from hypothesis import given
from hypothesis import strategies as st

from listener.embedded.clickhouse.blocks import (
    Header,
    UnknownType,
    empty_block,
    shape_of,
    skip_block,
    split_blocks,
    string,
    varint,
    with_types,
)
from listener.embedded.clickhouse.reading import Reader, SocketReader

COLUMNS: list[tuple[str, list[Any]]] = [
    ("UInt8", [1, 2, 255]),
    ("Int64", [-1, 0, 1]),
    ("UInt128", [2**127, 1]),
    ("Int256", [-(2**200), 1]),
    ("Float64", [0.5]),
    ("Bool", [True, False]),
    ("String", ["", "ä" * 200, "x"]),
    ("FixedString(3)", ["abc", "d"]),
    ("Decimal(9, 2)", [Decimal("1.25")]),
    ("Decimal(38, 5)", [Decimal("1.25"), Decimal(2)]),
    ("DateTime64(3, 'Asia/Tokyo')", [1, 2]),
    ("Enum16('a, (b' = 1, 'c\\'' = 2)", ["a, (b"]),
    ("UUID", [UUID(int=5)]),
    ("IPv4", [IPv4Address("127.0.0.1")]),
    ("IPv6", [IPv6Address("::1")]),
    ("Nullable(String)", [None, "a", None]),
    ("Array(String)", [["a", "b"], [], ["c"]]),
    ("Array(Array(Nullable(UInt16)))", [[[1, None], []], [], [[2]]]),
    ("Array(UInt8)", [[], []]),
    ("Tuple(String, Tuple(UInt8, Nullable(Int8)))", [("a", (1, None)), ("b", (2, 3))]),
    ("Tuple(`a b` String, c Array(UInt8))", [("a", [1, 2])]),
    ("Map(String, Array(UInt8))", [{"a": [1], "b": []}, {}]),
    ("LowCardinality(String)", ["a", "b", "a"]),
    ("LowCardinality(Nullable(FixedString(2)))", ["a", None, "b"]),
    ("Array(LowCardinality(String))", [["a", "b"], ["a"]]),
    ("SimpleAggregateFunction(sum, UInt64)", [1]),
    ("Point", [(0.5, 1.5)]),
    ("Polygon", [[[(0.0, 1.0)], []]]),
    ("JSON", [{"a": 1, "b": {"c": "x"}}, {}]),
]


class _Written:
    """Stands for a socket that keeps what is sent."""

    def __init__(self) -> None:
        self.data = bytearray()

    def sendall(self, data: bytes) -> None:
        self.data += data


def written(columns: list[tuple[str, str, list[Any]]]) -> bytes:
    """A block as the driver writes it."""
    context = Context()
    context.settings = {"use_client_time_zone": True}  # so that no server is asked for its own
    context.client_settings = {
        "strings_as_bytes": False,
        "use_numpy": False,
        "opentelemetry_traceparent": None,
    }
    rows = len(columns[0][2])
    kept = _Written()
    writer = BufferedSocketWriter(kept, 1 << 20)
    writer.write(varint(len(columns)) + varint(rows))
    for name, type_name, values in columns:
        writer.write(string(name) + string(type_name))
        if rows:
            write_column(context, name, type_name, list(values), writer)
    writer.flush()
    return bytes(kept.data)


@pytest.mark.parametrize(("type_name", "values"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_each_type_ends_where_the_driver_ended_it(type_name: str, values: list[Any]) -> None:
    block = written([("x", type_name, values), ("last", "String", ["end"] * len(values))])
    reader = Reader(block + b"more")
    recorded = bytearray()
    reader.record(recorded.extend)

    header = skip_block(reader)
    reader.stop()

    assert header == Header((("x", type_name), ("last", "String")), len(values))
    assert bytes(recorded) == block
    assert reader.read(4) == b"more"


@given(
    st.lists(
        st.tuples(
            st.text(max_size=300), st.lists(st.lists(st.text(max_size=5))), st.none() | st.integers(0, 255)
        ),
        max_size=20,
    ),
    st.integers(1, 64),
)
def test_recording_is_whole_however_the_bytes_arrive(rows: list[tuple[Any, ...]], piece_bytes: int) -> None:
    types = ["String", "Array(Array(LowCardinality(String)))", "Nullable(UInt8)"]
    columns = [(f"c{i}", type_name, [row[i] for row in rows]) for i, type_name in enumerate(types)]
    block = written(columns)
    here, there = socket.socketpair()
    with here, there:
        pieces = [block[at : at + piece_bytes] for at in range(0, len(block), piece_bytes)]
        there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sender = threading.Thread(target=lambda: all(there.send(piece) for piece in (*pieces, b"\x07")))
        sender.start()
        reader = SocketReader(here)
        recorded = bytearray()
        reader.record(recorded.extend)
        assert skip_block(reader).rows == len(rows)
        reader.stop()
        sender.join()
        assert bytes(recorded) == block
        assert reader.read_one() == 7


def test_types_are_replaced_by_column_name() -> None:
    block = written(
        [("a", "DateTime", [1, 2]), ("s", "String", ["DateTime", "x"]), ("b", "DateTime", [3, 4])]
    )
    expected = written(
        [("a", "DateTime('UTC')", [1, 2]), ("s", "String", ["DateTime", "x"]), ("b", "DateTime", [3, 4])]
    )
    assert with_types(block, {"a": "DateTime('UTC')"}) == expected


def test_blocks_in_a_row_are_split() -> None:
    one, two = written([("a", "String", ["x"])]), written([("a", "String", ["y", "z"])])
    assert [(block, header.rows) for block, header in split_blocks(one + two)] == [(one, 1), (two, 2)]


def test_an_empty_block_says_what_its_columns_are() -> None:
    assert skip_block(Reader(empty_block([("a", "Array(UInt8)")]))) == Header((("a", "Array(UInt8)"),), 0)


@pytest.mark.parametrize("type_name", ["AggregateFunction(sum, UInt8)", "Nonsense", "Tuple(Nonsense)"])
def test_what_cannot_be_walked_over_is_said(type_name: str) -> None:
    with pytest.raises(UnknownType):
        shape_of(type_name)


def test_a_cut_off_block_is_the_end_of_the_stream() -> None:
    with pytest.raises(EOFError):
        skip_block(Reader(written([("a", "String", ["xyz"])])[:-1]))


@given(st.integers(0, 2**63))
def test_integers_of_variable_length_come_back(number: int) -> None:
    assert Reader(varint(number)).varint() == number
