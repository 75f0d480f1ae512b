"""An insert is stored whole, or it is an error and nothing is stored."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from listener.embedded.clickhouse import ClickHouseServer

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def client(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.url) as client:
        yield client


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    """A table of its own for each test: n, and a text."""
    name = f"inserts_{uuid.uuid4().hex[:8]}"
    client.execute(f"CREATE TABLE {name} (n UInt64, s String DEFAULT 'none') ENGINE = MergeTree ORDER BY n")
    yield name
    client.execute(f"DROP TABLE {name} SYNC")


def count(client: Client, table: str) -> int:
    [[rows]] = client.execute(f"SELECT count() FROM {table}")
    return int(rows)


def test_all_forms_of_insert(client: Client, table: str) -> None:
    client.execute(f"INSERT INTO {table} VALUES", [(1, "a")])
    client.execute(f"INSERT INTO listener.{table} (`s`, n) VALUES", [("b", 2)])
    client.execute(f"INSERT INTO {table} (n) FORMAT Native", [(3,)])
    client.execute(f"INSERT INTO {table} (* EXCEPT s) VALUES", [(4,)])
    client.execute(f"INSERT /* with a comment */ INTO TABLE {table} (n) VALUES -- and another", [(5,)])
    client.execute(f"INSERT INTO {table} VALUES (6, 'inline')")
    client.execute(f"INSERT INTO {table} SELECT 7, 'selected'")
    client.execute(
        f"INSERT INTO {table} SETTINGS async_insert = 0 VALUES", [[8], ["columnar"]], columnar=True
    )
    client.execute(f"INSERT INTO {table} VALUES", [])
    assert client.execute(f"SELECT * FROM {table} ORDER BY n") == [
        (1, "a"), (2, "b"), (3, "none"), (4, "none"), (5, "none"), (6, "inline"), (7, "selected"),
        (8, "columnar"),
    ]  # fmt: skip


def test_default_materialized_and_alias_columns(client: Client) -> None:
    client.execute(
        "CREATE OR REPLACE TABLE kinds (a UInt8, d UInt8 DEFAULT a + 1, m UInt8 MATERIALIZED a + 2, l ALIAS a + 3,"
        " e UInt8 EPHEMERAL, f UInt8 DEFAULT e) ENGINE = Memory"
    )
    client.execute("INSERT INTO kinds (a, e) VALUES", [(1, 7)])
    client.execute("INSERT INTO kinds VALUES", [(2, 20, 200)])
    assert client.execute("SELECT a, d, m, l, f FROM kinds ORDER BY a") == [
        (1, 2, 3, 4, 7),
        (2, 20, 4, 5, 200),
    ]
    client.execute("DROP TABLE kinds")


def test_a_wide_insert_beyond_ten_megabytes(client: Client, table: str) -> None:
    rows = [(n, f"{n:0200d}") for n in range(100_000)]
    assert client.execute(f"INSERT INTO {table} VALUES", rows) == 100_000
    assert client.execute(f"SELECT count(), sum(length(s)) FROM {table}") == [(100_000, 20_000_000)]
    [[parts]] = client.execute(
        "SELECT count() FROM system.parts WHERE table = %(table)s AND level = 0", {"table": table}
    )
    assert parts == 1, "what is inserted in one go becomes visible in one step"


def test_an_insert_that_goes_to_disk(client: Client, table: str) -> None:
    text = "x" * 1_000_000
    rows = ((n, text) for n in range(300))  # 300 MB: above what is kept in memory
    assert client.execute(f"INSERT INTO {table} VALUES", rows, settings={"insert_block_size": 50}) == 300
    assert client.execute(f"SELECT count(), sum(length(s)) FROM {table}") == [(300, 300_000_000)]


def test_many_blocks_are_one_insert(client: Client, table: str) -> None:
    rows = ((n, "a") for n in range(20_000))
    client.execute(f"INSERT INTO {table} VALUES", rows, settings={"insert_block_size": 100})
    assert count(client, table) == 20_000


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("INSERT INTO nowhere VALUES", 60),
        ("INSERT INTO {table} (nothing) VALUES", 16),
        ("INSERT INTO {table} (n VALUES", 62),
    ],
)
def test_a_wrong_insert_is_an_error_before_the_data(
    client: Client, table: str, statement: str, code: int
) -> None:
    with pytest.raises(ServerException) as refusal:
        client.execute(statement.format(table=table), [(1,)])
    assert refusal.value.code == code
    assert client.execute("SELECT 1") == [(1,)]


def test_a_broken_constraint_is_an_error_and_stores_nothing(client: Client, table: str) -> None:
    client.execute(f"ALTER TABLE {table} ADD CONSTRAINT small CHECK n < 10")
    with pytest.raises(ServerException) as refusal:
        client.execute(f"INSERT INTO {table} VALUES", [(1, "a"), (11, "b")])
    assert refusal.value.code == 469
    assert count(client, table) == 0


def test_a_throwing_materialized_view_is_an_error(client: Client, table: str) -> None:
    client.execute(
        f"CREATE MATERIALIZED VIEW {table}_v ENGINE = Memory AS SELECT throwIf(n = 3, 'three!') AS x FROM {table}"
    )
    try:
        client.execute(f"INSERT INTO {table} VALUES", [(1, "a")])
        with pytest.raises(ServerException, match="three!") as refusal:
            client.execute(f"INSERT INTO {table} VALUES", [(3, "a")])
        assert refusal.value.code == 395
    finally:
        client.execute(f"DROP TABLE {table}_v SYNC")


def test_too_many_parts_is_an_error(client: Client, table: str) -> None:
    client.execute(f"ALTER TABLE {table} MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1")
    client.execute(f"SYSTEM STOP MERGES {table}")
    client.execute(f"INSERT INTO {table} VALUES", [(1, "a")])
    with pytest.raises(ServerException) as refusal:
        client.execute(f"INSERT INTO {table} VALUES", [(2, "a")])
    assert refusal.value.code == 252
    assert count(client, table) == 1


def test_values_that_do_not_convert_are_an_error(client: Client, table: str) -> None:
    """The block says String where the column is a number."""
    client.execute("SELECT 1")
    client.connection.send_query(f"INSERT INTO {table} (n) VALUES")
    client.connection.send_external_tables(None)
    block = client.receive_sample_block()
    block.columns_with_types = [("n", "String")]
    client.send_data(block, [("not a number",)])
    with pytest.raises(ServerException):
        client.receive_end_of_insert_query()
    client.disconnect()
    assert count(client, table) == 0


def test_an_insert_token_makes_a_repeat_harmless(client: Client, table: str) -> None:
    client.execute(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 100")
    for _ in range(3):
        client.execute(
            f"INSERT INTO {table} VALUES", [(1, "a")], settings={"insert_deduplication_token": "t1"}
        )
    client.execute(f"INSERT INTO {table} VALUES", [(1, "a")], settings={"insert_deduplication_token": "t2"})
    assert count(client, table) == 2


def test_sixteen_writers_at_once(clickhouse_server: ClickHouseServer, client: Client, table: str) -> None:
    def write(writer: int) -> None:
        with Client.from_url(clickhouse_server.url) as own:
            for batch in range(5):
                first = (writer * 5 + batch) * 1000
                own.execute(f"INSERT INTO {table} VALUES", [(n, "a") for n in range(first, first + 1000)])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    assert client.execute(f"SELECT count(), uniqExact(n) FROM {table}") == [(80_000, 80_000)]


_ENDLESS_INSERT = """
import itertools, sys
from clickhouse_driver import Client

