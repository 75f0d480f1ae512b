"""Root causes week by week."""

from dataclasses import dataclass
from datetime import date

from clickhouse_driver import Client

from listener.reports.answer import Window
from listener.reports.view import read


@dataclass(frozen=True)
class CauseWeek:
    """Distinct parties with a root cause in the week that begins on this Monday, UTC."""

    cause: str
    begins: date
    parties: int


def cause_weeks(client: Client, window: Window) -> list[CauseWeek]:
    """From the view `root_causes_by_week`; a week in which nobody raised a cause has no entry."""
    return [
        CauseWeek(row["cause"], row["week"], row["parties"])
        for row in read(client, "root_causes_by_week", window)
    ]
