"""How many have an answer after how long, as curves."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Window
from listener.reports.channels import HORIZON_HOURS
from listener.reports.view import Row, read
from listener.reports.waits import Binned, binned_rows, edges_of, waits_of
from listener.statistics.answer_times import incidence

MOST_POINTS = 160


@dataclass(frozen=True)
class Curve:
    """The cumulative incidence of first answers by a person, of those who asked by one channel.

    Attributes:
        cases: how many asked.
        hours, shares: after so many hours so many had an answer; within a week, and where some still wait no
            longer than somebody was under observation.
    """

    channel: str
    visibility: str
    cases: int
    hours: tuple[float, ...]
    shares: tuple[float, ...]


def answer_curves(client: Client, window: Window) -> list[Curve]:
    """The curves of which the report `channels` gives points: see `listener.statistics.answer_times.incidence`.

    From the view `waits_in_bins`, for ``since <= asked_at < until``. Each curve has the points at 1, 24 and 168
    hours, and at most `MOST_POINTS`.
    """
    bins = [row for row in read(client, "waits_in_bins", window) if row["event"] == "answer"]
    of_channel: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in bins:
        of_channel[row["channel"], row["visibility"]].append(row)
    binned = {key: binned_rows(rows) for key, rows in sorted(of_channel.items())}
    edges = edges_of(list(binned.values()))
    return [_curve(*key, waits, edges) for key, waits in binned.items()]


def _curve(channel: str, visibility: str, binned: Binned, edges: np.ndarray) -> Curve:
    waits = waits_of(binned, edges)
    found = incidence(waits)
    nobody_waits = found.answered[-1] + found.competing[-1] >= 1 - 1e-12
    until = HORIZON_HOURS if nobody_waits else min(HORIZON_HOURS, found.reach_hours)
    asked = np.unique(
        np.concatenate([np.geomspace(1 / 60, HORIZON_HOURS, MOST_POINTS - 3), [1.0, 24.0, 168.0]])
    )
    asked = asked[asked <= until * (1 + 1e-9)]
    places = np.searchsorted(found.hours, asked * (1 + 1e-9), side="right") - 1
    shares = np.where(places >= 0, found.answered[places], 0.0)
    return Curve(channel, visibility, waits.total, tuple(asked.tolist()), tuple(shares.tolist()))
