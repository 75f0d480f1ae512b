"""Is the company training its customers to go public?"""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import date
from math import nan

import numpy as np
from clickhouse_driver import Client

from listener.domain.mention import Channel
from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.clustered import PartySums, clustered_difference, clustered_share
from listener.statistics.interval import Interval
from listener.statistics.workload import ChannelLoad, forecast_hours

HANDLING_MINUTES = 8.0
"""A person's time for a contact where nobody has set it; no source tells it."""
MAX_WEEKS = 12
PUBLIC = ("social", "forum", "review")
COLUMNS = (
    *("channel", "answered", "came_back", *three("came_back_share"), "came_back_same"),
    *(*three("came_back_same_share"), "came_back_public"),
    *("contacts_a_week", *three("hours_a_week"), *three("hours_a_week_shifted")),
)
NOT_KNOWN = Interval(nan, nan, nan, "not known")
NOBODY_ANSWERED: Row = (
    dict.fromkeys(("answered", "came_back", "came_back_same", "came_back_public"), 0)
    | spread("came_back_share", NOT_KNOWN)
    | spread("came_back_same_share", NOT_KNOWN)
)

CAME_BACK = ("parties", "cases", "came_back", "cases_squared", "came_back_squared", "cases_came_back")
CAME_BACK_SAME = (
    *("parties_back", "came_back", "came_back_same", "came_back_squared", "came_back_same_squared"),
    "came_back_crossed_same",
)
CAME_BACK_PUBLIC = (
    *("parties_back", "came_back", "came_back_public", "came_back_squared", "came_back_public_squared"),
    "came_back_crossed_public",
)
"""Columns of `what_we_teach_by_party` in the order of `PartySums`."""


def what_we_teach(
    client: Client, window: Window, handling_minutes: Mapping[Channel, float] | None = None
) -> Answer:
    """Where customers go after an answer, and the work that each channel brings, by channel; from the views
    `what_we_teach_by_party` and `contacts_by_week`.

    answered: cases that a person answered by this channel; came_back: of these, whose party asked about something
    again in the window, in a new case; came_back_same: by the channel that had answered. The intervals take the
    party as the unit: see `listener.statistics.clustered`.

    contacts_a_week: those that want an answer and came by this channel, in the mean of the last `MAX_WEEKS` whole
    weeks; hours_a_week: the work of the next week, with a prediction interval; hours_a_week_shifted: the same if
    all came by the channels by which those come back who have been answered before: see
    `listener.statistics.workload`. None with fewer than two whole weeks, and the last where nobody came back.

    The words compare those whom a public channel answered with the others, and add the hours up.

    Args:
        handling_minutes: a person's time for a contact, by channel; `HANDLING_MINUTES` where none is named.
    """
    rows = read(client, "what_we_teach_by_party", window)
    returns: Counter[str] = Counter()
    for row in rows:
        returns.update(row["next_channels"])
        row["answered"] = row["cases"]
        row |= spread("came_back_share", clustered_share(_sums([row], *CAME_BACK)))
        row |= spread("came_back_same_share", clustered_share(_sums([row], *CAME_BACK_SAME)))
    answered = {row["answered_by"]: row for row in rows}
    loads = _loads(client, window, handling_minutes or {})
    shifted_mix = _mix(returns, loads)
    today = forecast_hours(loads) if loads else {}
    shifted = forecast_hours(loads, shifted_mix) if shifted_mix else {}
    told = [
        NOBODY_ANSWERED
        | answered.get(channel, {})
        | {"channel": channel}
        | {"contacts_a_week": float(loads[channel].weekly.mean()) if channel in loads else None}
        | spread("hours_a_week", today.get(channel, NOT_KNOWN))
        | spread("hours_a_week_shifted", shifted.get(channel, NOT_KNOWN))
        for channel in answered.keys() | loads.keys()
    ]
    told.sort(key=lambda row: (-row["answered"], row["channel"]))
    return answer(COLUMNS, told, [*_habit(rows), *_work(loads, today, shifted)])


def _sums(rows: Sequence[Row], *names: str) -> PartySums:
    """Of these channels together; parties that were answered by several count in each."""
    return PartySums(*(sum(row[name] for row in rows) for name in names))


def _habit(rows: Sequence[Row]) -> list[str]:
    first, second = (
        _sums([row for row in rows if (row["answered_by"] in PUBLIC) == public], *CAME_BACK_PUBLIC)
        for public in (True, False)
    )
    if not first.n or not second.n:
        return []
    found = clustered_difference(first, second)
    words = (
        f"Of those who came back, {first.k / first.n:.0%} went public after a public answer and "
        f"{second.k / second.n:.0%} after a private one: a difference of {found.words}. "
        "It is an association, not a proven cause."
    )
    return [words]


def _loads(client: Client, window: Window, minutes: Mapping[Channel, float]) -> dict[str, ChannelLoad]:
    """What came in the last whole weeks, by channel; nothing where these are too few."""
    weekly: dict[Channel, Counter[date]] = defaultdict(Counter)
    for row in read(client, "contacts_by_week", window):
        weekly[row["channel"]][row["week"]] += row["contacts"]
    # the first and the last week are seldom whole
    weeks = sorted({week for counts in weekly.values() for week in counts})[1:-1][-MAX_WEEKS:]
    if len(weeks) < 2:
        return {}
    return {
        channel: ChannelLoad(
            np.array([counts[week] for week in weeks], dtype=np.int64), minutes.get(channel, HANDLING_MINUTES)
        )
        for channel, counts in weekly.items()
    }


def _mix(returns: Counter[str], loads: Container[str]) -> dict[str, float]:
    """By which channels customers come back, as shares."""
    known = {name: count for name, count in returns.items() if name in loads}
    return {name: count / sum(known.values()) for name, count in known.items()}


def _work(
    loads: Mapping[str, ChannelLoad], today: Mapping[str, Interval], shifted: Mapping[str, Interval]
) -> list[str]:
    if not loads:
        return []
    minutes = {load.handling_minutes for load in loads.values()}
    each = (
        f"{minutes.pop():g} minutes for each contact" if len(minutes) == 1 else "the minutes set by channel"
    )
    told = [f"Work with {each}, all channels: {today['all'].words}."]
    if shifted:
        now, then = (
            sum(hours[name].estimate for name in loads if name in PUBLIC) for hours in (today, shifted)
        )
        told.append(
            f"If all came by the channels by which customers come back, it would be {shifted['all'].words}, and "
            f"public channels would have {then:.1f} h instead of {now:.1f} h."
        )
    return told