def rows():
    for n in itertools.count():
        if n == 20_000:
            print("sending", flush=True)
        yield (n, "x" * 50)

Client.from_url(sys.argv[1]).execute(
    f"INSERT INTO {sys.argv[2]} VALUES", rows(), settings={"insert_block_size": 1000})
"""


def test_a_client_killed_during_an_insert_leaves_nothing(
    clickhouse_server: ClickHouseServer, client: Client, table: str
) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS_INSERT, clickhouse_server.url, table], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"sending\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    client.execute(f"INSERT INTO {table} VALUES", [(1, "after")])
    assert client.execute(f"SELECT * FROM {table}") == [(1, "after")]
    spool = clickhouse_server.data_dir / "spool"
    assert list(spool.iterdir()) == []


def test_a_damaged_block_ends_the_connection_and_not_the_server(
    clickhouse_server: ClickHouseServer, client: Client, table: str
) -> None:
    client.execute("SELECT 1")
    raw: socket.socket = client.connection.socket
    raw.settimeout(10)
    client.connection.send_query(f"INSERT INTO {table} VALUES")
    client.connection.send_external_tables(None)
    client.receive_sample_block()
    raw.sendall(b"\x02\x00" + b"\xff" * 100)
    with pytest.raises((ServerException, EOFError, ConnectionError)):
        client.receive_end_of_insert_query()
    client.disconnect()
    assert count(client, table) == 0


def test_no_descriptor_is_left_open(clickhouse_server: ClickHouseServer, client: Client, table: str) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{clickhouse_server.pid}/fd"))  # noqa: PTH208 names only

    client.execute(f"INSERT INTO {table} VALUES", [(0, "a")])
    before = descriptors()
    for n in range(50):
        client.execute(f"INSERT INTO {table} VALUES", [(n, "a")])
        with pytest.raises(ServerException):
            client.execute(f"INSERT INTO {table} (nothing) VALUES", [(n,)])
    # The engine keeps some files of its own.
    assert descriptors() < before + 25


def test_inserts_while_others_read(clickhouse_server: ClickHouseServer, client: Client, table: str) -> None:
    stop = threading.Event()
    seen = []

    def read() -> None:
        with Client.from_url(clickhouse_server.reader_url) as own:
            while not stop.is_set():
                seen.append(count(own, table))

    reader = threading.Thread(target=read)
    reader.start()
    for batch in range(20):
        client.execute(
            f"INSERT INTO {table} VALUES", [(n, "a") for n in range(batch * 500, batch * 500 + 500)]
        )
    stop.set()
    reader.join()
    assert all(rows % 500 == 0 for rows in seen), "a batch is seen whole or not at all"
    assert seen == sorted(seen)
    assert list(itertools.islice(seen, 1))
