"""Rows of `outcomes`."""

from collections.abc import Sequence

from listener.domain.response import Outcome
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import Columns, Rows, milliseconds, published, values_of, versions


def outcome_rows(records: Sequence[Record]) -> list[Rows]:
    """What became of customers afterwards."""
    outcomes = [Outcome.read(value) for value in values_of(records)]
    columns: Columns = {
        "outcome_id": [outcome.outcome_id for outcome in outcomes],
        "customer_id": [outcome.customer_id for outcome in outcomes],
        "kind": [outcome.kind for outcome in outcomes],
        "value": [outcome.value for outcome in outcomes],
        "occurred_at": milliseconds([outcome.occurred_at for outcome in outcomes]),
        "version": versions(*published(records)),
    }
    return [Rows("outcomes", columns)]
