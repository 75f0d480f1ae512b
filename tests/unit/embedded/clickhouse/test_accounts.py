"""Who is let in, and which names the reader may not use."""

import pytest

from listener.embedded.clickhouse.accounts import Accounts, check_reader_settings, refuse_names
from listener.embedded.clickhouse.engine import READER, WRITER, EngineError, engine_error, literal

ACCOUNTS = Accounts("w", "r")


def test_each_account_has_its_role() -> None:
    assert ACCOUNTS.role_of("listener", "w") == WRITER
    assert ACCOUNTS.role_of("reader", "r") == READER


@pytest.mark.parametrize(
    ("user", "password"),
    [("listener", "r"), ("reader", "w"), ("reader", ""), ("default", ""), ("", ""), ("nobody", "w")],
)
def test_nobody_else_is_let_in(user: str, password: str) -> None:
    with pytest.raises(EngineError, match="Authentication failed") as refusal:
        ACCOUNTS.role_of(user, password)
    assert refusal.value.code == 516


def test_passwords_are_not_shown() -> None:
    assert "w" not in repr(Accounts("www", "wwww")).replace("Accounts", "")


@pytest.mark.parametrize(
    "canonical",
    [
        "SELECT file('/etc/passwd')",
        "SELECT `file`('/etc/passwd')",
        "SELECT * APPLY file FROM (SELECT '/etc/passwd' AS a)",
        "SELECT arrayMap(file, ['/etc/passwd'])",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT '\\'' , file('x'), '\\''",
        "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",
        "SELECT * FROM Python(x)",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT 1 SETTINGS dialect = 'kusto'",
        "SET param_f = 'file'",
    ],
)
def test_names_that_reach_out_are_refused(canonical: str) -> None:
    with pytest.raises(EngineError):
        refuse_names(canonical)


@pytest.mark.parametrize(
    "canonical",
    [
        "SELECT 'into outfile file(1)', `a file` FROM t",
        "SELECT profile, filename FROM t WHERE x = {x:String}",
        "SELECT count() FROM listener.root_causes(since = '2026-01-01') SETTINGS max_threads = 1",
    ],
)
def test_other_names_pass(canonical: str) -> None:
    refuse_names(canonical)


@pytest.mark.parametrize("name", ["param_x", "dialect", "PARAM_x", "allow_experimental_eval_table_function"])
def test_settings_that_change_the_meaning_are_refused(name: str) -> None:
    with pytest.raises(EngineError):
        check_reader_settings([name])


def test_what_the_engine_says_is_taken_apart() -> None:
    error = engine_error("Code: 60. DB::Exception: Unknown table 'x'. (UNKNOWN_TABLE)")
    assert (error.code, str(error)) == (60, "Unknown table 'x'. (UNKNOWN_TABLE)")
    wrapped = engine_error(
        "Code: 164. DB::Exception: Code: 164. DB::Exception: Cannot modify 'x'. (READONLY)"
        " (version 26.9.2.1). (READONLY)"
    )
    assert (wrapped.code, str(wrapped)) == (164, "Cannot modify 'x'. (READONLY)")
    assert engine_error("something else").code == 1002


def test_literals_are_quoted() -> None:
    assert literal("it's \\ so") == r"'it\'s \\ so'"
