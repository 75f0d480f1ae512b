"""Rows of `alerts`."""

from collections.abc import Sequence

from listener.domain.governance import Alert
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import Columns, Rows, milliseconds, published, values_of, versions

_read = quick_batch_reader(Alert, Alert.read)


def alert_rows(records: Sequence[Record]) -> list[Rows]:
    """What a person should look at, or the news that it was withdrawn."""
    alerts = _read(values_of(records))
    columns: Columns = {
        "alert_id": [alert.alert_id for alert in alerts],
        "kind": [alert.kind for alert in alerts],
        "sign": [alert.sign or "" for alert in alerts],
        "subject": [alert.subject for alert in alerts],
        "due_at": milliseconds([alert.due_at for alert in alerts]),
        "text": [alert.text for alert in alerts],
        "examples": [alert.examples for alert in alerts],
        "withdrawn": [alert.withdrawn for alert in alerts],
        "severity": [alert.severity for alert in alerts],
        "version": versions(*published(records)),
    }
    return [Rows("alerts", columns)]
