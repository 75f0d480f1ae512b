"""What becomes of customers who are answered, and of those who are not."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.interrupted import incident_effect
from listener.statistics.interval import Floats
from listener.statistics.matched import Sums, matched_difference

LEAST_PEOPLE = 20
"""With fewer customers to compare nothing is said: the interval takes their means for normally distributed."""
COLUMNS = (
    *("kind", "answered", "unanswered", "mean_answered", "mean_unanswered", *three("difference")),
    *("compared", "left_out"),
)
INCIDENT_COLUMNS = (
    *("figure", "days_before", "days_after", "mean_before", "mean_after", *three("change"), "verdict"),
)
_EPOCH = date(1970, 1, 1).toordinal()


def outcomes(client: Client, window: Window, incident: date | None = None) -> Answer:
    """Answered and unanswered customers compared, from the view `outcomes_by_answer`.

    Customers whose first case was opened in the window; answered by a person or not; what happened within 90 days
    after it: mean CSAT, share who bought again, share who left. difference: answered less unanswered among
    customers of the same root cause, severity and segment (`listener.statistics.matched`). Whoever is answered may
    differ in other ways, so it is an association.

    Args:
        incident: first day after a public incident, such as a post that everybody saw. Then the question is
            another: by how much repeat purchases a day, and what was spent on them, changed from that day on
            against what weekday and trend led to expect (`listener.statistics.interrupted`), over all customers,
            from the view `sales_by_day` for the days of the window. "no effect shown" is an answer.
    """
    if incident is not None:
        return _after(client, window, incident)
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


def _after(client: Client, window: Window, incident: date) -> Answer:
    counted = {row["day"]: row for row in read(client, "sales_by_day", window)}
    if not counted:
        return answer(INCIDENT_COLUMNS, [])
    first, last = min(counted), max(counted)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    numbers = np.array([day.toordinal() - _EPOCH for day in days], dtype=np.int64)
    later = numbers >= incident.toordinal() - _EPOCH
    rows, words = [], []
    for figure in ("purchases", "amount"):
        sales = np.array([counted[day][figure] if day in counted else 0 for day in days], dtype=np.float64)
        effect = incident_effect(numbers, sales, incident.toordinal() - _EPOCH)
        row: Row = {"figure": figure, "verdict": effect.verdict} | spread("change", effect.level)
        row |= {"days_before": int((~later).sum()), "days_after": int(later.sum())}
        row |= {"mean_before": _mean(sales[~later]), "mean_after": _mean(sales[later])}
        rows.append(row)
        words.append(f"{figure} from {incident} on: {effect.words}.")
    return answer(INCIDENT_COLUMNS, rows, words)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None


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
