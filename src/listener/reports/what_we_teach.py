"""Is the company training its customers to go public?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.clustered import PartySums, clustered_difference, clustered_share
from listener.statistics.interval import Interval
from listener.statistics.workload import ChannelLoad, forecast_hours

HANDLING_MINUTES: Mapping[str, float] = MappingProxyType({"default": 8.0})
"""A person's time for a contact, by channel; under ``default`` that of all others. No source tells it."""
MAX_WEEKS = 12
PUBLIC = ("social", "forum", "review")
COLUMNS = (
    *("channel", "answered", "came_back", *three("came_back_share"), "came_back_same"),
    *(*three("came_back_same_share"), "came_back_public"),
    *("contacts_a_week", *three("hours_a_week"), *three("hours_a_week_shifted")),
)
NOT_KNOWN = Interval(float("nan"), float("nan"), float("nan"), "nothing is known of it")

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
    client: Client, window: Window, handling_minutes: Mapping[str, float] = HANDLING_MINUTES
) -> Answer:
    """Where customers go after an answer, by the channel of that answer, and the work that each channel brings.

    A row for every channel that received a contact or answered one, from the views `what_we_teach_by_party` and
    `contacts_by_week`.

    - answered: cases that a person answered by this channel; came_back: of these, whose party asked about
      something again in the window, in a new case; came_back_same: by the channel that had answered;
      came_back_public: by a public one. The intervals take the party as the unit: see
      `listener.statistics.clustered`. The shares are None where the channel answered nobody
    - contacts_a_week: contacts that want an answer, in the mean of the last whole weeks of the window, `MAX_WEEKS`
      at most: the first and the last in which anything was heard are left out
    - hours_a_week: a person's work that next week brings, in the mean; the interval is one of prediction, within
      which 95 of 100 such weeks lie: see `listener.statistics.workload.forecast_hours`
    - hours_a_week_shifted: the same if all contacts came by the channels by which those come back who have been
      answered before

    Contacts and hours are None with fewer than two whole weeks, the last also where nobody came back.

    The words compare those whom a public channel answered with the others, and say how many hours of work a week
    brings in all, and what public channels would have then.

    Args:
        handling_minutes: a person's time for a contact by channel; under ``default`` that of all others.
    """
    by_party = {row["answered_by"]: row for row in read(client, "what_we_teach_by_party", window)}
    weekly: dict[str, Counter[object]] = defaultdict(Counter)
    for row in read(client, "contacts_by_week", window):
        weekly[row["channel"]][row["week"]] += row["contacts"]
    returns: Counter[str] = Counter()
    for row in by_party.values():
        returns.update(row["next_channels"])
    load = _load(weekly, {*by_party, *weekly, *returns}, returns, handling_minutes)
    rows: list[Row] = [
        {"channel": channel} | _returned(by_party.get(channel)) | forecast
        for channel, forecast in load.of_channel.items()
    ]
    rows.sort(key=lambda row: (-row["answered"], -sum(weekly[row["channel"]].values()), row["channel"]))
    return answer(COLUMNS, rows, [*_habit(list(by_party.values())), *load.words])


def _returned(row: Row | None) -> Row:
    """What became of those whom a channel answered; None where it answered nobody."""
    names = ("came_back", "came_back_same", "came_back_public")
    if row is None:
        shares = spread("came_back_share", NOT_KNOWN) | spread("came_back_same_share", NOT_KNOWN)
        return {"answered": 0} | dict.fromkeys(names, 0) | shares
    return (
        {"answered": row["cases"]}
        | {name: row[name] for name in names}
        | spread("came_back_share", clustered_share(_sums([row], *CAME_BACK)))
        | spread("came_back_same_share", clustered_share(_sums([row], *CAME_BACK_SAME)))
    )


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


@dataclass(frozen=True)
class _Load:
    """The work that each channel brings, as columns of its row, and what is to be said of all of them."""

    of_channel: Mapping[str, Row]
    words: Sequence[str] = ()


def _load(
    weekly: Mapping[str, Counter[object]],
    channels: Iterable[str],
    back: Mapping[str, int],
    minutes: Mapping[str, float],
) -> _Load:
    """The forecast for these channels.

    Args:
        weekly: contacts by channel and week.
        back: cases of those who came back, by the channel that they came by.
        minutes: by channel, and by default, for one contact.
    """
    unknown = {"contacts_a_week": None} | spread("hours_a_week", NOT_KNOWN)
    unknown |= spread("hours_a_week_shifted", NOT_KNOWN)
    names = sorted(channels)
    # the first and the last week are seldom whole
    weeks = sorted({week for counts in weekly.values() for week in counts}, key=str)[1:-1][-MAX_WEEKS:]
    if len(weeks) < 2:
        return _Load(dict.fromkeys(names, unknown))
    every = {**HANDLING_MINUTES, **minutes}
    counts = {name: weekly.get(name, Counter()) for name in names}
    loads = {
        name: ChannelLoad(
            np.array([counts[name][week] for week in weeks], dtype=np.int64),
            every.get(name, every["default"]),
        )
        for name in names
    }
    today = forecast_hours(loads)
    rows = {
        name: unknown | {"contacts_a_week": float(load.weekly.mean())} | spread("hours_a_week", today[name])
        for name, load in loads.items()
    }
    told = [f"Work with {_minutes_in_words(loads)}, all channels: {today['all'].words}."]
    if all_back := sum(back.values()):
        shifted = forecast_hours(loads, {name: count / all_back for name, count in back.items()})
        rows = {name: row | spread("hours_a_week_shifted", shifted[name]) for name, row in rows.items()}
        then, now = (
            sum(hours[name].estimate for name in loads if name in PUBLIC) for hours in (shifted, today)
        )
        told.append(
            "If all came by the channels by which customers come back, public channels would have "
            f"{then:.1f} h instead of {now:.1f} h."
        )
    return _Load(rows, told)


def _minutes_in_words(loads: Mapping[str, ChannelLoad]) -> str:
    """How long a contact takes, by channel where they differ."""
    by_minutes: dict[float, list[str]] = defaultdict(list)
    for name, load in loads.items():
        by_minutes[load.handling_minutes].append(name.replace("_", " "))
    if len(by_minutes) == 1:
        return f"{next(iter(by_minutes)):g} minutes for each contact"
    told = (f"{minutes:g} by {' and '.join(names)}" for minutes, names in sorted(by_minutes.items()))
    return f"so many minutes for each contact: {', '.join(told)}"
