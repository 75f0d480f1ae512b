"""Values of all common types go in and come out the same, plain and compressed."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from clickhouse_driver import Client

from listener.embedded.clickhouse import ClickHouseServer

pytestmark = pytest.mark.clickhouse

TYPES: list[tuple[str, list[Any]]] = [
    ("Int8", [-128, 127]),
    ("UInt64", [0, 2**64 - 1]),
    ("UInt128", [0, 2**128 - 1]),
    ("UInt256", [2**255]),
    ("Int256", [-(2**255)]),
    ("Float32", [0.5, -1.25]),
    ("Float64", [1e300]),
    ("Bool", [True, False]),
    ("String", ["", "Straße 🙂", "x" * 100_000]),
    ("FixedString(4)", ["abcd"]),
    ("Decimal(18, 4)", [Decimal("-1.2345")]),
    ("Decimal(76, 10)", [Decimal("1e50")]),
    ("Date", [dt.date(2026, 11, 22)]),
    ("Date32", [dt.date(1930, 1, 1)]),
    ("DateTime", [dt.datetime(2026, 1, 2, 3, 4, 5)]),  # noqa: DTZ001 the column has no zone
    ("DateTime('Asia/Tokyo')", [dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=ZoneInfo("Asia/Tokyo"))]),
    ("DateTime64(3, 'UTC')", [dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)]),
    ("UUID", [UUID(int=7)]),
    ("IPv4", [IPv4Address("10.0.0.1")]),
    ("IPv6", [IPv6Address("2001:db8::1")]),
    ("Enum8('new' = 1, 'it\\'s' = 2)", ["new", "it's"]),
    ("Nullable(UInt32)", [None, 3]),
    ("Nullable(DateTime64(3, 'UTC'))", [None]),
    ("Array(String)", [[], ["a", "b"]]),
    ("Array(Array(Nullable(Int8)))", [[[1, None], []], []]),
    ("LowCardinality(String)", ["a", "b", "a"]),
    ("LowCardinality(Nullable(String))", [None, "b"]),
    ("Array(LowCardinality(String))", [["a"], []]),
    ("Tuple(UInt8, String)", [(1, "a")]),
    ("Tuple(n UInt8, `s t` Array(String))", [(1, ["a"])]),
    ("Map(String, UInt64)", [{"a": 1, "b": 2}, {}]),
    ("Map(LowCardinality(String), Array(UInt8))", [{"a": [1]}]),
    ("Nested(a UInt8, b String)", [[(1, "x"), (2, "y")]]),
    ("SimpleAggregateFunction(max, UInt64)", [9]),
    ("Point", [(0.5, -0.5)]),
    ("JSON", [{"a": 1, "b": {"c": ["x"]}}, {}]),
]


@pytest.fixture(scope="module", params=[False, "lz4"], ids=["plain", "compressed"])
def client(request: pytest.FixtureRequest, clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.url) as client:
        client.connection.compression = 1 if request.param else 0
        if request.param:
            from clickhouse_driver.compression import get_compressor_cls

            client.connection.compressor_cls = get_compressor_cls(request.param)
            client.connection.compress_block_size = 1 << 20
        # One column for a Nested, as for any other type.
        client.settings["flatten_nested"] = 0
        yield client


@pytest.mark.parametrize(("type_name", "values"), TYPES, ids=[name for name, _ in TYPES])
def test_values_come_back(client: Client, type_name: str, values: list[Any]) -> None:
    client.execute(f"CREATE TEMPORARY TABLE v (n UInt32, x {type_name})")
    try:
        rows = list(enumerate(values))
        assert client.execute("INSERT INTO v VALUES", list(rows)) == len(rows)
        found, columns = client.execute("SELECT * FROM v ORDER BY n", with_column_types=True)
        assert _plain(found) == _plain(rows)
        assert [kind for _, kind in columns] == ["UInt32", type_name]
        # The same without a row.
        nothing, columns = client.execute("SELECT x FROM v WHERE n > 1000", with_column_types=True)
        assert (nothing, columns) == ([], [("x", type_name)])
    finally:
        client.execute("DROP TABLE v")


def _plain(value: Any) -> Any:
    """Tuples and lists alike, and moments by their instant and zone."""
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC), str(value.tzinfo.tzname(value))
    return value


def test_a_zone_survives_in_a_permanent_table(clickhouse_server: ClickHouseServer) -> None:
    with Client.from_url(clickhouse_server.url) as client:
        client.execute("CREATE OR REPLACE TABLE zoned (x DateTime('Asia/Tokyo')) ENGINE = Memory")
        client.execute("INSERT INTO zoned VALUES", [(0,)])
        [[[found]], [(_, kind)]] = client.execute("SELECT x FROM zoned", with_column_types=True)
        assert kind == "DateTime('Asia/Tokyo')"
        assert (found.hour, str(found.tzinfo)) == (9, "Asia/Tokyo")
        client.execute("DROP TABLE zoned")


def test_a_large_result_comes_in_blocks(client: Client) -> None:
    total = sum(
        row[0] for row in client.execute_iter("SELECT number, toString(number) FROM numbers(1000000)")
    )
    assert total == 999_999 * 1_000_000 // 2
