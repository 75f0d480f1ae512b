"""What statements ask of the server."""

import pytest

from listener.embedded.clickhouse.statements import (
    Insert,
    awaits_data,
    first_word,
    parse_insert,
    without_format,
)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select 1", "SELECT"),
        ("  ((select 1))", "SELECT"),
        ("-- a\n/* b\n */ #! c\n with 1 as x select x", "WITH"),
        ("", ""),
        ("1", ""),
    ],
)
def test_the_first_word(sql: str, word: str) -> None:
    assert first_word(sql) == word


@pytest.mark.parametrize(
    ("sql", "awaits"),
    [
        ("insert into t values", True),
        ("INSERT INTO t (a, b) VALUES ;\n-- end", True),
        ("insert into t format JSONEachRow", True),
        ("insert into t values (1)", False),
        ("insert into t select 'values'", False),
        ("select * from t format Native", False),
    ],
)
def test_an_insert_whose_rows_follow(sql: str, awaits: bool) -> None:
    assert awaits_data(sql) is awaits


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1 format CSV", "select 1 "),
        ("select 1 FORMAT Native ; ", "select 1 "),
        ("select 'format x'", "select 'format x'"),
        ("insert into t format CSV", "insert into t format CSV"),
    ],
)
def test_formatting_is_left_to_the_client(sql: str, expected: str) -> None:
    assert without_format(sql) == expected


def test_an_insert_becomes_one_from_a_file() -> None:
    insert = parse_insert("INSERT INTO db.t (a, `b (c`, n.x) SETTINGS max_threads = 1 FORMAT Values")
    assert insert == Insert("db.t", "a, `b (c`, n.x", " SETTINGS max_threads = 1")
    assert insert.column_names == ["a", "b (c", "n.x"]
    assert insert.from_file("/f") == (
        "INSERT INTO db.t (a, `b (c`, n.x) FROM INFILE '/f' SETTINGS max_threads = 1 FORMAT Native"
    )


def test_columns_given_by_an_expression_have_no_names() -> None:
    insert = parse_insert("INSERT INTO t (* EXCEPT a) FORMAT Values")
    assert insert is not None
    assert insert.column_names is None


@pytest.mark.parametrize(
    "canonical", ["INSERT INTO t SELECT 1", "INSERT INTO t (a) SELECT a FROM input('a Int8') FORMAT Native"]
)
def test_an_insert_with_rows_from_elsewhere_is_not_taken_apart(canonical: str) -> None:
    assert parse_insert(canonical) is None
