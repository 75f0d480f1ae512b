"""Customer records are read from either kind of file, bad rows named by their line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.connectors.customers_file import BadRow, read_customers
from listener.domain.customer import Customer, Handle
from listener.domain.errors import UsageError

ANN = Customer(
    customer_id="C-1",
    names=("Ann Smith", "A. Smith"),
    emails=("ann@example.org",),
    phones=("+44 20 7946 0018",),
    handles=(
        Handle(source_kind="twitter", handle="ann"),
        Handle(source_kind="mastodon", handle="ann@example.social"),
    ),
    segment="gold",
    consent={"marketing": True, "research": False},
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "customer_id,names,emails,phones,handles,segment,consent,updated_at,shoe size\n"
        "C-1,Ann Smith; A. Smith,ann@example.org,+44 20 7946 0018,twitter:ann;mastodon:ann@example.social,"
        "gold,marketing:yes;research:no,2026-01-02T00:00:00Z,38\n"
        "C-2,,,,,,,,\n"
    )
    assert list(read_customers(path)) == [ANN, Customer(customer_id="C-2")]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    rows = [json.loads(ANN.to_json()), {"id": 7, "name": "Bob", "phone": 4420}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(read_customers(path)) == [ANN, Customer(customer_id="7", names=("Bob",), phones=("4420",))]


def test_bad_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(
        b"customer_id,name,handles,updated_at\n,Bob,,\nC-3,Eve,eve,\nC-4,\xff,,\nC-5\nC-6,,,2026-01-01\nC-7,Zoe,,\n"
    )
    found = list(read_customers(path))
    bad = [row for row in found if isinstance(row, BadRow)]
    assert [row.origin for row in bad] == [f"{path}:{line}" for line in (2, 3, 4, 5, 6)]
    assert "kind:handle" in bad[1].detail
    assert found[-1] == Customer(customer_id="C-7", names=("Zoe",))


def test_a_file_without_customer_ids_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("names,emails\nAnn,\n")
    with pytest.raises(UsageError, match="no column customer_id; columns: names, emails"):
        list(read_customers(path))
