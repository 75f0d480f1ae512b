"""What is said to ClickHouse about a person: it names nobody, and every replica understands it alike."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listener.privacy.rows import TABLES, HashKey, Known, Named, rows_of, rows_that_name, without_person

NAMED = Named(
    HashKey(2**63 + 1, 2**63 + 2), (11, 12), (21,), (31, 32), (41,), datetime(2026, 3, 2, tzinfo=UTC)
)
LEFT, SPOKEN = "K-BBBBBBBBBBBBB", "K-CCCCCCCCCCCCC"
KNOWN = Known(
    NAMED,
    cases=("K-AAAAAAAAAAAAA",),
    newest=((LEFT, 2**100), (SPOKEN, 2**101)),
    spoken=frozenset({SPOKEN}),
    is_back=False,
)


def statements(known: Known) -> list[str]:
    return [*rows_of(known).values(), rows_that_name(known), without_person(known)]


def test_no_statement_asks_a_table_or_a_clock() -> None:
    """ClickHouse refuses such mutations of replicated tables (allow_nondeterministic_mutations)."""
    for statement in statements(KNOWN):
        assert not re.search(r"\b(SELECT|dictGet|joinGet|now|today|rand|hostName)\b", statement), statement


def test_each_table_is_told_whom_by_hash() -> None:
    conditions = rows_of(KNOWN)
    assert tuple(conditions) == TABLES
    key = f"({2**63 + 1}, {2**63 + 2})"
    assert conditions["responses"] == (
        f"sipHash64Keyed({key}, author) IN (11, 12) AND least(occurred_at, received_at)"
        " <= fromUnixTimestamp64Milli(1772409600000, 'UTC')"
    )
    assert conditions["tickets"] == "case_id IN ('K-AAAAAAAAAAAAA')"
    assert f"('{LEFT}', toUInt128('{2**100}'))" in conditions["cases"]


def test_of_a_case_that_the_person_has_left_the_newest_snapshot_stays() -> None:
    conditions = rows_of(KNOWN)["case_facts"]
    [by_time] = re.findall(r"OR case_key IN \(([^()]*\([^()]*\))\) AND bitAnd", conditions)
    assert by_time == f"sipHash64('{SPOKEN}')"
    assert f"(sipHash64('{LEFT}'), toUInt128('{2**100}'))" in conditions


def test_who_has_no_account_and_no_case_has_no_such_rows() -> None:
    nobody = Known(replace(NAMED, authors=(), customers=()), (), (), frozenset(), is_back=True)
    assert rows_of(nobody)["tickets"] == rows_of(nobody)["alerts"] == "0"
    assert "IN ()" not in "".join(statements(nobody))


@pytest.mark.parametrize(("is_back", "until_counts"), [(True, True), (False, False)])
def test_a_customer_who_came_back_stays_in_what_was_said_since(is_back: bool, until_counts: bool) -> None:
    assert (" <= " in rows_that_name(replace(KNOWN, is_back=is_back))) is until_counts


def test_two_erasures_have_two_keys_that_clickhouse_takes_for_uint64() -> None:
    one, other = HashKey.new(), HashKey.new()
    assert one != other
    assert all(2**63 <= number < 2**64 for number in (one.first, one.second, other.first, other.second))
