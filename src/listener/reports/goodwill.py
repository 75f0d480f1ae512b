"""What was given to make up for trouble."""

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read

COLUMNS = ("currency", "root_cause", "visibility", "gifts", "parties", "total", "middle", "largest")


def goodwill(client: Client, window: Window) -> Answer:
    """Gifts by currency, root cause and whether the case began in public, from the view `goodwill`.

    middle: the median gift. Currencies are never added up.
    """
    return answer(COLUMNS, read(client, "goodwill", window))
