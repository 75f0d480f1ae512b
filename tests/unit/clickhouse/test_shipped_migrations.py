"""The shipped SQL keeps what makes migrations safe: numbered without gaps, every statement can be run again."""

import re

from listener.clickhouse.migrate import Migration, shipped_migrations

REPEATABLE = re.compile(
    r"CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS |CREATE OR REPLACE VIEW |DROP (TABLE|VIEW) IF EXISTS "
    # rows that come again replace themselves, or change nothing
    r"|INSERT INTO (contact_facts|case_facts|cause_names|account_traits|heard_until)\s+SELECT "
    r"|ALTER TABLE \w+ (ADD COLUMN IF NOT EXISTS|DROP COLUMN IF EXISTS|COMMENT COLUMN|MODIFY COMMENT) "
    r"|ALTER TABLE \w+ (MATERIALIZE COLUMN|MODIFY QUERY)\s",
)


def test_numbers_have_no_gaps() -> None:
    numbers = [migration.number for migration in shipped_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_statement_can_be_run_again() -> None:
    for migration in shipped_migrations():
        assert migration.statements
        for statement in migration.statements:
            assert REPEATABLE.match(statement), f"{migration}: {statement[:60]}"


def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- first; the reason\nSELECT 'a;b' -- c;d\n, 2;\n\n-- second\n-- more\nSELECT 3;  \n-- the end\n"
    assert Migration(1, "x", text).statements == ("SELECT 'a;b' -- c;d\n, 2", "SELECT 3")


def test_the_hash_depends_on_the_text_and_not_on_line_ends() -> None:
    one = Migration(1, "x", "SELECT 1;\nSELECT 2;\n")
    assert one.hash == Migration(1, "x", "SELECT 1;\r\nSELECT 2;\r\n").hash
    assert one.hash != Migration(1, "x", "SELECT 1;\nSELECT 3;\n").hash
