"""Results, progress, cancelling, settings, temporary and external tables, errors."""

import threading
import time
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client
from clickhouse_driver.block import RowOrientedBlock
from clickhouse_driver.errors import ServerException

from listener.embedded.clickhouse import ClickHouseServer

pytestmark = pytest.mark.clickhouse

LONG = "SELECT sum(sleepEachRow(0.05)) FROM numbers(2000) SETTINGS max_block_size = 1"
RUNNING = (
    "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.05)%' AND query NOT LIKE '%LIKE%'"
)


@pytest.fixture
def client(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.url) as client:
        yield client


@pytest.fixture
def other(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.url) as client:
        yield client


def wait_for(client: Client, sql: str, expected: int, timeout_seconds: float = 10) -> None:
    deadline = time.monotonic() + timeout_seconds
    while client.execute(sql) != [(expected,)]:
        assert time.monotonic() < deadline, f"{sql} is not {expected} after {timeout_seconds} s"
        time.sleep(0.02)


def test_an_error_has_clickhouses_code_and_words_and_the_connection_goes_on(client: Client) -> None:
    for sql, code, words in [
        ("SELECT * FROM nowhere", 60, "nowhere"),
        ("SELEC 1", 62, "Syntax error"),
        ("SELECT 1; SELECT 2", 62, "Multi-statements"),
        ("SELECT throwIf(number = 5, 'five!') FROM numbers(10)", 395, "five!"),
        ("SELECT nothing", 47, "nothing"),
        ("CREATE TABLE x (a Nothing2) ENGINE = Memory", 50, "Nothing2"),
    ]:
        with pytest.raises(ServerException, match=words) as error:
            client.execute(sql)
        assert error.value.code == code
        assert error.value.message.count("DB::Exception") == 1


def test_an_error_in_the_middle_of_a_result(client: Client) -> None:
    with pytest.raises(ServerException) as error:
        client.execute("SELECT throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000")
    assert error.value.code == 395
    assert client.execute("SELECT 1") == [(1,)]


def test_results_without_rows_have_columns(client: Client) -> None:
    assert client.execute("SELECT 1 AS a, 'x' AS b WHERE 0", with_column_types=True) == (
        [],
        [("a", "UInt8"), ("b", "String")],
    )
    assert client.execute("CREATE TEMPORARY TABLE nothing (n UInt8)") == []


def test_statements_of_other_kinds_answer(client: Client) -> None:
    assert ("listener",) in client.execute("SHOW DATABASES")
    assert client.execute("EXISTS DATABASE listener") == [(1,)]
    assert client.execute("SELECT 1 FORMAT JSON") == [(1,)]
    assert client.execute("(SELECT 1) UNION ALL (SELECT 1)") == [(1,), (1,)]
    assert client.execute("/* a */ EXPLAIN SELECT 1")
    assert client.connection.ping()


def test_a_stream_arrives_while_it_is_made(client: Client) -> None:
    started = time.monotonic()
    rows = client.execute_iter(
        "SELECT sleepEachRow(0.02), number FROM numbers(200) SETTINGS max_block_size = 5"
    )
    assert next(rows) == (0, 0)
    assert time.monotonic() - started < 2, "the first block comes long before the last"
    assert sum(1 for _ in rows) == 199


def test_progress_is_told(client: Client) -> None:
    progress = client.execute_with_progress("SELECT sum(number) FROM numbers(5000000)")
    steps = list(progress)
    assert steps[-1][0] >= 5_000_000
    assert progress.get_result() == [(sum(range(5_000_000)),)]
    assert client.last_query.profile_info.rows == 1


def test_a_client_cancels(client: Client, other: Client) -> None:
    progress = client.execute_with_progress(LONG)
    wait_for(other, RUNNING, 1)
    started = time.monotonic()
    client.cancel()
    assert time.monotonic() - started < 2
    wait_for(other, RUNNING, 0)
    assert client.execute("SELECT 1") == [(1,)]
    del progress


def test_a_client_cancels_a_stream_with_much_to_come(client: Client) -> None:
    rows = client.execute_iter("SELECT number, repeat('x', 1000) FROM numbers(100000000)")
    next(rows)
    client.cancel()
    assert client.execute("SELECT 1") == [(1,)]


def test_a_client_that_goes_away_stops_its_query(client: Client, other: Client) -> None:
    client.execute_with_progress(LONG)
    wait_for(other, RUNNING, 1)
    client.disconnect()
    wait_for(other, RUNNING, 0)


def test_a_query_is_killed_by_its_comment(client: Client, other: Client) -> None:
    errors = []

    def run() -> None:
        try:
            client.execute(LONG, settings={"log_comment": "mine"})
        except ServerException as error:
            errors.append(error.code)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(other, RUNNING, 1)
    other.execute("KILL QUERY WHERE Settings['log_comment'] = 'mine' ASYNC")
    thread.join(5)
    assert errors == [394]


def test_a_time_limit_holds(client: Client) -> None:
    with pytest.raises(ServerException) as error:
        client.execute(LONG, settings={"max_execution_time": 1})
    assert error.value.code == 159


