"""A person's rows in ClickHouse: found and deleted, and taken out of the rows of others; on the real engine."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.clickhouse.client import connect
from listener.domain.erasure import epoch_after, to_ms
from listener.embedded.clickhouse import ClickHouseServer
from listener.privacy.person import Person
from listener.privacy.rows import TABLES
from listener.privacy.tables import VIEWS, person_in_tables

pytestmark = pytest.mark.clickhouse

ANN = Person(frozenset({"net:ann"}), frozenset({"C-1"}))
ROWS_MADE = """
INSERT INTO mentions (mention_id, author, history_author, text, followers, direction, occurred_at, version) VALUES
    ('net:1', 'net:ann', 'net:ann', 'hers', 7, 'inbound', now64(3), 1),
    ('net:2', 'net:company', 'net:ann', 'an answer to her', 9, 'outbound', now64(3), 1),
    ('net:3', 'net:bob', 'net:bob', 'his', 8, 'inbound', now64(3), 1);
INSERT INTO mentions
    (mention_id, author, history_author, followers, direction, occurred_at, party, epoch, version) VALUES
    ('net:33', 'net:bob', 'net:bob', 800, 'inbound', now64(3), 'c:C-1', 1, 1),
    ('net:33', 'net:bob', 'net:bob', 800, 'inbound', now64(3), 'a:net:bob', 2, 2);
INSERT INTO mentions
    (mention_id, author, history_author, occurred_at, match_customer, match_evidence, version) VALUES
    ('net:4', 'net:son', 'net:son', now64(3), '', ['phone +44 belongs to Ann One (C-1) and Bob Two (C-2)'], 1),
    ('net:5', 'net:bob', 'net:bob', now64(3), 'C-12', ['phone +45 belongs to Bea (C-12)'], 1);
INSERT INTO parties (author, party, customer_id, at, version) VALUES
    ('net:ann', 'c:C-1', 'C-1', now64(3), 1), ('net:bob', 'a:net:bob', '', now64(3), 1);
INSERT INTO customers (customer_id, names, version) VALUES ('C-1', ['Ann One'], 1), ('C-12', ['Bea'], 1);
INSERT INTO cases (case_id, anchor_author, authors, opened_at, last_at, version) VALUES
    ('K-1', 'net:ann', ['net:ann'], now64(3), now64(3), 1),
    ('K-2', 'net:bob', ['net:bob', 'net:ann'], now64(3), now64(3), 1),
    ('K-3', 'net:bob', ['net:bob'], now64(3), now64(3), 1);
INSERT INTO alerts (alert_id, subject, due_at, version) VALUES
    ('a', 'K-1', now64(3), 1), ('b', 'K-3', now64(3), 1);
INSERT INTO tickets (case_id, desk, updated_at, version) VALUES
    ('K-1', 'd', now64(3), 1), ('K-3', 'd', now64(3), 1);
INSERT INTO audit (entry_id, actor, subject, detail, at, version) VALUES
    ('1', 'K', 'net:ann', {}, now64(3), 1),
    ('2', 'K', 'net:bob', {'customer_id': 'C-1'}, now64(3), 1),
    ('3', 'K', 'net:bob', {}, now64(3), 1);
