"""A migrated database of its own for each test, on the ClickHouse server that all tests share."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate


def with_database(url: str, database: str) -> str:
    """The URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture
def empty_database(clickhouse_server: Any) -> Iterator[str]:
    """URL of a database that does not exist yet; it is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield with_database(clickhouse_server.url, name)
    client = connect(clickhouse_server.url, database="default")
    client.execute(f"DROP DATABASE IF EXISTS {name}")
    client.disconnect()


@pytest.fixture
def database(empty_database: str) -> str:
    """URL of an empty database with the tables and views of this program."""
    migrate(empty_database)
    return empty_database
