"""A replay of the topics stores nothing of people who were erased."""

from datetime import UTC, datetime
from typing import Any

import pytest

from listener.domain.erasure import Erasures, epoch_after
from sinks.clickhouse.erased import without_erased

AT = datetime(2026, 3, 1, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
BEFORE, AFTER = AT_MS - 1000, AT_MS + 1000
EPOCH = epoch_after(AT_MS)


@pytest.fixture
def erasures() -> Erasures:
    found = Erasures(b"at least sixteen bytes")
    found.note("author", "net:ann", AT)
    found.note("customer", "C-1", AT)
    return found


@pytest.mark.parametrize(
    ("table", "gone", "stays"),
    [
        (
            "mentions",
            {"history_author": "net:ann", "occurred_at": BEFORE, "received_at": AFTER},
            {"history_author": "net:ann", "occurred_at": AFTER, "received_at": AFTER},
        ),
        (
            "responses",
            {"author": "net:ann", "occurred_at": AFTER, "received_at": BEFORE},
            {"author": "net:bob", "occurred_at": BEFORE, "received_at": BEFORE},
        ),
        (
            "parties",
            {"author": "net:ann", "epoch": 3},
            {"author": "net:ann", "epoch": EPOCH},
        ),
        (
            "customers",
            {"customer_id": "C-1", "updated_at": None},
            {"customer_id": "C-1", "updated_at": AFTER},
        ),
        (
            "cases",
            {"anchor_author": "net:ann", "case_version": 3 << 32, "authors": []},
            {"anchor_author": "net:ann", "case_version": EPOCH << 32, "authors": []},
        ),
        (
            "cases",
            {"anchor_author": "net:bob", "case_version": 1 << 32, "authors": ["net:ann"], "version": BEFORE},
            {"anchor_author": "net:bob", "case_version": 1 << 32, "authors": ["net:ann"], "version": AFTER},
        ),
    ],
)
def test_rows_of_the_time_before_are_left_out(
    erasures: Erasures, table: str, gone: dict[str, Any], stays: dict[str, Any]
) -> None:
    rows = [{"version": AFTER, **gone}, {"version": AFTER, **stays}]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kept = without_erased(table, columns, erasures)
    assert kept == {name: [rows[1][name]] for name in rows[1]}
    assert without_erased(table, columns, Erasures()) is columns


def test_a_deleted_party_of_somebody_else_is_stored(erasures: Erasures) -> None:
    columns: dict[str, list[Any]] = {"author": ["net:bob"], "epoch": [0], "version": [1]}
    assert without_erased("parties", columns, erasures) is columns


def test_the_audit_keeps_what_was_done_without_to_whom(erasures: Erasures) -> None:
    columns: dict[str, list[Any]] = {
        "subject": ["net:ann", "net:bob", "net:bob"],
        "detail": [{"customer_id": "C-2"}, {"customer_id": "C-1"}, {"customer_id": "C-2"}],
        "at": [BEFORE, BEFORE, BEFORE],
        "actor": ["K", "K", "K"],
        "version": [1, 2, 3],
    }
    kept = without_erased("audit", columns, erasures)
    assert kept["subject"] == ["erased", "erased", "net:bob"]
    assert kept["detail"] == [{}, {}, {"customer_id": "C-2"}]
    assert kept["actor"] == ["K", "K", "K"]
