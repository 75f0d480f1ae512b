"""Rows of `audit`."""

from collections.abc import Sequence

from listener.domain.governance import AuditEntry
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import Columns, Rows, milliseconds, published, values_of, versions


def audit_rows(records: Sequence[Record]) -> list[Rows]:
    """Who did what to which id."""
    entries = [AuditEntry.read(value) for value in values_of(records)]
    columns: Columns = {
        "entry_id": [entry.entry_id for entry in entries],
        "actor": [entry.actor for entry in entries],
        "action": [entry.action for entry in entries],
        "subject": [entry.subject for entry in entries],
        "at": milliseconds([entry.at for entry in entries]),
        "detail": [entry.detail for entry in entries],
        "version": versions(*published(records)),
    }
    return [Rows("audit", columns)]
