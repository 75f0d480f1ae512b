"""Records into rows: one file a topic."""

from collections.abc import Callable, Sequence

from listener.domain import topics
from listener.kafka.record import Record
from sinks.clickhouse.rows.alerts import alert_rows
from sinks.clickhouse.rows.audit import audit_rows
from sinks.clickhouse.rows.cases import case_rows
from sinks.clickhouse.rows.customers import customer_rows
from sinks.clickhouse.rows.dead_letters import dead_letter_rows
from sinks.clickhouse.rows.fixes import fix_rows
from sinks.clickhouse.rows.mentions import mention_rows
from sinks.clickhouse.rows.outcomes import outcome_rows
from sinks.clickhouse.rows.parties import party_rows
from sinks.clickhouse.rows.responses import response_rows
from sinks.clickhouse.rows.row import Columns, Rows
from sinks.clickhouse.rows.tickets import ticket_rows

ROWS_OF: dict[str, Callable[[Sequence[Record]], list[Rows]]] = {
    topics.ENRICHED.name: mention_rows,
    topics.PARTY_EVENTS.name: response_rows,
    topics.TRIAGE.name: case_rows,
    topics.PARTIES.name: party_rows,
    topics.CUSTOMERS.name: customer_rows,
    topics.OUTCOMES.name: outcome_rows,
    topics.FIXES.name: fix_rows,
    topics.ALERTS.name: alert_rows,
    topics.TICKETS.name: ticket_rows,
    topics.AUDIT.name: audit_rows,
    topics.DEAD.name: dead_letter_rows,
}
"""Topic to what makes the rows of some of its records; each raises Rejected if one of them can have none."""

__all__ = ["ROWS_OF", "Columns", "Rows"]
