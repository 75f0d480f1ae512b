"""What is sent for a column is byte for byte what the driver sends."""

import pickle
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.context import Context
from hypothesis import given
from hypothesis import strategies as st

from listener.clickhouse.quick_insert import Column, _data_of

SCHEMA = Path(__file__).parents[3] / "schemas" / "clickhouse"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
WORD = st.sampled_from([f"word {number}" for number in range(300)])
BIG = st.integers(0, 2**64 - 1)
TIME = st.integers(-(2**40), 2**43)
FLOAT = st.floats(allow_nan=False)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "String": TEXT,
    "LowCardinality(String)": WORD | TEXT,
    "Bool": st.booleans(),
    "UInt8": st.integers(0, 255),
    "UInt16": st.integers(0, 2**16 - 1),
    "UInt32": st.integers(0, 2**32 - 1),
    "UInt64": BIG,
    "Int32": st.integers(-(2**31), 2**31 - 1),
    "Int64": st.integers(-(2**63), 2**63 - 1),
    "UInt128": st.integers(0, 2**128 - 1),
    "Float64": FLOAT,
    "DateTime64(3, 'UTC')": TIME,
    "Nullable(Bool)": st.none() | st.booleans(),
    "Nullable(UInt64)": st.none() | BIG,
    "Nullable(Float64)": st.none() | FLOAT,
    "Nullable(DateTime64(3, 'UTC'))": st.none() | TIME,
    "Array(String)": st.lists(TEXT, max_size=4),
    "Array(LowCardinality(String))": st.lists(WORD, max_size=4),
    "Array(UInt64)": st.lists(BIG, max_size=4),
    "Array(Float64)": st.lists(FLOAT, max_size=4),
    "Array(DateTime64(3, 'UTC'))": st.lists(TIME, max_size=4),
    "Map(LowCardinality(String), String)": st.dictionaries(WORD, TEXT, max_size=4),
    "Map(LowCardinality(String), Bool)": st.dictionaries(WORD, st.booleans(), max_size=4),
}


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += bytes(data)


def sent(write: Callable[[Any], None]) -> bytes:
    socket = Socket()
    out = BufferedSocketWriter(socket, 1 << 20)
    write(out)
    out.flush()
    return socket.sent


def context() -> Context:
    made = Context()
    made.settings = {"use_client_time_zone": True}
    made.client_settings = {"strings_as_bytes": False, "strings_encoding": "utf-8", "use_numpy": False}
    return made


def by_driver(kind: str, values: Sequence[Any]) -> bytes:
    return sent(lambda out: write_column(context(), "name", kind, list(values), out))


def quickly(kind: str, *parts: Sequence[Any]) -> bytes:
    column = Column(kind)
    for values in parts:
        column.add(values)
    assert len(column) == sum(map(len, parts))
    sent(lambda out: column.write(out, context()))
    elsewhere = pickle.loads(pickle.dumps(column))
    assert len(elsewhere) == len(column)
    once = sent(lambda out: column.write(out, context()))
    assert sent(lambda out: elsewhere.write(out, context())) == once
    return once


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_a_column_is_written_as_the_driver_writes_it(kind: str, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.lists(VALUES[kind], max_size=9), min_size=1, max_size=3).filter(any))
    assert quickly(kind, *parts) == by_driver(kind, [value for part in parts for value in part])


@pytest.mark.parametrize("different", [1, 2, 255, 256, 257, 65535, 65536, 65537])
def test_a_dictionary_of_any_size_is_written_as_the_driver_writes_it(different: int) -> None:
    values = [f"text {number}" for number in range(different)]
    for kind, rows in (("LowCardinality(String)", values), ("Array(LowCardinality(String))", [values, []])):
        assert quickly(kind, rows) == by_driver(kind, rows)


def test_every_type_of_our_tables_is_written_quickly() -> None:
    statements = "\n".join(path.read_text() for path in sorted(SCHEMA.glob("*.sql")))
    column = r"(?:^    |ADD COLUMN IF NOT EXISTS )\w+ ([A-Z].*?)(?=\s+(?:COMMENT|DEFAULT|MATERIALIZED))"
    kinds = set(re.findall(column, statements, re.MULTILINE))
    # SimpleAggregateFunction: of tables that ClickHouse alone fills
    kinds = {kind for kind in kinds if not kind.startswith("SimpleAggregateFunction")}
    assert len(kinds) > 10
    assert kinds <= set(VALUES), "a new type needs values to try it with"
    assert all(_data_of(kind) for kind in kinds)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("LowCardinality(Nullable(String))", [None, "a"]),
        ("Nullable(String)", ["a", None]),
        ("Array(Array(String))", [[["a"], []], []]),
        ("Int16", [1, 2]),
    ],
)
def test_other_types_are_left_to_the_driver(kind: str, values: list[Any]) -> None:
    assert _data_of(kind) is None
    assert quickly(kind, values[:1], values[1:]) == by_driver(kind, values)
