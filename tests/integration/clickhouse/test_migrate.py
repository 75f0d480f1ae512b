"""Migrations on the real engine: done once, safe when repeated, run at once, or killed halfway."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from facts_agree import assert_facts_agree
from listener.clickhouse.client import connect, read_url
from listener.clickhouse.migrate import Migration, check_schema, migrate, pending, shipped_migrations
from listener.domain.errors import ServiceError

pytestmark = pytest.mark.clickhouse

TABLES = {
    "mentions",
    "mention_tombstones",
    "contacts",
    "responses",
    "cases",
    "black_holes",
    "parties",
    "customers",
    "outcomes",
    "fixes",
    "alerts",
    "tickets",
    "audit",
    "dead_letters",
}


def test_everything_is_created_once(empty_database: str) -> None:
    assert migrate(empty_database) == list(shipped_migrations())
    assert migrate(empty_database) == []
    client = connect(empty_database)
    assert pending(client, empty_database) == []
    tables = {name for (name,) in client.execute("SHOW TABLES")}
    assert tables >= TABLES | {"current_mentions", "current_cases", "current_responses", "root_causes"}


def test_every_table_and_every_column_has_a_comment(database: str) -> None:
    client = connect(database)
    bare = client.execute(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = '' AND table IN "
        "(SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%%View') "
        "UNION ALL SELECT name, '' FROM system.tables "
        "WHERE database = currentDatabase() AND comment = '' AND engine NOT LIKE '%%View'"
    )
    assert bare == []


def test_several_runs_at_once_do_no_harm(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(migrate, empty_database) for _ in range(4)]
        for run in runs:
            run.result()
    assert migrate(empty_database) == []


@pytest.mark.parametrize("statements_done", [1, 2, 3, 5, 8, 13])
def test_a_run_that_was_killed_halfway_is_finished_by_the_next(
    empty_database: str, statements_done: int
) -> None:
    migrate(empty_database, [])
    client = connect(empty_database)
    statements = [statement for migration in shipped_migrations() for statement in migration.statements]
    for statement in statements[:statements_done]:
        client.execute(statement)
    assert len(pending(client, empty_database)) == len(shipped_migrations())
    assert migrate(empty_database) == list(shipped_migrations())
    check_schema(client, empty_database)


def test_a_failing_migration_is_not_recorded_and_those_before_it_are(empty_database: str) -> None:
    first = Migration(1, "first", "CREATE TABLE IF NOT EXISTS a (x Int8) ENGINE = Memory;")
    broken = Migration(2, "second", "CREATE TABLE IF NOT EXISTS b (x NoSuchType) ENGINE = Memory;")
    with pytest.raises(ServiceError, match="NoSuchType"):
        migrate(empty_database, [first, broken])
    repaired = Migration(2, "second", "CREATE TABLE IF NOT EXISTS b (x Int8) ENGINE = Memory;")
    assert migrate(empty_database, [first, repaired]) == [repaired]


def test_a_changed_migration_is_refused_by_name(database: str) -> None:
    one, *others = shipped_migrations()
    changed = Migration(one.number, one.name, one.text + "-- changed\n")
    with pytest.raises(ServiceError, match=r"another 0001_mentions than this program's"):
        migrate(database, [changed, *others])


def test_a_database_of_a_newer_program_is_refused(database: str) -> None:
    with pytest.raises(ServiceError, match="newer program"):
        migrate(database, shipped_migrations()[:-1])


def test_what_was_stored_before_the_facts_were_counted_is_counted_too(empty_database: str) -> None:
    before = next(one.number for one in shipped_migrations() if one.name == "facts")
    migrate(empty_database, shipped_migrations()[: before - 1])
    client = connect(empty_database)
    client.execute(
        "INSERT INTO mentions (mention_id, author, history_author, direction, need, causes, cause_owners, "
        "occurred_at, party, epoch, version) SELECT toString(number % 7), 't:a', 't:a', 'inbound', 'complaint', "
        "['late'], ['us'], toDateTime64('1950-01-01', 3, 'UTC') + INTERVAL number % 7 YEAR, 'a:t:a', 1, number "
        "FROM numbers(14)"
    )
    client.execute(
        "INSERT INTO cases (case_id, case_version, party, anchor_author, state, root_cause, opened_at, version) "
        "SELECT toString(number % 3), bitShiftLeft(toUInt64(1), 32) + number, 'a:t:a', 't:a', 'new', 'late', "
        "'2024-01-01', number FROM numbers(6)"
    )
    migrate(empty_database)
    assert_facts_agree(client)
    counted = "SELECT parties, mentions, cases FROM root_causes(since = '1900-01-01', until = '2100-01-01')"
    assert client.execute(counted) == [(1, 7, 3)]


def test_a_case_stored_before_its_need_was_kept_has_none_until_it_is_stored_again(
    empty_database: str,
) -> None:
    before = next(one.number for one in shipped_migrations() if one.name == "need_of_a_case")
    migrate(empty_database, shipped_migrations()[: before - 1])
    client = connect(empty_database)
    told = "INSERT INTO cases (case_id, opened_at, asked_at, version{}) VALUES ('K-1', 0, 0, {}{})"
    client.execute(told.format("", 1, ""))
    migrate(empty_database)
    needs = "SELECT need FROM current_cases UNION ALL SELECT need FROM wait_facts UNION ALL SELECT need FROM waits"
    assert client.execute(needs) == [("",)] * 3
    client.execute(told.format(", need", 2, ", 'question'"))
    assert client.execute(needs) == [("question",)] * 3


def test_what_is_missing_is_told_with_what_to_do(empty_database: str) -> None:
    migrate(empty_database, shipped_migrations()[:1])
    with pytest.raises(ServiceError, match=r"lacks 0002_identity, .* run `listener migrate`"):
        check_schema(connect(empty_database), empty_database)


def test_without_any_database_the_message_says_what_to_do(empty_database: str) -> None:
    with pytest.raises(ServiceError, match="listener migrate") as caught:
        check_schema(connect(empty_database), empty_database)
    assert (read_url(empty_database).password or "?") not in str(caught.value)
