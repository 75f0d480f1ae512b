"""Where contacts vanish."""

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read, spread, three
from listener.statistics.proportion import wilson

COLUMNS = (
    *("channel", "source", "queue", "owner", "contacts", "parties", "asked", *three("share")),
    *("open", "acknowledged", "chased", "oldest_open"),
)


def black_holes(client: Client, window: Window) -> Answer:
    """Contacts that nobody answered by target and grace, by where they came in, from the view `vanished`.

    asked: parties that wanted an answer by that channel in the window; share: parties / asked, with its Wilson
    interval. open: still unanswered; chased: somebody asked again meanwhile.
    """
    rows = read(client, "vanished", window)
    for row in rows:
        row |= spread("share", wilson(min(row["parties"], row["asked"]), row["asked"]))
        row["oldest_open"] = row["oldest_open"] if row["open"] else None
    return answer(COLUMNS, rows)
