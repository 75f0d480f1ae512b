"""What becomes of customers who are answered, and of those who are not."""

from collections import defaultdict

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.matched import Sums, matched_difference

LEAST_PEOPLE = 20
"""With fewer customers to compare nothing is said: the interval rests on the normal distribution."""
COLUMNS = (
    *("kind", "answered", "unanswered", "mean_answered", "mean_unanswered", *three("difference")),
    *("compared", "left_out"),
)


def outcomes(client: Client, window: Window) -> Answer:
    """Answered and unanswered customers compared, from the view `outcomes_by_answer`.

    Customers whose first case was opened in the window; answered by a person or not; what happened within 90 days
    after it: mean CSAT, share who bought again, share who left. difference: answered less unanswered among
    customers of the same root cause, severity and segment (`listener.statistics.matched`). Whoever is answered may
    differ in other ways, so it is an association.
    """
    groups: dict[str, dict[bool, list[Row]]] = defaultdict(lambda: {True: [], False: []})
    for row in read(client, "outcomes_by_answer", window):
        groups[row["kind"]][bool(row["answered"])].append(row)
    rows, words = [], []
    for kind, sides in groups.items():
        strata = sorted({_stratum(row) for side in sides.values() for row in side})
        answered, unanswered = _sums(sides[True], strata), _sums(sides[False], strata)
        found = matched_difference(answered, unanswered, figure=f"{kind}, answered less unanswered")
        row = {"kind": kind, "compared": found.people, "left_out": found.left_out}
        for name, sums in (("answered", answered), ("unanswered", unanswered)):
            people = int(sums.people.sum())
            row |= {name: people, f"mean_{name}": sums.total.sum() / people if people else None}
        if found.people < LEAST_PEOPLE:
            rows.append(row | dict.fromkeys(three("difference")))
            words.append(f"{kind}: {found.people} alike customers are too few to compare.")
            continue
        rows.append(row | spread("difference", found.difference))
        words.append(f"{found.words}.")
    return answer(COLUMNS, rows, words)


def _stratum(row: Row) -> tuple[str, bool, str]:
    return row["root_cause"], bool(row["severe"]), row["segment"]


def _sums(rows: list[Row], strata: list[tuple[str, bool, str]]) -> Sums:
    people = np.zeros(len(strata), dtype=np.int64)
    total, squares = np.zeros(len(strata)), np.zeros(len(strata))
    for row in rows:
        place = strata.index(_stratum(row))
        people[place] += row["people"]
        total[place] += row["total"]
        squares[place] += row["squares"]
    return Sums(people, total, squares)
