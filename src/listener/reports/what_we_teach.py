"""Is the company training its customers to go public?"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import Row, answer, read, spread, three
from listener.statistics.clustered import PartySums, clustered_difference, clustered_share
from listener.statistics.workload import ChannelLoad, forecast_hours

HANDLING_MINUTES = 8.0
"""A person's time for a contact, in every channel; no source tells it."""
MAX_WEEKS = 12
PUBLIC = ("social", "forum", "review")
COLUMNS = (
    *("answered_by", "answered", "came_back", *three("came_back_share"), "came_back_same"),
    *(*three("came_back_same_share"), "came_back_public"),
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


def what_we_teach(client: Client, window: Window) -> Answer:
    """Where customers go after an answer, by the channel of that answer, from the view
    `what_we_teach_by_party`.

    answered: cases that a person answered by this channel; came_back: of these, whose party asked about something
    again in the window, in a new case; came_back_same: by the channel that had answered. The intervals take the
    party as the unit: see `listener.statistics.clustered`.

    The words compare those whom a public channel answered with the others, and say how many hours of work a week
    brings: as customers come today, and if all came by the channels by which those come back who have been
    answered before.
    """
    rows = read(client, "what_we_teach_by_party", window)
    rows.sort(key=lambda row: (-row["cases"], row["answered_by"]))
    returns: Counter[str] = Counter()
    for row in rows:
        returns.update(row["next_channels"])
        row["answered"] = row["cases"]
        row |= spread("came_back_share", clustered_share(_sums([row], *CAME_BACK)))
        row |= spread("came_back_same_share", clustered_share(_sums([row], *CAME_BACK_SAME)))
    return answer(COLUMNS, rows, [*_habit(rows), *_load(client, window, returns)])


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


def _load(client: Client, window: Window, back: Counter[str]) -> list[str]:
    weekly: dict[str, Counter[object]] = defaultdict(Counter)
    for row in read(client, "contacts_by_week", window):
        weekly[row["channel"]][row["week"]] += row["contacts"]
    # the first and the last week are seldom whole
    weeks = sorted({week for counts in weekly.values() for week in counts}, key=str)[1:-1][-MAX_WEEKS:]
    if len(weeks) < 2:
        return []
    loads = {
        channel: ChannelLoad(np.array([counts[week] for week in weeks], dtype=np.int64), HANDLING_MINUTES)
        for channel, counts in weekly.items()
    }
    today = forecast_hours(loads)["all"].words
    told = [f"Work with {HANDLING_MINUTES:g} minutes for each contact, all channels: {today}."]
    returns = {name: count for name, count in back.items() if name in loads}
    if returns:
        mix = {name: count / sum(returns.values()) for name, count in returns.items()}
        shifted = forecast_hours(loads, mix)
        public = sum(shifted[name].estimate for name in loads if name in PUBLIC)
        now = forecast_hours(loads)
        told.append(
            "If all came by the channels by which customers come back, public channels would have "
            f"{public:.1f} h instead of {sum(now[name].estimate for name in loads if name in PUBLIC):.1f} h."
        )
    return told
