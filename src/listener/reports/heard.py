"""From when to when something was said to the company."""

from datetime import datetime

from clickhouse_driver import Client


def heard(client: Client) -> tuple[datetime, datetime] | None:
    """The first and the last time, as the sources tell it; None where nothing was said.

    The places of the rows alone are read, not the current state: what is deleted was said, too.
    """
    ((count, first, last),) = client.execute(
        "SELECT count(), min(occurred_at), max(occurred_at) FROM mentions WHERE direction = 'inbound'"
    )
    return (first, last) if count else None
