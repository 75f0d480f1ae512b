"""Tables keep their rows for as long as the configuration says, on the real engine."""

import pytest

from listener.clickhouse.client import connect
from listener.clickhouse.retention import apply_retention
from listener.domain.retention import AGED_BY

pytestmark = pytest.mark.clickhouse


def test_what_is_older_goes_and_what_is_named_no_more_stays(own_database: str) -> None:
    client = connect(own_database)
    try:
        assert apply_retention(own_database, {"audit": 30}) == ["audit: kept for 30 days"]
        assert apply_retention(own_database, {"audit": 30}) == [], "nothing has changed"
        client.execute(
            "INSERT INTO audit (entry_id, at, version) VALUES ('old', now64(3) - INTERVAL 31 DAY, 1), "
            "('new', now64(3), 1)"
        )
        client.execute("OPTIMIZE TABLE audit FINAL")
        assert client.execute("SELECT entry_id FROM audit") == [("new",)]
        assert apply_retention(own_database, {"audit": 10}) == ["audit: kept for 10 days"]
        assert apply_retention(own_database, {}) == ["audit: kept without end"]
    finally:
        client.disconnect()


def test_what_is_made_of_mentions_goes_with_them(own_database: str) -> None:
    client = connect(own_database)
    try:
        client.execute(
            "INSERT INTO mentions (mention_id, author, direction, followers, occurred_at, received_at, version) "
            "VALUES ('1', 'gone', 'inbound', 5, now64(3), now64(3) - INTERVAL 31 DAY, 1), "
            "('2', 'here', 'inbound', 500, now64(3), now64(3), 1)"
        )
        apply_retention(own_database, {"mentions": 30})
        for table in ("contact_facts", "account_traits"):
            client.execute(f"OPTIMIZE TABLE {table} FINAL")
            left = client.execute(f"SELECT author_id = sipHash64('here') FROM {table}")
            assert left == [(1,)], table
    finally:
        client.disconnect()


def test_every_table_that_can_be_limited_is_there_with_its_column(own_database: str) -> None:
    assert len(apply_retention(own_database, dict.fromkeys(AGED_BY, 30))) == len(AGED_BY)
