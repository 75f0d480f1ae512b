"""An empty migrated database for each test, on the ClickHouse server that all tests share."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from listener.clickhouse.client import connect
from listener.clickhouse.migrate import TABLE, migrate


def with_database(url: str, database: str) -> str:
    """The URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def empty(url: str) -> None:
    """Takes every row out of the tables of a database."""
    client = connect(url)
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for (table,) in client.execute(tables):
        if table != TABLE:
            client.execute(f"TRUNCATE TABLE {table}")
    client.disconnect()


@pytest.fixture
def empty_database(clickhouse_server: Any) -> Iterator[str]:
    """URL of a database that does not exist yet; it is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield with_database(clickhouse_server.url, name)
    client = connect(clickhouse_server.url, database="default")
    client.execute(f"DROP DATABASE IF EXISTS {name}")
    client.disconnect()


@pytest.fixture
def own_database(empty_database: str) -> str:
    """URL of a database with the tables and views of this program, for a test that changes these."""
    migrate(empty_database)
    return empty_database


@pytest.fixture(scope="session")
def migrated_database(clickhouse_server: Any) -> str:
    """Migrating takes a second of a processor: it is done once."""
    url = with_database(clickhouse_server.url, "migrated")
    migrate(url)
    return url


@pytest.fixture
def database(migrated_database: str) -> Iterator[str]:
    """URL of an empty database with the tables and views of this program."""
    yield migrated_database
    empty(migrated_database)
