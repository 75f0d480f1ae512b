"""Rows of people who were erased: what is read again from the topics does not bring them back."""

from collections.abc import Callable, Sequence
from typing import Any

from listener.domain.erasure import Erasures, SubjectKind
from sinks.clickhouse.rows.row import Columns

AUDIT = "audit"
NOBODY = "erased"
"""Stands in the audit for whom something was done to."""
_TIMESTAMP_BITS = 64
Gone = Callable[[Erasures, Columns, int], bool]


def without_erased(table: str, columns: Columns, erasures: Erasures) -> Columns:
    """The rows of a part that may be stored; the audit keeps its rows, without whom they are about."""
    if not len(erasures):
        return columns
    if table == AUDIT:
        return _audit(columns, erasures)
    gone = _GONE.get(table)
    if gone is None:
        return columns
    stay = [row for row in range(len(columns["version"])) if not gone(erasures, columns, row)]
    if len(stay) == len(columns["version"]):
        return columns
    return {name: [values[row] for row in stay] for name, values in columns.items()}


def _said(kind: SubjectKind, name: str, *times: str) -> Gone:
    """Rows about one person, at the earliest of some times."""

    def gone(erasures: Erasures, columns: Columns, row: int) -> bool:
        known = [at for at in (columns[time][row] for time in times) if at is not None]
        return erasures.covers(kind, columns[name][row], min(known, default=None))

    return gone


def _case(erasures: Erasures, columns: Columns, row: int) -> bool:
    """Of an erased anchor all of the time before; of others who speak in it the snapshots from before."""
    anchor_author = columns["anchor_author"][row]
    if columns["case_version"][row] >> 32 < erasures.first_epoch(anchor_author):
        return True
    published_ms = columns["version"][row] & ((1 << _TIMESTAMP_BITS) - 1)
    authors: Sequence[str] = columns["authors"][row]
    return any(a != anchor_author and erasures.covers("author", a, published_ms) for a in authors)


def _party(erasures: Erasures, columns: Columns, row: int) -> bool:
    return bool(columns["epoch"][row] < erasures.first_epoch(columns["author"][row])) and (
        erasures.erased_ms("author", columns["author"][row]) is not None
    )


def _audit(columns: Columns, erasures: Erasures) -> Columns:
    changed: dict[str, list[Any]] = {name: list(values) for name, values in columns.items()}
    for row, subject in enumerate(columns["subject"]):
        names = [subject, *columns["detail"][row].values()]
        if any(
            erasures.covers(kind, name, columns["at"][row])
            for kind in ("author", "customer")
            for name in names
        ):
            changed["subject"][row], changed["detail"][row] = NOBODY, {}
    return changed


_GONE: dict[str, Gone] = {
    "mentions": _said("author", "history_author", "occurred_at", "received_at"),
    "mention_tombstones": _said("author", "author", "received_at"),
    "responses": _said("author", "author", "occurred_at", "received_at"),
    "black_holes": _said("author", "author", "since"),
    "cases": _case,
    "parties": _party,
    "customers": _said("customer", "customer_id", "updated_at"),
    "outcomes": _said("customer", "customer_id", "occurred_at"),
}
