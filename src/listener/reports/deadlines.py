"""Deadlines: kept, missed, running out; the company's own and regulators'."""

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.clustered import PartySums, clustered_share
from listener.statistics.proportion import wilson

COLUMNS = (
    *("family", "jurisdiction", "kind", "channel", "source", "deadlines", "met", "breached", "running"),
    *(
        "running_out",
        "withdrawn",
        *three("met_share"),
        "parties",
        "parties_breached",
        *three("breached_share"),
    ),
)


def deadlines(client: Client, window: Window) -> Answer:
    """Deadlines of the cases opened in the window, from the view `deadlines`.

    met_share: of the deadlines that are decided, with an interval over parties (`listener.statistics.clustered`);
    breached_share: of the parties with a decided one those with a missed one, with its Wilson interval, so that a
    customer with many deadlines weighs as much as another. A case shows its first attempt, its last nine and ten
    late ones before these: of a longer one deadlines that were met in between are not counted.
    """
    rows = read(client, "deadlines", window)
    for row in rows:
        row |= spread("met_share", clustered_share(_sums(row)))
        row |= spread("breached_share", wilson(row["parties_breached"], row["parties"]))
    return answer(COLUMNS, rows)


def _sums(row: Row) -> PartySums:
    names = ("parties", "decided", "met", "decided_squared", "met_squared", "decided_met")
    return PartySums(*(row[name] for name in names))
