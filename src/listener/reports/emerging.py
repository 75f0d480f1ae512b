"""What customers complain of that no root cause explains."""

from clickhouse_driver import Client

from listener.reports.answer import Window
from listener.reports.view import read
from listener.statistics.emerging import Complaint, EmergingMatter, emerging_matters


def emerging(client: Client, window: Window, least_parties: int) -> tuple[EmergingMatter, ...]:
    """Groups of unexplained complaints said in the window, from the view `unexplained`; the largest first.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    complaints = [
        Complaint(row["mention_id"], row["party"], row["text"]) for row in read(client, "unexplained", window)
    ]
    return emerging_matters(complaints, least_parties=least_parties)
