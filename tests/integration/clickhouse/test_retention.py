"""Tables keep their rows for as long as the configuration says, on the real engine."""

import uuid

import pytest

from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from listener.clickhouse.retention import apply_retention
from listener.domain.retention import AGED_BY
from listener.embedded.clickhouse import ClickHouseServer

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def url(clickhouse_server: ClickHouseServer) -> str:
    """A database of this test alone, with the schema."""
    database = f"test_{uuid.uuid4().hex}"
    made = clickhouse_server.url.rsplit("/", 1)[0] + f"/{database}"
    migrate(made)
    return made


def test_what_is_older_goes_and_what_is_named_no_more_stays(url: str) -> None:
    client = connect(url)
    try:
        assert apply_retention(url, {"audit": 30}) == ["audit: kept for 30 days"]
        assert apply_retention(url, {"audit": 30}) == [], "nothing has changed"
        client.execute(
            "INSERT INTO audit (entry_id, at, version) VALUES ('old', now64(3) - INTERVAL 31 DAY, 1), "
            "('new', now64(3), 1)"
        )
        client.execute("OPTIMIZE TABLE audit FINAL")
        assert client.execute("SELECT entry_id FROM audit") == [("new",)]
        assert apply_retention(url, {"audit": 10}) == ["audit: kept for 10 days"]
        assert apply_retention(url, {}) == ["audit: kept without end"]
    finally:
        client.disconnect()


def test_every_table_that_can_be_limited_is_there_with_its_column(url: str) -> None:
    assert len(apply_retention(url, dict.fromkeys(AGED_BY, 30))) == len(AGED_BY)
