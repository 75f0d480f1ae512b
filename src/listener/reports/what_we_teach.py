"""Is the company training its customers to go public?"""

from collections import Counter, defaultdict

import numpy as np
from clickhouse_driver import Client

from listener.reports.answer import Answer, Window
from listener.reports.view import answer, read, spread, three
from listener.statistics.proportion import share_difference, wilson
from listener.statistics.workload import ChannelLoad, forecast_hours

HANDLING_MINUTES = 8.0
"""A person's time for a contact, in every channel; no source tells it."""
MAX_WEEKS = 12
PUBLIC = ("social", "forum", "review")
COLUMNS = (
    *("answered_by", "answered", "came_back", *three("came_back_share"), "came_back_same"),
    *(*three("came_back_same_share"), "came_back_public"),
)


def what_we_teach(client: Client, window: Window) -> Answer:
    """Where customers go after an answer, by the channel of that answer, from the view `what_we_teach`.

    answered: cases that a person answered by this channel; came_back: of these, whose party asked about something
    again in the window, in a new case; came_back_same: by the channel that had answered. The unit is the case, so
    the intervals are a little too narrow where some customers come back often.

    The words compare those whom a public channel answered with the others, and say how many hours of work a week
    brings: as customers come today, and if all came by the channels by which those come back who have been
    answered before.
    """
    answered: Counter[str] = Counter()
    back: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read(client, "what_we_teach", window):
        answered[row["answered_by"]] += row["cases"]
        if row["next_channel"]:
            back[row["answered_by"]][row["next_channel"]] += row["cases"]
    rows = []
    for channel, cases in answered.most_common():
        returned = back[channel].total()
        rows.append(
            {
                "answered_by": channel,
                "answered": cases,
                "came_back": returned,
                "came_back_same": back[channel][channel],
                "came_back_public": sum(back[channel][name] for name in PUBLIC),
            }
            | spread("came_back_share", wilson(returned, cases))
            | spread("came_back_same_share", wilson(back[channel][channel], returned))
        )
    return answer(COLUMNS, rows, [*_habit(back), *_load(client, window, back)])


def _habit(back: dict[str, Counter[str]]) -> list[str]:
    public, private = (
        sum((back[channel] for channel in back if (channel in PUBLIC) is side), Counter[str]())
        for side in (True, False)
    )
    first = sum(public[name] for name in PUBLIC), public.total()
    second = sum(private[name] for name in PUBLIC), private.total()
    if not first[1] or not second[1]:
        return []
    found = share_difference(first, second)
    words = (
        f"Of those who came back, {first[0] / first[1]:.0%} went public after a public answer and "
        f"{second[0] / second[1]:.0%} after a private one: a difference of {found.words}. "
        "It is an association, not a proven cause."
    )
    return [words]


def _load(client: Client, window: Window, back: dict[str, Counter[str]]) -> list[str]:
    weekly: dict[str, Counter[object]] = defaultdict(Counter)
    for row in read(client, "arrivals", window):
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
    returns: Counter[str] = Counter()
    for counts in back.values():
        returns.update({name: count for name, count in counts.items() if name in loads})
    if returns.total():
        mix = {name: count / returns.total() for name, count in returns.items()}
        shifted = forecast_hours(loads, mix)
        public = sum(shifted[name].estimate for name in loads if name in PUBLIC)
        now = forecast_hours(loads)
        told.append(
            "If all came by the channels by which customers come back, public channels would have "
            f"{public:.1f} h instead of {sum(now[name].estimate for name in loads if name in PUBLIC):.1f} h."
        )
    return told
