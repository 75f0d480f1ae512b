"""Rows of `tickets`."""

from collections.abc import Sequence

from listener.domain.desk import Ticket
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    milliseconds,
    or_empty,
    published,
    told_and_withdrawn,
    values_of,
    versions,
)


def ticket_rows(records: Sequence[Record]) -> list[Rows]:
    """Which ticket a case has. A tombstone has no row: the topic forgets closed cases, ClickHouse does not."""
    told, _ = told_and_withdrawn(records)
    tickets = [Ticket.read(value) for value in values_of(told)]
    columns: Columns = {
        "case_id": [ticket.case_id for ticket in tickets],
        "desk": [ticket.desk for ticket in tickets],
        "ticket_id": [ticket.ticket_id for ticket in tickets],
        "case_version": [ticket.case_version for ticket in tickets],
        "url": or_empty(ticket.url for ticket in tickets),
        "updated_at": milliseconds([ticket.updated_at for ticket in tickets]),
        "version": versions(*published(told)),
    }
    return [Rows("tickets", columns)]
