"""What reaches the executives, and what it costs."""

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read

MINUTES_PER_ANSWER = 30.0
"""Of an executive's time; no source tells it."""
COLUMNS = (
    *("root_cause", "owner", "cases", "parties", "answers", "hours", "addressed_to_them", "failed_contacts"),
)


def executives(client: Client, window: Window) -> Answer:
    """The executives' load by root cause, from the view `executives`.

    cases: addressed to them, come up to them, or answered by one; hours: answers of `MINUTES_PER_ANSWER` each.
    """
    rows = read(client, "executives", window)
    for row in rows:
        row["hours"] = row["answers"] * MINUTES_PER_ANSWER / 60
    hours = sum(row["hours"] for row in rows)
    words = [f"{hours:.1f} hours, taking {MINUTES_PER_ANSWER:g} minutes for each of their answers."]
    return answer(COLUMNS, rows, words if rows else [])