def test_a_memory_limit_holds(client: Client) -> None:
    with pytest.raises(ServerException) as error:
        client.execute(
            "SELECT groupArray(repeat('x', 1000)) FROM numbers(1000000)",
            settings={"max_memory_usage": 50_000_000},
        )
    assert error.value.code == 241


def test_settings_hold_for_one_query(client: Client) -> None:
    ask = "SELECT toString(getSetting('max_threads')), toString(getSetting('join_use_nulls'))"
    client.execute("SET max_threads = 2, join_use_nulls = 1")
    assert client.execute(ask, settings={"max_threads": 1, "join_use_nulls": False}) == [("1", "false")]
    assert client.execute(ask) == [("2", "true")]


def test_unknown_settings_are_ignored_unless_important(clickhouse_server: ClickHouseServer) -> None:
    with Client.from_url(clickhouse_server.url) as client:
        assert client.execute("SELECT 1", settings={"no_such_setting": 1, "max_threads": 1}) == [(1,)]
    with Client.from_url(clickhouse_server.url + "?settings_is_important=1") as client:
        with pytest.raises(ServerException) as error:
            client.execute("SELECT 1", settings={"no_such_setting": 1})
        assert error.value.code == 115


def test_a_writer_may_bind_itself_for_one_query(client: Client) -> None:
    with pytest.raises(ServerException) as error:
        client.execute("CREATE DATABASE never", settings={"readonly": 1})
    assert error.value.code == 164
    assert client.execute("SELECT getSetting('readonly')", settings={"readonly": 1}) == [(1,)]
    assert client.execute("SELECT getSetting('readonly'), currentDatabase()") == [(0, "listener")]


def test_temporary_tables_belong_to_the_connection(client: Client, other: Client) -> None:
    client.execute("CREATE TEMPORARY TABLE own (at DateTime('Asia/Tokyo'))")
    client.execute("INSERT INTO own VALUES", [(0,)])
    [[[at]], [(_, kind)]] = client.execute("SELECT at FROM own", with_column_types=True)
    assert (at.hour, kind) == (9, "DateTime('Asia/Tokyo')")
    with pytest.raises(ServerException):
        other.execute("SELECT * FROM own")


def test_external_tables(client: Client) -> None:
    tables = [
        {"name": "a", "structure": [("n", "Int32"), ("at", "DateTime('UTC')")], "data": [{"n": 1, "at": 0}]},
        {"name": "b", "structure": [("n", "String")], "data": []},
    ]
    for _ in range(2):
        found, columns = client.execute(
            "SELECT a.n, a.at, (SELECT count() FROM b) FROM a", external_tables=tables, with_column_types=True
        )
        assert [row[0] for row in found] == [1]
        assert columns[1][1] == "DateTime('UTC')"
    with pytest.raises(ServerException):
        client.execute("SELECT * FROM a")


def test_an_external_table_in_several_blocks(client: Client) -> None:
    client.execute("SELECT 1")
    connection = client.connection
    connection.send_query("SELECT sum(n) FROM e")
    for numbers in ([1, 2], [3], []):
        table = {"name": "e", "structure": [("n", "UInt8")], "data": [(number,) for number in numbers]}
        connection.send_data(RowOrientedBlock(table["structure"], table["data"]), table_name="e")
    connection.send_external_tables(None)
    assert client.receive_result() == [(6,)]


def test_databases_are_chosen(clickhouse_server: ClickHouseServer) -> None:
    with (
        Client(
            clickhouse_server.host, port=clickhouse_server.port, user="listener", password="no"
        ) as refused,
        pytest.raises(ServerException),
    ):
        refused.execute("SELECT 1")
    url = clickhouse_server.url.removesuffix("/listener")
    with Client.from_url(url + "/system") as client:
        assert client.execute("SELECT currentDatabase()") == [("system",)]
        client.execute("USE default")
        assert client.execute("SELECT currentDatabase()") == [("default",)]
    with Client.from_url(url + "/nowhere") as client:
        with pytest.raises(ServerException) as error:
            client.execute("SELECT 1")
        assert error.value.code == 81


def test_many_connections(clickhouse_server: ClickHouseServer) -> None:
    clients = [Client.from_url(clickhouse_server.reader_url) for _ in range(60)]
    try:
        assert [client.execute("SELECT 1") for client in clients] == [[(1,)]] * 60
    finally:
        for client in clients:
            client.disconnect()


@pytest.mark.parametrize(
    "bytes_sent",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xff" * 100, b"\x00\xff\xff\xff\xff\x7f", b"\x00"],
)
def test_a_stranger_is_sent_away(
    clickhouse_server: ClickHouseServer, client: Client, bytes_sent: bytes
) -> None:
    import socket

    with socket.create_connection((clickhouse_server.host, clickhouse_server.port), timeout=15) as stranger:
        stranger.sendall(bytes_sent)
        stranger.shutdown(socket.SHUT_WR)
        while stranger.recv(4096):
            pass
    assert client.execute("SELECT 1") == [(1,)]
