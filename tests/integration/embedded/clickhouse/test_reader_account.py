"""The account `reader` reads the database `listener` and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.clickhouse.blocks import string, varint
from listener.embedded.clickhouse.protocol import FromClient, data_body

pytestmark = pytest.mark.clickhouse

SECRET = "only for the owner"


@pytest.fixture(scope="module")
def writer(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.url) as client:
        client.execute("CREATE TABLE IF NOT EXISTS seen (n UInt8, at DateTime) ENGINE = MergeTree ORDER BY n")
        client.execute("TRUNCATE TABLE seen")
        client.execute("INSERT INTO seen VALUES", [(1, 0), (2, 100)])
        client.execute(
            "CREATE OR REPLACE VIEW seen_since AS SELECT n FROM seen WHERE at >= toDateTime({since:String}, 'UTC')"
        )
        client.execute("CREATE DATABASE IF NOT EXISTS hidden")
        client.execute("CREATE TABLE IF NOT EXISTS hidden.t (n UInt8) ENGINE = Memory")
        yield client
        client.execute("DROP DATABASE hidden")
        client.execute("DROP VIEW seen_since")
        client.execute("DROP TABLE seen SYNC")


@pytest.fixture
def reader(clickhouse_server: ClickHouseServer, writer: Client) -> Iterator[Client]:
    with Client.from_url(clickhouse_server.reader_url) as client:
        yield client


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "secret.txt"
    path.write_text(SECRET)
    return path


def test_it_reads(reader: Client) -> None:
    assert reader.execute("SELECT n FROM seen ORDER BY n") == [(1,), (2,)]
    assert reader.execute("FROM listener.seen SELECT sum(n)") == [(3,)]
    assert reader.execute("WITH 1 AS one SELECT one UNION ALL SELECT 2 ORDER BY 1") == [(1,), (2,)]
    assert reader.execute("SELECT 'into outfile, file(1), readonly = 0' AS s") == [
        ("into outfile, file(1), readonly = 0",)
    ]
    assert ("seen",) in reader.execute("SHOW TABLES")
    assert reader.execute("EXISTS TABLE seen") == [(1,)]
    assert reader.execute("DESCRIBE TABLE seen")[0][:2] == ("n", "UInt8")
    assert reader.execute("EXPLAIN SELECT n FROM seen")
    assert reader.execute("SELECT number FROM numbers(2)") == [(0,), (1,)]
    reader.execute("USE listener")
    assert reader.execute("SELECT currentDatabase()") == [("listener",)]


def test_it_selects_from_views_with_parameters(reader: Client) -> None:
    assert reader.execute("SELECT * FROM listener.seen_since(since='1970-01-01 00:01:00')") == [(2,)]


def test_it_brings_settings_and_tables_of_its_own(reader: Client) -> None:
    own = {"name": "mine", "structure": [("n", "UInt8"), ("s", "String")], "data": [{"n": 2, "s": "two"}]}
    for _ in range(2):
        found = reader.execute(
            "SELECT s FROM seen JOIN mine USING (n)", external_tables=[own], settings={"max_threads": 1}
        )
        assert found == [("two",)]
    with pytest.raises(ServerException):
        reader.execute("SELECT * FROM mine")
    reader.execute("SET max_threads = 1")
    assert reader.execute("SELECT getSetting('max_threads')") == [(1,)]
    assert reader.execute("SELECT getSetting('max_block_size')", settings={"max_block_size": 77}) == [(77,)]
    assert reader.execute("SELECT getSetting('max_block_size')") != [(77,)]
    assert reader.execute("SELECT 1 SETTINGS max_execution_time = 5") == [(1,)]


WRITES = [
    "INSERT INTO seen VALUES (3, 0)",
    "INSERT INTO seen SELECT 3, 0",
    "INSERT INTO seen FROM INFILE '/etc/passwd' FORMAT TSV",
    "INSERT INTO FUNCTION file('/tmp/out', 'TSV', 'n UInt8') SELECT 1",
    "WITH 1 AS n INSERT INTO seen SELECT n, 0",
    "CREATE TABLE other (n UInt8) ENGINE = Memory",
    "CREATE TABLE other ENGINE = File(TSV, '/etc/passwd')",
    "CREATE TEMPORARY TABLE other (n UInt8)",
    "CREATE TEMPORARY TABLE other (n String) ENGINE = File(TSV, '/etc/passwd')",
    "CREATE TEMPORARY TABLE other AS SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "CREATE VIEW other AS SELECT 1",
    "CREATE MATERIALIZED VIEW other ENGINE = Memory AS SELECT n FROM seen",
    "CREATE FUNCTION other AS (x) -> file(x)",
    "CREATE DATABASE other",
    "CREATE DICTIONARY d (n UInt8) PRIMARY KEY n SOURCE(FILE(path '/x' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE USER other",
    "CREATE ROLE other",
    "ATTACH TABLE other (n UInt8) ENGINE = Log",
    "DROP TABLE seen",
    "DROP DATABASE listener",
    "DETACH TABLE seen",
    "TRUNCATE TABLE seen",
    "RENAME TABLE seen TO other",
    "EXCHANGE TABLES seen AND seen",
    "ALTER TABLE seen DELETE WHERE 1",
    "ALTER TABLE seen UPDATE n = 1 WHERE 1",
    "ALTER TABLE seen ADD COLUMN x UInt8",
    "ALTER TABLE seen DROP PARTITION ID 'all'",
    "DELETE FROM seen WHERE 1",
    "OPTIMIZE TABLE seen FINAL",
    "BACKUP TABLE seen TO File('/tmp/backup')",
    "RESTORE TABLE seen FROM File('/tmp/backup')",
    "SYSTEM SHUTDOWN",
    "SYSTEM STOP MERGES",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE 1",
    "KILL MUTATION WHERE 1",
    "GRANT ALL ON *.* TO default",
    "SET ROLE writer",
    "SET ROLE ALL",
    "SET ROLE DEFAULT",
    "SET DEFAULT ROLE writer TO default",
    "SET TRANSACTION SNAPSHOT 1",
    "BEGIN TRANSACTION",
    "EXECUTE AS default SELECT 1",
    "EXECUTE AS default",
]

OUTSIDE = [
    "SELECT file('{path}')",
    "SELECT `file`('{path}')",
    "SELECT \"file\"('{path}')",
    "SELECT `fi\\x6ce`('{path}')",
    "SELECT /* ' */ file('{path}') -- '",
    "SELECT '\\'', file('{path}'), '\\''",
    "SELECT 'it''s', file('{path}')",
    "SELECT $x$ ' $x$, file('{path}')",
    "SELECT * APPLY(file) FROM (SELECT '{path}' AS p)",
    "SELECT * APPLY file FROM (SELECT '{path}' AS p)",
    "SELECT COLUMNS('p') APPLY(x -> file(x)) FROM (SELECT '{path}' AS p)",
    "SELECT arrayMap(file, ['{path}'])",
    "SELECT arrayMap(x -> file(x), ['{path}'])",
    "WITH x -> file(x) AS f SELECT f('{path}')",
    "SELECT (SELECT file('{path}'))",
    "SELECT 1 WHERE 'x' = file('{path}')",
    "EXPLAIN SELECT file('{path}')",
    "DESCRIBE (SELECT file('{path}'))",
    "SHOW TABLES WHERE file('{path}') != ''",
    "SHOW TABLES LIKE file('{path}')",
    "file('{path}')",
    "SELECT * FROM file('{path}', 'LineAsString')",
    "SELECT * FROM file('{path}', 'LineAsString', 'l String')",
    "SELECT * FROM view(SELECT * FROM file('{path}', 'LineAsString'))",
    "DESCRIBE TABLE file('{path}', 'LineAsString')",
    "SELECT * FROM fileCluster('default', '{path}', 'LineAsString')",
    "SELECT * FROM filesystem('{directory}')",
    "SELECT * FROM url('http://127.0.0.1:1/x', 'LineAsString')",
    "SELECT * FROM url('file://{path}', 'LineAsString')",
    "SELECT * FROM s3('http://bucket.s3.amazonaws.com/x.csv', 'k', 's')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('cat', 'TSV', 'l String', (SELECT 1))",
    "SELECT * FROM sqlite('{path}', 't')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e String')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String, v String')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')",
    "SELECT * FROM icebergLocal('{directory}')",
    "SELECT * FROM deltaLakeLocal('{directory}')",
    "SELECT * FROM python(client)",
    "SELECT * FROM Python(client)",
    "SELECT * FROM eval('SELECT file(''{path}'')')",
    "SELECT * FROM eval('SELECT file(''{path}'')') SETTINGS allow_experimental_eval_table_function = 1",
    "SELECT * FROM input('l String')",
    "SELECT * FROM merge('hidden', '.*')",
    "SELECT * FROM hidden.t",
    "SELECT * FROM loop(hidden.t) LIMIT 1",
    "SELECT addressToLine(1) SETTINGS allow_introspection_functions = 1",
    "SELECT * FROM system.users",
    "SHOW CREATE TABLE hidden.t",
]

ESCAPES = [
    "SELECT 1; DROP TABLE seen",
    "SELECT 1; SET ROLE writer",
    "SELECT 1 /* ; */ ; -- x\n SET readonly = 0",
    "SELECT 1 PARALLEL WITH DROP TABLE seen",
    "SET readonly = 0",
    "SET readonly = 1",
    "SET readonly = DEFAULT",
    "SET max_threads = 1, readonly = 0",
    "SET profile = 'default'",
    "SET param_f = 'file'",
    "SET max_threads = 1, param_f = 'file'",
    "SET dialect = 'kusto'",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS profile = 'default'",
    "SELECT 1 SETTINGS param_f = 'file'",
    "SET max_memory_usage = 100000000000000",
    "SET max_memory_usage = 0",
    "SET max_memory_usage = DEFAULT",
    "SELECT 1 SETTINGS max_memory_usage = 0",
]

OF_OTHERS = [
    "SELECT query FROM system.processes",
    "SELECT query FROM system.`processes`",
    'SELECT query FROM "system"."proc\\x65sses"',
    "SELECT query FROM view(SELECT query FROM system.processes)",
    "SELECT (SELECT any(query) FROM system.processes)",
    "SELECT query FROM merge('system', '^processes$')",
    "SELECT query FROM merge(REGEXP('sys.*'), '^processes$')",
    "SELECT * FROM loop(system.processes) LIMIT 1",
    "SELECT * FROM loop('system', 'processes') LIMIT 1",
    "SELECT query FROM cluster('default', 'system', 'processes')",
    "SELECT query FROM remote('127.0.0.1', 'system', 'processes')",
    "SHOW PROCESSLIST",
    "DESCRIBE TABLE system.processes",
]


@pytest.mark.parametrize("statement", [*WRITES, *ESCAPES])
def test_it_changes_nothing(reader: Client, writer: Client, statement: str) -> None:
    with pytest.raises(ServerException):
        reader.execute(statement)
    assert writer.execute("SELECT count() FROM seen") == [(2,)]
    assert reader.execute("SELECT currentRoles(), getSetting('readonly')") == [(["reader"], 2)]


@pytest.mark.parametrize("statement", OUTSIDE)
def test_it_reaches_nothing_outside(reader: Client, secret: Path, statement: str) -> None:
    with pytest.raises(ServerException) as refusal:
        reader.execute(statement.format(path=secret, directory=secret.parent))
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("statement", OF_OTHERS)
def test_it_does_not_see_what_others_ask(reader: Client, statement: str) -> None:
    with pytest.raises(ServerException):
        reader.execute(statement)


@pytest.mark.parametrize(
    "statement", ["SELECT query FROM processes", "SELECT query FROM merge('^processes$')"]
)
def test_nor_from_within_the_systems_database(clickhouse_server: ClickHouseServer, statement: str) -> None:
    url = clickhouse_server.reader_url.rsplit("/", 1)[0] + "/system"
    with Client.from_url(url) as client, pytest.raises(ServerException):
        client.execute(statement)


def test_what_is_told_of_the_server_stays_readable(reader: Client) -> None:
    assert reader.execute("SELECT name FROM system.tables WHERE name = 'seen'") == [("seen",)]
    assert reader.execute("SELECT value FROM system.settings WHERE name = 'readonly'") == [("2",)]
    assert reader.execute("SELECT 'processes' AS word") == [("processes",)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 INTO OUTFILE '{path}'",
        "SELECT 1 into\noutfile '{path}' APPEND FORMAT CSV",
        "SELECT 1 INTO /* */ OUTFILE '{path}' TRUNCATE",
        "(SELECT 1) UNION ALL (SELECT 2) INTO OUTFILE '{path}'",
        "EXPLAIN SELECT 1 INTO OUTFILE '{path}'",
        "SHOW TABLES INTO OUTFILE '{path}'",
        "DESCRIBE TABLE seen INTO OUTFILE '{path}'",
    ],
)
def test_it_writes_no_file(reader: Client, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "out"
    with pytest.raises(ServerException):
        reader.execute(statement.format(path=path))
    assert not path.exists()


def test_it_cannot_insert_blocks(reader: Client, writer: Client) -> None:
    with pytest.raises(ServerException):
        reader.execute("INSERT INTO seen VALUES", [(3, 0)])
    assert writer.execute("SELECT count() FROM seen") == [(2,)]


@pytest.mark.parametrize(
    "settings",
    [
        {"readonly": 0},
        {"readonly": 1},
        {"param_f": "file"},
        {"dialect": "kusto"},
        {"allow_experimental_eval_table_function": 1},
        {"max_memory_usage": 10**14},
        {"max_memory_usage": 0},
        {"max_threads = 1, readonly": 0},
    ],
)
def test_it_cannot_send_such_settings(reader: Client, settings: dict[str, object]) -> None:
    with pytest.raises(ServerException):
        reader.execute("SELECT 1", settings=settings)
    assert reader.execute("SELECT currentRoles(), getSetting('readonly')") == [(["reader"], 2)]


def test_an_identifier_cannot_be_put_in_later(reader: Client, secret: Path) -> None:
    with pytest.raises(ServerException):
        reader.execute(f"SELECT arrayMap({{f:Identifier}}, ['{secret}'])", settings={"param_f": "file"})


@pytest.mark.parametrize("rows", [b"", b"\x01v"], ids=["empty", "one row"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x", "String) ENGINE = File(LineAsString, '{secret}') --"),
        ("x", "Enum8('v' = 1), y String) ENGINE = File(LineAsString, '{secret}') AS SELECT ('"),
        ("x", "Enum8('v' = 1) DEFAULT 1, y String DEFAULT file('{secret}'), z Enum8('v' = 1)"),
        ("x", "String DEFAULT file('{secret}')"),
        ("x", "String, y String MATERIALIZED file('{secret}')"),
        ("x", "String ALIAS file('{secret}')"),
        ("x` (y String) ENGINE = File(LineAsString, '{secret}') -- ", "String"),
        ("x` String DEFAULT file('{secret}'), `y", "String"),
        ("x\\` String DEFAULT file('{secret}'), `y", "String"),
    ],
)
def test_an_external_table_is_no_way_out(
    reader: Client, secret: Path, name: str, kind: str, rows: bytes
) -> None:
    """Names and types of external tables go into statements that run before the rights are given up."""
    reader.execute("SELECT 1")
    connection = reader.connection
    connection.socket.settimeout(10)
    connection.send_query("SELECT toString(tuple(*)), y FROM e")
    block = varint(1) + varint(1 if rows else 0) + string(name) + string(kind.format(secret=secret)) + rows
    connection.fout.write(varint(FromClient.DATA) + string("e") + data_body(block))
    connection.send_external_tables(None)
    with pytest.raises((ServerException, EOFError, ConnectionError)) as refusal:
        reader.receive_result()
    assert SECRET not in str(refusal.value)


def test_a_wrong_password_is_an_authentication_error(clickhouse_server: ClickHouseServer) -> None:
    for user, password in [("reader", "wrong"), ("reader", ""), ("default", ""), ("listener", "reader's")]:
        with (
            Client(
                clickhouse_server.host, port=clickhouse_server.port, user=user, password=password
            ) as nobody,
            pytest.raises(ServerException, match="Authentication failed") as refusal,
        ):
            nobody.execute("SELECT 1")
        assert refusal.value.code == 516


def test_the_writer_may_do_all_this(writer: Client, tmp_path: Path) -> None:
    """So that the tests above fail for the right reason."""
    (tmp_path / "in.tsv").write_text("5\n")
    assert writer.execute(f"SELECT * FROM file('{tmp_path}/in.tsv', 'TSV', 'n UInt8')") == [(5,)]
    assert writer.execute(f"SELECT arrayMap(file, ['{tmp_path}/in.tsv'])") == [(["5\n"],)]
    assert "FROM system.processes" in str(writer.execute("SELECT query FROM system.processes"))
    assert "FROM merge" in str(writer.execute("SELECT query FROM merge('system', '^processes$')"))