INSERT INTO outcomes (outcome_id, customer_id, occurred_at, version) VALUES ('o', 'C-1', now64(3), 1)
"""


@pytest.fixture
def url(database: str) -> str:
    """A database with rows of several people."""
    client = connect(database)
    for statement in ROWS_MADE.split(";\n"):
        client.execute(statement)
    client.disconnect()
    return database


def test_the_rows_are_found_and_then_gone_and_those_of_others_stay(url: str) -> None:
    with person_in_tables(url, ANN) as tables:
        assert tables.accounts() == {"net:ann"}
        assert {place: count for place, count in tables.counts().items() if count} == {
            "account_traits": 2,
            "contact_facts": 2,
            "case_facts": 2,
            "mentions": 2,
            "tickets": 1,
            "alerts": 1,
            "cases": 2,
            "parties": 1,
            "customers": 1,
            "outcomes": 1,
            "audit": 2,
            "mentions of others": 1,
        }
        assert [row["text"] for row in tables.rows("mentions")] == ["hers", "an answer to her"]
        tables.erase()
        assert not any(tables.counts().values())
        assert tables.old_parts_seconds() >= 0
    client = connect(url)
    try:
        evidence = "SELECT mention_id, match_customer, match_evidence FROM mentions ORDER BY mention_id"
        assert client.execute(evidence) == [
            ("net:3", "", []),
            ("net:33", "", []),
            ("net:4", "", []),
            ("net:5", "C-12", ["phone +45 belongs to Bea (C-12)"]),
        ]
        assert client.execute("SELECT case_id FROM cases") == [("K-3",)]
        traits = (
            "SELECT author_id = sipHash64('net:bob'), epoch, traits FROM account_traits FINAL ORDER BY epoch"
        )
        assert client.execute(traits) == [(1, 0, 1), (1, 2, 2)]
        assert client.execute("SELECT subject, detail FROM audit ORDER BY entry_id") == [
            ("erased", {}),
            ("erased", {}),
            ("net:bob", {}),
        ]
        left = "SELECT count() FROM system.tables WHERE name LIKE 'erasing%'"
        assert client.execute(left) == [(0,)]
    finally:
        client.disconnect()


def test_what_was_said_later_stays(url: str) -> None:
    later = "now64(3) + INTERVAL 1 HOUR"
    until = datetime.now(UTC) + timedelta(minutes=5)
    epoch = epoch_after(to_ms(until))
    client = connect(url)
    client.execute(
        "INSERT INTO mentions "
        "(mention_id, author, history_author, followers, direction, occurred_at, received_at, epoch, version) "
        f"VALUES ('net:6', 'net:ann', 'net:ann', 70, 'inbound', {later}, {later}, {epoch}, 1)"
    )
    client.execute(
        "INSERT INTO parties (author, party, epoch, at, version) "
        f"VALUES ('net:ann', 'a:net:ann', {epoch}, {later}, 2)"
    )
    client.execute(
        "INSERT INTO cases (case_id, anchor_author, case_version, opened_at, last_at, version) "
        f"VALUES ('K-6', 'net:ann', {epoch << 32}, {later}, {later}, 1)"
    )
    with person_in_tables(url, ANN, until) as tables:
        tables.erase()
        assert not any(tables.counts().values())
    with person_in_tables(url, ANN) as tables:
        left = {place: count for place, count in tables.counts().items() if count}
    assert left == {
        "account_traits": 1,
        "contact_facts": 1,
        "case_facts": 1,
        "mentions": 1,
        "cases": 1,
        "parties": 1,
    }
    client.disconnect()


def test_those_who_share_a_case_or_a_telephone_keep_theirs(url: str) -> None:
    client = connect(url)
    until, now = to_ms(datetime.now(UTC)) - 5000, to_ms(datetime.now(UTC))
    columns = "INSERT INTO cases (case_id, anchor_author, authors, opened_at, last_at, version) VALUES "
    shared = "'net:bob', ['net:bob', 'net:ann'], now64(3), now64(3)"
    client.execute(f"{columns} ('K-7', {shared}, {now - 1000}), ('K-7', {shared}, {now})")
    client.execute(
        "INSERT INTO tickets (case_id, desk, updated_at, version) VALUES ('K-2', 'd', now64(3), 1)"
    )
    client.execute("INSERT INTO alerts (alert_id, subject, due_at, version) VALUES ('c', 'K-2', now64(3), 1)")
    evidence = ["phone +44 belongs to Ann One (C-1) and Dan (C-4)", "e-mail belongs to Dan (C-4)"]
    client.execute(
        "INSERT INTO mentions (mention_id, author, history_author, occurred_at, match_customer, match_status, "
        "match_evidence, version) VALUES",
        [("net:8", "net:dan", "net:dan", datetime.now(UTC), "C-4", "matched", evidence, 1)],
    )
    for speak, version in ("['net:bob', 'net:ann']", 1), ("['net:bob']", 2):  # hers is another case since
        client.execute(f"{columns} ('K-9', 'net:bob', {speak}, now64(3), now64(3), {version})")
    with person_in_tables(url, ANN, datetime.fromtimestamp(until / 1000, UTC)) as tables:
        tables.erase()
        assert not any(tables.counts()[table] for table in ("cases", "mentions of others"))
    for table, name in (("cases", "case_id = 'K-9'"), ("case_facts", "case_key = sipHash64('K-9')")):
        assert client.execute(f"SELECT version FROM {table} WHERE {name}") == [(2,)], table
    assert client.execute("SELECT version FROM cases WHERE case_id IN ('K-2', 'K-7')") == [(now,)]
    assert client.execute("SELECT case_id FROM tickets ORDER BY case_id") == [("K-2",), ("K-3",)]
    assert client.execute("SELECT alert_id FROM alerts ORDER BY alert_id") == [("b",), ("c",)]
    match = "SELECT match_customer, match_status, match_evidence FROM mentions WHERE mention_id = 'net:8'"
    assert client.execute(match) == [("C-4", "matched", evidence[1:])]
    client.disconnect()


def test_a_customer_who_came_back_stays_matched(url: str) -> None:
    client = connect(url)
    until = datetime.now(UTC) - timedelta(minutes=5)
    client.execute("INSERT INTO customers (customer_id, updated_at, version) VALUES ('C-1', now64(3), 2);")
    client.execute(
        "INSERT INTO mentions (mention_id, author, history_author, occurred_at, received_at, match_customer, "
        "version) VALUES ('net:9', 'net:ann', 'net:ann', now64(3), now64(3), 'C-1', 1)"
    )
    with person_in_tables(url, ANN, until) as tables:
        tables.erase()
    match = "SELECT match_customer FROM mentions WHERE mention_id = 'net:9'"
    assert client.execute(match) == [("C-1",)]
    client.disconnect()


def test_no_statement_that_is_kept_names_the_person(url: str, clickhouse_server: ClickHouseServer) -> None:
    with person_in_tables(url, ANN) as tables:
        tables.erase()
    kept = list(clickhouse_server.data_dir.rglob("mutation_*.txt"))
    assert kept
    assert not any(b"net:ann" in path.read_bytes() or b"'C-1'" in path.read_bytes() for path in kept)


def test_every_table_and_view_is_known(url: str) -> None:
    client = connect(url)
    try:
        found = client.execute("SELECT name, engine FROM system.tables WHERE database = currentDatabase()")
    finally:
        client.disconnect()
    tables = {name for name, engine in found if not engine.endswith("View")} - {
        "schema_migrations",
        "cause_names",
        "heard_until",
        "fixes",
        "dead_letters",
    }
    views = {name for name, engine in found if engine.endswith("View")} - {
        "current_fixes",
        "current_dead_letters",
        "cause_names_of_mentions",
    }
    assert tables == set(TABLES)
    assert views == VIEWS.keys()
