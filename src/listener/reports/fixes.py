"""Whether declared fixes reduced what they were to reduce."""

from collections import Counter
from datetime import UTC, date, timedelta
from typing import Any

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.fixes import FixSeries, fix_effect
from listener.statistics.interval import Floats
from listener.statistics.reporting_delay import heard_share

COLUMNS = (
    *("fix_id", "root_cause", "effective_at", "verdict", *three("ratio"), "events_before", "events_after"),
    *three("drift"),
)
MAX_DELAY_DAYS = 60
_EPOCH = date(1970, 1, 1)


def fixes(client: Client, window: Window) -> Answer:
    """Each declared fix with its verdict: reduced, not shown, or worse.

    From the views `current_fixes`, `cause_days`, `hearing_delays` and `observed`. The unit is the party on a day.
    The other causes, without those that a fix is declared for and without unknown ones, are the control; what
    may still be heard of the last days until which it was listened live is made up for; see
    `listener.statistics.fixes`. Imports come whole: for days after these nothing is made up, but an import
    of these days themselves is taken for heard live. The window bounds the days that are looked at.
    ratio: rate after / rate before; its interval leaves out 5 % on each side.
    """
    declared = client.execute(
        "SELECT fix_id, root_cause, effective_at FROM current_fixes ORDER BY effective_at, fix_id"
    )
    if not declared:
        return answer(COLUMNS, [])
    counted = read(client, "cause_days", window)
    delays = read(client, "hearing_delays", window)
    [(listened,)] = client.execute("SELECT toDate32(live_until) FROM observed")
    touched = {cause for _, cause, _ in declared} | {"unknown"}
    ours: dict[str, Counter[int]] = {cause: Counter() for cause in touched}
    controls: Counter[int] = Counter()
    for count in counted:
        found = ours.get(count["cause"], controls)
        found[_number(count["day"])] += count["parties"]
    numbers = sorted({_number(row["day"]) for row in counted})
    rows: list[Row] = []
    words = []
    for fix_id, cause, effective_at in declared:
        row: Row = {"fix_id": fix_id, "root_cause": cause, "effective_at": effective_at}
        if not numbers:
            continue
        days = np.arange(numbers[0], numbers[-1] + 1)
        effect = fix_effect(
            FixSeries(
                days,
                _counts(ours[cause], days),
                np.ones(len(days)),
                _number(effective_at.astimezone(UTC).date()),
                _counts(controls, days),
                heard := _heard(delays, days, _number(listened)),
                heard,
            )
        )
        row |= {"verdict": effect.verdict, "events_before": effect.events_before}
        row |= {"events_after": effect.events_after} | spread("ratio", effect.ratio)
        rows.append(row | spread("drift", effect.drift))
        words.append(f"{cause} ({fix_id}): {effect.words}")
    return answer(COLUMNS, rows, words)


def _counts(counted: Counter[int], days: Any) -> Any:
    return np.array([counted[day] for day in days.tolist()], dtype=np.int64)


def _heard(delays: list[Row], days: Any, listened: int) -> Floats:
    """How much of each day has arrived by the last day of listening; what was said later was imported whole."""
    table = np.zeros((MAX_DELAY_DAYS + 1, MAX_DELAY_DAYS + 1), dtype=np.int64)
    for row in delays:
        age = listened - _number(row["day"])
        if age >= 0:
            table[min(age, MAX_DELAY_DAYS), min(row["days_later"], MAX_DELAY_DAYS)] += row["contacts"]
    ages = listened - days
    return np.where(ages < 0, 1.0, heard_share(table, np.maximum(ages, 0)))


def _number(day: date) -> int:
    return (day - _EPOCH) // timedelta(days=1)
