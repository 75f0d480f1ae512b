"""What the report says of who came back, and of the work that each channel brings."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from fakes.told_views import ToldViews
from listener.reports.answer import Answer, Window
from listener.reports.what_we_teach import (
    CAME_BACK,
    CAME_BACK_PUBLIC,
    CAME_BACK_SAME,
    _habit,
    what_we_teach,
)
from listener.statistics.workload import ChannelLoad, forecast_hours

MONDAY = date(2026, 1, 5)


def channel(name: str, *sums: int) -> dict[str, object]:
    return {"answered_by": name} | dict(zip(CAME_BACK_PUBLIC, sums, strict=True))


def test_those_whom_several_channels_answered_are_added_up() -> None:
    rows = [
        channel("social", 8, 8, 6, 8, 6, 6),
        channel("forum", 2, 2, 2, 2, 2, 2),
        channel("email", 10, 10, 1, 10, 1, 1),
        channel("phone", 10, 10, 1, 10, 1, 1),
    ]
    (words,) = _habit(rows)
    assert "80% went public after a public answer and 10% after a private one" in words


def test_where_one_side_is_missing_nothing_is_said() -> None:
    assert _habit([channel("email", 3, 3, 0, 3, 0, 0)]) == []


def answered_by(name: str, cases: int, back: dict[str, int]) -> dict[str, Any]:
    """Cases of as many people, of whom so many came back once, by these channels."""
    came, same = sum(back.values()), back.get(name, 0)
    public = sum(back.get(one, 0) for one in ("social", "forum", "review"))
    sums = {
        **dict(zip(CAME_BACK, (cases, cases, came, cases, came, came), strict=True)),
        **dict(zip(CAME_BACK_SAME, (came, came, same, came, same, same), strict=True)),
        **dict(zip(CAME_BACK_PUBLIC, (came, came, public, came, public, public), strict=True)),
    }
    return {"answered_by": name, "next_channels": back} | sums


def arrived(name: str, *weekly: int) -> list[dict[str, Any]]:
    """Contacts of weeks in a row, each in two rows, as public and private ones have."""
    return [
        {"week": MONDAY + timedelta(weeks=week), "channel": name, "contacts": part}
        for week, contacts in enumerate(weekly)
        for part in (contacts // 2, contacts - contacts // 2)
    ]


ANSWERED = [answered_by("email", 20, {"social": 6, "email": 4}), answered_by("chat", 30, {})]
ARRIVED = [*arrived("email", 99, 20, 24, 28, 99), *arrived("social", 9, 10, 10, 10), *arrived("phone", 7)]


def taught(
    answered: list[dict[str, Any]], arrivals: list[dict[str, Any]], **more: Any
) -> tuple[dict[str, dict[str, Any]], Answer]:
    """The report's rows by channel, in order, and all of it."""
    client: Any = ToldViews({"what_we_teach_by_party": answered, "contacts_by_week": arrivals})
    answer = what_we_teach(client, Window(), **more)
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return {row["channel"]: row for row in found}, answer


def of(row: dict[str, Any], name: str) -> list[Any]:
    """A figure and its interval."""
    return [row[name], row[f"{name}_low"], row[f"{name}_high"]]


def test_every_channel_that_answered_or_was_used_has_a_row() -> None:
    rows, _ = taught(ANSWERED, ARRIVED)
    assert list(rows) == ["chat", "email", "social", "phone"]
    assert rows["email"]["came_back_share"] == 0.5
    assert rows["email"]["came_back_same_share"] == 0.4
    for name in ("social", "phone"):
        counts = ("answered", "came_back", "came_back_same", "came_back_public")
        assert [rows[name][count] for count in counts] == [0] * 4
        assert of(rows[name], "came_back_share") == of(rows[name], "came_back_same_share") == [None] * 3


def test_work_is_told_by_channel_as_today_and_as_people_come_back() -> None:
    """Three whole weeks; 34 contacts a week in all, of which 0.6 would come by social media."""
    rows, answer = taught(ANSWERED, ARRIVED)
    loads = {
        name: ChannelLoad(counts, 8.0)
        for name, counts in (("email", weeks(20, 24, 28)), ("social", weeks(10, 10, 10)))
    }
    now, then = forecast_hours(loads), forecast_hours(loads, {"social": 0.6, "email": 0.4})
    for name in loads:
        assert rows[name]["contacts_a_week"] == loads[name].weekly.mean()
        for column, told in (("hours_a_week", now[name]), ("hours_a_week_shifted", then[name])):
            assert of(rows[name], column) == pytest.approx([told.estimate, told.low, told.high])
    assert rows["social"]["hours_a_week_shifted"] == pytest.approx(0.6 * 34 * 8 / 60)
    assert rows["phone"]["contacts_a_week"] == rows["chat"]["hours_a_week"] == 0
    assert rows["chat"]["hours_a_week_high"] > 0
    assert of(rows["phone"], "hours_a_week_shifted") == [0, 0, 0]
    work, shifted = answer.words
    assert work == f"Work with 8 minutes for each contact, all channels: {now['all'].words}."
    assert shifted.endswith("public channels would have 2.7 h instead of 1.3 h.")


def weeks(*contacts: int) -> Any:
    return np.array(contacts, dtype=np.int64)


def test_minutes_differ_by_channel_and_default_is_that_of_all_others() -> None:
    usual, _ = taught(ANSWERED, ARRIVED)
    rows, answer = taught(ANSWERED, ARRIVED, handling_minutes={"email": 16, "phone": 24})
    for name, times in (("email", 2), ("social", 1)):
        for column in ("hours_a_week", "hours_a_week_shifted"):
            told = [times * hours for hours in of(usual[name], column)]
            assert of(rows[name], column) == pytest.approx(told)
    minutes = "so many minutes for each contact: 8 by chat and social, 16 by email, 24 by phone"
    assert answer.words[0].startswith(f"Work with {minutes}, all channels: ")
    rows, _ = taught(ANSWERED, ARRIVED, handling_minutes={"default": 4})
    assert rows["social"]["hours_a_week"] == pytest.approx(usual["social"]["hours_a_week"] / 2)


def test_with_fewer_than_two_whole_weeks_nothing_is_said_of_work() -> None:
    rows, answer = taught(ANSWERED, arrived("email", 99, 20, 99))
    for row in rows.values():
        assert row["contacts_a_week"] is None
        assert of(row, "hours_a_week") == of(row, "hours_a_week_shifted") == [None] * 3
    assert answer.words == ()


def test_where_nobody_came_back_nothing_is_shifted() -> None:
    rows, answer = taught([answered_by("email", 20, {})], ARRIVED)
    assert rows["email"]["hours_a_week"] > 0
    assert of(rows["email"], "hours_a_week_shifted") == [None] * 3
    assert len(answer.words) == 1


def test_of_many_weeks_the_last_twelve_count() -> None:
    rows, _ = taught([], arrived("email", *[50] * 8, *[10] * 12, 99))
    assert rows["email"]["contacts_a_week"] == 10
