"""ClickHouse with TLS: everything goes through it, and who does not get in hears what to change."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from clickhouse_driver import Client

from fixtures_certificates import Authority
from fixtures_database import with_database
from listener.clickhouse.client import connect, translated
from listener.clickhouse.migrate import check_schema, migrate, shipped_migrations
from listener.domain.errors import ServiceError, UsageError
from listener.embedded.clickhouse import Certificate, ClickHouseServer
from listener.embedded.ports import free_port

pytestmark = pytest.mark.clickhouse

ROWS = 20_000


def changed(url: str, *, scheme: str = "clickhouses", **options: str | Path) -> str:
    """The URL with these options alone."""
    return urlsplit(url)._replace(scheme=scheme, query=urlencode(options)).geturl()


def refusal(url: str) -> str:
    """What a query is told that does not come through."""
    with pytest.raises(ServiceError) as raised, translated(url):
        connect(url).execute("SELECT 1")
    assert "p@ss" not in str(raised.value)
    assert "p%40ss" not in str(raised.value)
    return str(raised.value)


def test_the_url_that_the_server_tells_is_enough(secure_clickhouse: ClickHouseServer) -> None:
    assert secure_clickhouse.url.startswith("clickhouses://")
    own = with_database(secure_clickhouse.url, "told")
    assert migrate(own) == list(shipped_migrations())
    check_schema(connect(own), own)
    assert connect(secure_clickhouse.reader_url).execute("SELECT 1") == [(1,)]
    with Client.from_url(secure_clickhouse.reader_url) as plain_driver:
        assert plain_driver.execute("SELECT 1") == [(1,)]


def test_blocks_larger_than_a_record_of_tls_come_whole_from_several_clients_at_once(
    secure_clickhouse: ClickHouseServer,
) -> None:
    texts = [f"{number} " + "lost baggage " * 20 for number in range(ROWS)]
    connect(secure_clickhouse.url).execute(
        "CREATE TABLE large (n UInt32, t String) ENGINE = MergeTree ORDER BY n"
    )
    failures: list[BaseException] = []

    def insert_and_read(part: int) -> None:
        try:
            client = connect(secure_clickhouse.url)
            numbers = list(range(part * ROWS, (part + 1) * ROWS))
            client.execute("INSERT INTO large (n, t) VALUES", [numbers, list(texts)], columnar=True)
            rows = client.execute(
                f"SELECT t FROM large WHERE n >= {part * ROWS} AND n < {(part + 1) * ROWS} ORDER BY n"
            )
            assert [text for (text,) in rows] == texts
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=insert_and_read, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_client_that_leaves_in_the_middle_ends_its_statement_alone(
    secure_clickhouse: ClickHouseServer,
) -> None:
    leaving, staying = connect(secure_clickhouse.url), connect(secure_clickhouse.url)
    endless = leaving.execute_iter("SELECT number FROM numbers(1000000000000)")
    next(endless)
    leaving.disconnect()
    while (
        staying.execute("SELECT count() FROM system.processes WHERE query LIKE '%numbers(100000000%'")[0][0]
        > 1
    ):
        time.sleep(0.1)  # this one names it, too
    assert staying.execute("SELECT 1") == [(1,)]


def test_an_authority_that_is_not_ours_is_not_trusted(
    secure_clickhouse: ClickHouseServer, other_authority: Authority
) -> None:
    for url in (
        changed(secure_clickhouse.url),
        changed(secure_clickhouse.url, ca_certs=other_authority.cafile),
    ):
        told = refusal(url)
        assert "is not trusted" in told
        assert "ca_certs in the ClickHouse URL" in told


def test_whoever_checks_nothing_gets_in(secure_clickhouse: ClickHouseServer) -> None:
    assert connect(changed(secure_clickhouse.url, verify="false")).execute("SELECT 1") == [(1,)]


def test_a_client_without_tls_hears_that_it_needs_it(secure_clickhouse: ClickHouseServer) -> None:
    told = refusal(changed(secure_clickhouse.url, scheme="clickhouse"))
    assert "speaks TLS: begin the URL with clickhouses://" in told


def test_a_client_with_tls_hears_that_the_server_has_none(
    clickhouse_server: ClickHouseServer, authority: Authority
) -> None:
    told = refusal(changed(clickhouse_server.url, ca_certs=authority.cafile))
    assert f"does not speak TLS at 127.0.0.1:{clickhouse_server.port}" in told
    assert connect(clickhouse_server.url).execute("SELECT 1") == [(1,)]


def test_a_file_that_is_not_there_is_wrong_use(secure_clickhouse: ClickHouseServer) -> None:
    with pytest.raises(UsageError, match=r"ca_certs in the ClickHouse URL: /none\.pem cannot be read"):
        connect(changed(secure_clickhouse.url, ca_certs="/none.pem"))


def test_a_server_without_its_key_does_not_start(
    clickhouse_installed: None, certificate: Certificate, tmp_path: Path
) -> None:
    wrong = replace(certificate, keyfile=certificate.cafile)
    server = ClickHouseServer(tmp_path, free_port(), "a", "b", certificate=wrong)
    server.start()
    try:
        with pytest.raises(UsageError, match="--tls-key"):
            server.wait_ready()
    finally:
        server.stop()
