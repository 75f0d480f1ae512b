"""How the channels answer, those who were never answered included."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isnan

from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
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
    Side,
    Waits,
    advantage,
    answered_within,
    median_wait,
    never_answered,
    restricted_mean,
    side_of,
)
from listener.statistics.clustered import PartySums, design_effect
from listener.statistics.interval import Floats, Interval
from listener.statistics.log_rank import log_rank

HORIZON_HOURS = 168.0
"""Of mean waits: whoever has no answer within a week has waited a week."""
NOT_COMPARED = Interval(float("nan"), float("nan"), float("nan"), "there is nothing to compare")
COLUMNS = (
    *("channel", "visibility", "cases", "parties", "answered", "never_answered", "closed", "deleted"),
    *("answered_elsewhere", *three("within_1h"), *three("within_24h"), *three("within_168h")),
    *(*three("never_answered_share"), *three("mean_hours"), *three("median_hours")),
    *(*three("resolved_within_168h"), *three("longer_than_public"), *three("public_advantage_hours")),
)


def channels(client: Client, window: Window) -> Answer:
    """Time to the first answer by a person and to resolution, by the channel of the first contact that asked.

    From the view `channel_waits`, for ``since <= asked_at < until``. Shares and times are those of
    `listener.statistics.answer_times`: censored at the end of observation; closing without an answer, and deletion
    of the first contact, end a wait otherwise. An answer counts for the channel that was asked, whichever it came
    by.

    - never_answered: cases still waiting when observation ended, however short the time that was
    - answered_elsewhere: answered by another channel than was asked
    - never_answered_share: of cases, those that no person answered as long as they could be observed: closed or
      deleted before an answer, or waiting to the end. It is one less the cumulative incidence of answers at the
      end of what can be spoken of, a week at least (`answer_times.never_answered`). So it is neither
      never_answered / cases, which counts those who asked yesterday and not the closed, nor within_168h turned
      round, which forgets late answers. None where nobody was observed for a week and some still wait
    - mean_hours: restricted to a week; median_hours: None where a half is not reached
    - longer_than_public: of a private channel, its restricted mean less that of all public channels, within the
      same root cause and severity (`answer_times.advantage`); None of public channels, and where nothing is alike
    - public_advantage_hours: the same of all private channels together, as the words tell it, on every row

    The intervals take the party as the unit: a customer with many cases makes them wider, by the design effect
    (`listener.statistics.clustered`). The view has no sums for that of never_answered_share, median_hours and
    resolved_within_168h: they take the largest of those of the three shares. longer_than_public takes that of the
    channel's mean for the channel, and that of the public channels' mean for these.

    The words compare public with private channels within the same root cause and severity.
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
    compared = _Compared(matters, answers, edges, alike)
    for row in rows:
        key = row["channel"], row["visibility"]
        waits, solved = (waits_of(part, edges) for part in whole[key])
        effects = [_share_effect(alike[key], place) for place in range(len(SHARES_WITHIN_HOURS))]
        largest = max(effects)
        for hours, effect in zip(SHARES_WITHIN_HOURS, effects, strict=True):
            row |= spread(f"within_{hours:g}h", answered_within(waits, hours, design_effect=effect))
        row |= spread("never_answered_share", never_answered(waits, HORIZON_HOURS, design_effect=largest))
        row |= spread(
            "mean_hours", restricted_mean(waits, HORIZON_HOURS, design_effect=_mean_effect([alike[key]]))
        )
        row |= spread("median_hours", median_wait(waits, design_effect=largest))
        row |= spread("resolved_within_168h", answered_within(solved, HORIZON_HOURS, design_effect=largest))
        row |= spread("longer_than_public", compared.longer(*key))
        row |= spread("public_advantage_hours", compared.advantage)
    return answer(COLUMNS, rows, compared.words)


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


class _Compared:
    """Public and private channels within the same root cause and severity.

    Attributes:
        advantage: hours that all private channels take longer; without bounds where nothing is alike.
        words: that, and whether it is more than chance.
    """

    def __init__(
        self,
        matters: Sequence[Row],
        answers: Sequence[Binned],
        edges: Floats,
        alike: Mapping[tuple[str, str], Row],
    ) -> None:
        self._alike = alike
        self._own: dict[str, dict[str, Waits]] = defaultdict(dict)
        parts: dict[str, dict[str, list[Binned]]] = {
            "public": defaultdict(list),
            "private": defaultdict(list),
        }
        for row, waits in zip(matters, answers, strict=True):
            if row["visibility"] in parts:
                matter = f"{row['root_cause']}{', severe' if row['severe'] else ''}"
                parts[row["visibility"]][matter].append(waits)
                if row["visibility"] == "private":
                    self._own[row["channel"]][matter] = waits_of(waits, edges)
        public, private = (
            {matter: waits_of(together(of), edges) for matter, of in parts[side].items()} for side in parts
        )
        self._public = side_of(public, HORIZON_HOURS)
        self.advantage = NOT_COMPARED
        if not public or not private:
            self.words = ["Public and private channels cannot be compared: one of the two had no case."]
            return
        longer = self._less_public(side_of(private, HORIZON_HOURS), self._effect("private"))
        self.advantage = _known(longer)
        nobody = waits_of(together([]), edges)
        test = log_rank(
            [
                _pair(public.get(name, nobody), private.get(name, nobody))
                for name in public.keys() | private.keys()
            ],
            design_effect=_mean_effect(list(alike.values())),
        )
        self.words = [
            f"Same cause and severity, {longer.words}.",
            f"Difference in the rate of answers: {test.words}.",
        ]

    def longer(self, channel: str, visibility: str) -> Interval:
        """Hours that a private channel takes longer than all public ones."""
        if visibility != "private":
            return NOT_COMPARED
        own = side_of(self._own[channel], HORIZON_HOURS)
        return _known(self._less_public(own, _mean_effect([self._alike[channel, visibility]])))

    def _less_public(self, private: Side, effect: float) -> Interval:
        return advantage(self._public, private, design_effects=(self._effect("public"), effect))

    def _effect(self, visibility: str) -> float:
        return _mean_effect([row for key, row in self._alike.items() if key[1] == visibility])


def _known(longer: Interval) -> Interval:
    """Without bounds where there is no figure: that it lies within a week is no news."""
    return NOT_COMPARED if isnan(longer.estimate) else longer


def _pair(one: Waits, other: Waits) -> tuple[Waits, Waits]:
    return one, other
