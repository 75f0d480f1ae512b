"""How the channels answer, those who were never answered included."""

from collections import defaultdict
from collections.abc import Sequence
from math import nan

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.public_private import Matters
from listener.reports.view import Row, answer, read, spread, three
from listener.reports.waits import (
    CENSORED,
    COMPETING,
    DELETED,
    ELSEWHERE,
    HAPPENED,
    Binned,
    binned,
    edges_of,
    together,
    waits_of,
)
from listener.statistics.answer_times import (
    SHARES_WITHIN_HOURS,
    answered_within,
    median_wait,
    never_answered,
    restricted_mean,
)
from listener.statistics.clustered import PartySums, design_effect
from listener.statistics.interval import Interval

HORIZON_HOURS = 168.0
"""Of mean waits: whoever has no answer within a week has waited a week."""
NOT_COMPARED = Interval(nan, nan, nan, "a public channel is not compared with public ones")
COLUMNS = (
    *("channel", "visibility", "cases", "parties", "answered", "never_answered", "closed", "deleted"),
    *("answered_elsewhere", *three("within_1h"), *three("within_24h"), *three("within_168h")),
    *(*three("never_answered_share"), *three("mean_hours"), *three("median_hours")),
    *(*three("resolved_within_168h"), *three("longer_than_public_hours"), *three("public_advantage_hours")),
)


def channels(client: Client, window: Window) -> Answer:
    """Time to the first answer by a person and to resolution, by the channel of the first contact that asked.

    From the view `channel_waits`, for ``since <= asked_at < until``. Shares and times are those of
    `listener.statistics.answer_times`: censored at the end of observation; closing without an answer, and deletion
    of the first contact, end a wait otherwise. mean_hours: restricted to a week. A median that is not reached
    is None. An answer counts for the channel that was asked, whichever it came by; answered_elsewhere counts
    those that came by another. never_answered counts those that wait today, some of them since an hour;
    never_answered_share is the share that no person answers within 30 days, or as long as it can be told. The
    intervals take the party as the unit: a customer with many cases makes them wider, by the design effect
    (`listener.statistics.clustered`).

    longer_than_public_hours: of a private channel, how many hours of a week somebody waits longer there than in
    public, within the same root cause and severity. public_advantage_hours: the same of all private channels
    together, a constant; the words tell it, too.
    """
    counted = read(client, "channel_waits", window)
    matters = [row for row in counted if row["of"] == "cases"]
    alike = {(row["channel"], row["visibility"]): row for row in counted if row["of"] == "parties"}
    answers, solutions = ([binned(row, event) for row in matters] for event in ("answer", "resolution"))
    edges = edges_of(answers + solutions)
    of_channel: dict[tuple[str, str], tuple[list[Binned], list[Binned]]] = defaultdict(lambda: ([], []))
    for row, answer_waits, solution_waits in zip(matters, answers, solutions, strict=True):
        of_channel[row["channel"], row["visibility"]][0].append(answer_waits)
        of_channel[row["channel"], row["visibility"]][1].append(solution_waits)
    whole = {key: (together(asked), together(solved)) for key, (asked, solved) in of_channel.items()}
    rows = [
        {"channel": key[0], "visibility": key[1], "parties": found["parties"]} | _counted(whole[key][0])
        for key, found in alike.items()
    ]
    rows.sort(key=lambda row: (row["visibility"], -row["cases"], row["channel"]))
    alike_matters = Matters.of(matters, answers, edges)
    overall_effect = _mean_effect(list(alike.values()))
    overall = alike_matters.advantage(HORIZON_HOURS, overall_effect)
    for row in rows:
        key = row["channel"], row["visibility"]
        waits, solved = (waits_of(part, edges) for part in whole[key])
        effects = [_share_effect(alike[key], place) for place in range(len(SHARES_WITHIN_HOURS))]
        for hours, effect in zip(SHARES_WITHIN_HOURS, effects, strict=True):
            row |= spread(f"within_{hours:g}h", answered_within(waits, hours, design_effect=effect))
        row |= spread(
            "mean_hours", restricted_mean(waits, HORIZON_HOURS, design_effect=_mean_effect([alike[key]]))
        )
        row |= spread("never_answered_share", never_answered(waits, design_effect=max(effects)))
        row |= spread("median_hours", median_wait(waits, design_effect=max(effects)))
        row |= spread(
            "resolved_within_168h", answered_within(solved, HORIZON_HOURS, design_effect=max(effects))
        )
        longer = NOT_COMPARED
        if row["visibility"] == "private":
            longer = alike_matters.advantage(HORIZON_HOURS, _mean_effect([alike[key]]), row["channel"])
        row |= spread("longer_than_public_hours", longer)
        row |= spread("public_advantage_hours", overall)
    return answer(COLUMNS, rows, alike_matters.words(overall, overall_effect))


def _counted(asked: Binned) -> Row:
    """Cases by how their wait ended."""
    of_end = [int(cases) for cases in asked.of_end]
    return {
        "cases": sum(of_end),
        "answered": of_end[HAPPENED] + of_end[ELSEWHERE],
        "never_answered": of_end[CENSORED],
        "closed": of_end[COMPETING],
        "deleted": of_end[DELETED],
        "answered_elsewhere": of_end[ELSEWHERE],
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
