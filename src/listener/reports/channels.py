"""How the channels answer, those who were never answered included."""

from collections import defaultdict
from collections.abc import Sequence

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.reports.waits import edges_of, waits_of
from listener.statistics.answer_times import (
    SHARES_WITHIN_HOURS,
    Waits,
    advantage,
    answered_within,
    median_wait,
    restricted_mean,
)
from listener.statistics.clustered import PartySums, design_effect
from listener.statistics.interval import Floats
from listener.statistics.log_rank import log_rank

HORIZON_HOURS = 168.0
"""Of mean waits: whoever has no answer within a week has waited a week."""
COLUMNS = (
    *("channel", "visibility", "cases", "parties", "answered", "never_answered", "closed", "deleted"),
    *("answered_elsewhere", *three("within_1h"), *three("within_24h"), *three("within_168h")),
    *(*three("mean_hours"), *three("median_hours"), *three("resolved_within_168h")),
)


def channels(client: Client, window: Window) -> Answer:
    """Time to the first answer by a person and to resolution, by the channel of the first contact that asked.

    From the view `waits_in_bins`, which has the figures of the view `channels` too, for
    ``since <= asked_at < until``. Shares and times are those of
    `listener.statistics.answer_times`: censored at the end of observation; closing without an answer, and deletion
    of the first contact, end a wait otherwise. mean_hours: restricted to a week. A median that is not reached
    is None. An answer counts for the channel that was asked, whichever it came by; answered_elsewhere counts
    those that came by another. The intervals take the party as the unit: a customer with many cases makes them
    wider, by the design effect that the view `channels_by_party` tells (`listener.statistics.clustered`).

    The words compare public with private channels within the same root cause and severity.
    """
    bins = read(client, "waits_in_bins", window)
    edges = edges_of(bins)
    of_channel: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in bins:
        of_channel[row["event"], row["channel"], row["visibility"]].append(row)
    alike = {(row["channel"], row["visibility"]): row for row in read(client, "channels_by_party", window)}
    rows = [
        {"channel": key[0], "visibility": key[1], "parties": found["parties"]}
        | _counted(of_channel["answer", *key])
        for key, found in alike.items()
    ]
    rows.sort(key=lambda row: (row["visibility"], -row["cases"], row["channel"]))
    for row in rows:
        key = row["channel"], row["visibility"]
        waits = waits_of(of_channel["answer", *key], edges)
        effects = [_share_effect(alike[key], place) for place in range(len(SHARES_WITHIN_HOURS))]
        for hours, effect in zip(SHARES_WITHIN_HOURS, effects, strict=True):
            row |= spread(f"within_{hours:g}h", answered_within(waits, hours, design_effect=effect))
        row |= spread(
            "mean_hours", restricted_mean(waits, HORIZON_HOURS, design_effect=_mean_effect([alike[key]]))
        )
        row |= spread("median_hours", median_wait(waits, design_effect=max(effects)))
        solved = waits_of(of_channel["resolution", *key], edges)
        row |= spread(
            "resolved_within_168h", answered_within(solved, HORIZON_HOURS, design_effect=max(effects))
        )
    answers = [row for row in bins if row["event"] == "answer"]
    return answer(COLUMNS, rows, _compared(answers, edges, _mean_effect(list(alike.values()))))


def _counted(bins: Sequence[Row]) -> Row:
    """Cases by how their wait ended."""
    names = ("happened", "competing", "censored", "deleted", "elsewhere")
    answered, competing, waiting, deleted, elsewhere = (sum(row[name] for row in bins) for name in names)
    return {
        "cases": answered + competing + waiting,
        "answered": answered,
        "never_answered": waiting,
        "closed": competing - deleted,
        "deleted": deleted,
        "answered_elsewhere": elsewhere,
    }


def _share_effect(row: Row, place: int) -> float:
    """How many times the variance of a share is that of independent cases."""
    sums = PartySums(
        row["parties"],
        row["cases"],
        row["with_it"][place],
        row["cases_squared"],
        row["with_it_squared"][place],
        row["crossed"][place],
    )
    share = sums.k / sums.n
    return design_effect(sums.variance(), share * (1 - share) / sums.n, sums)


def _mean_effect(rows: Sequence[Row]) -> float:
    """The same of mean waits, of these channels together; parties that asked by several count in each."""
    if not rows:
        return 1.0
    names = ("parties", "cases", "hours", "cases_squared", "hours_of_parties_squared", "hours_crossed")
    sums = PartySums(*(sum(row[name] for row in rows) for name in names))
    spread_of_cases = sum(row["hours_squared"] for row in rows) / sums.n - (sums.k / sums.n) ** 2
    return design_effect(sums.variance(), max(spread_of_cases, 0.0) / sums.n, sums)


def _compared(bins: Sequence[Row], edges: Floats, effect: float) -> list[str]:
    strata: dict[str, dict[str, list[Row]]] = {"public": defaultdict(list), "private": defaultdict(list)}
    for row in bins:
        if row["visibility"] in strata:
            matter = f"{row['root_cause']}{', severe' if row['severe'] else ''}"
            strata[row["visibility"]][matter].append(row)
    public, private = (
        {matter: waits_of(rows, edges) for matter, rows in strata[side].items()} for side in strata
    )
    if not public or not private:
        return ["Public and private channels cannot be compared: one of the two had no case."]
    longer = advantage(public, private, HORIZON_HOURS, design_effect=effect)
    nobody = waits_of([], edges)
    test = log_rank(
        [
            _pair(public.get(name, nobody), private.get(name, nobody))
            for name in public.keys() | private.keys()
        ],
        design_effect=effect,
    )
    return [
        f"Same cause and severity, {longer.words}.",
        f"Difference in the rate of answers: {test.words}.",
    ]


def _pair(one: Waits, other: Waits) -> tuple[Waits, Waits]:
    return one, other
