"""How far people had to go until somebody acted."""

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read, spread, three
from listener.statistics.proportion import wilson

COLUMNS = (
    *("root_cause", "cases", "parties", "parties_failed", "parties_failed_twice", "parties_went_public"),
    *(*three("went_public_share"), "cases_went_public", "private_attempts", "most_failed"),
    "parties_at_executives",
)


def escalations(client: Client, window: Window) -> Answer:
    """Cases that began in private and where they went, by root cause, from the view `escalations`.

    went_public: after a private contact that the company failed; its share is of all parties that began in
    private, with its Wilson interval. private_attempts: in the mean, before those went public.
    """
    rows = read(client, "escalations", window)
    for row in rows:
        row |= spread("went_public_share", wilson(row["parties_went_public"], row["parties"]))
    return answer(COLUMNS, rows)
