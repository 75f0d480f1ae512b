"""What the report says of channels that are compared, and of those who were never answered."""

from typing import Any

import pytest

from fakes.told_views import ToldViews
from listener.reports.answer import Answer, Window
from listener.reports.channels import _mean_effect, channels
from listener.reports.waits import CENSORED, COMPETING, HAPPENED, binned, edges_of, waits_of
from listener.statistics.log_rank import log_rank

WEEKS = 1000.0
"""Hours after which observation ended, for those who waited from the first day on."""


def asked(channel: str, visibility: str, cause: str, *answered_after: float | None) -> dict[str, Any]:
    """Cases of one channel and cause; None is not answered."""
    hours = [WEEKS if one is None else one for one in answered_after]
    ended = [CENSORED if one is None else HAPPENED for one in answered_after]
    each = [1] * len(hours)
    return {
        "of": "cases",
        "channel": channel,
        "visibility": visibility,
        "root_cause": cause,
        "severe": False,
        "answer_hours": hours,
        "answer_ended": ended,
        "answer_cases": each,
        "resolution_hours": hours,
        "resolution_ended": ended,
        "resolution_cases": each,
    } | dict.fromkeys(SUMS, 0)


SUMS = (
    *("parties", "cases", "cases_squared", "with_it", "with_it_squared", "crossed"),
    *("hours", "hours_squared", "hours_of_parties_squared", "hours_crossed"),
)


def people(rows: list[dict[str, Any]], each: int = 1) -> list[dict[str, Any]]:
    """The sums over the people of these cases, who have so many alike ones each."""
    made = []
    for channel, visibility in dict.fromkeys((row["channel"], row["visibility"]) for row in rows):
        waits = [
            one
            for row in rows
            if (row["channel"], row["visibility"]) == (channel, visibility)
            for one in row["answer_hours"]
        ]
        within = [sum(wait <= hours for wait in waits) for hours in (1, 24, 168)]
        short = [min(wait, 168.0) for wait in waits]
        squares = sum(wait**2 for wait in short)
        sums = (
            *(len(waits) // each, len(waits), len(waits) * each, within, [k * each for k in within]),
            *([k * each for k in within], sum(short), squares, squares * each, sum(short) * each),
        )
        told = {"of": "parties", "channel": channel, "visibility": visibility, "root_cause": ""}
        made.append({**rows[0], **told, **dict(zip(SUMS, sums, strict=True))})
    return made


def answered(rows: list[dict[str, Any]], each: int = 1) -> tuple[dict[str, dict[str, Any]], Answer]:
    """The report's rows by channel, and all of it."""
    client: Any = ToldViews({"channel_waits": [*rows, *people(rows, each)]})
    answer = channels(client, Window())
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return {row["channel"]: row for row in found}, answer


PUBLIC = asked("social", "public", "late", *[2.0, 3.0, 4.0, 5.0] * 10)
SLOW = asked("letter", "private", "late", *[100.0, 110.0, 120.0, None] * 10)
QUICK = asked("phone", "private", "late", *[1.0, 2.0, 3.0, 4.0] * 10)


def test_a_private_channel_stands_beside_the_public_ones_of_the_same_matter() -> None:
    other = asked("letter", "private", "bags", *[1.0] * 80)
    rows, answer = answered([PUBLIC, SLOW, QUICK, other])
    assert rows["letter"]["longer_than_public_hours"] == pytest.approx((100 + 110 + 120 + 168) / 4 - 3.5)
    assert rows["letter"]["longer_than_public_hours_low"] > 100
    assert rows["phone"]["longer_than_public_hours"] == pytest.approx(-1)
    assert rows["phone"]["longer_than_public_hours_high"] < 0
    assert rows["social"]["longer_than_public_hours"] is None
    assert rows["social"]["longer_than_public_hours_low"] is None
    told = {
        (row["public_advantage_hours"], row["public_advantage_hours_low"], row["public_advantage_hours_high"])
        for row in rows.values()
    }
    [(longer, low, high)] = told
    words = f"in private {longer:+.1f} h longer without an answer within 168 h, between {low:+.1f} and {high:+.1f}"
    assert answer.words[0] == f"Same cause and severity, {words}."
    assert all(type(value) is float for value in (longer, low, high))


@pytest.mark.parametrize("name", ["longer_than_public_hours", "never_answered_share"])
def test_people_with_many_cases_make_it_less_sure(name: str) -> None:
    def width(each: int) -> float:
        row = answered([PUBLIC, SLOW], each)[0]["letter"]
        return float(row[f"{name}_high"] - row[f"{name}_low"])

    assert width(4) == pytest.approx(2 * width(1), rel=0.15)


def test_a_channel_that_is_public_and_private_is_compared_where_it_is_private() -> None:
    """Direct messages beside what everybody can read."""
    _, answer = answered([PUBLIC, asked("social", "private", "late", *[13.0] * 40)])
    place = [answer.columns.index(name) for name in ("visibility", "longer_than_public_hours")]
    assert [[row[one] for one in place] for row in answer.rows] == [
        ["private", pytest.approx(13 - 3.5)],
        ["public", None],
    ]


def test_the_test_of_the_waits_knows_how_alike_the_cases_of_one_person_are() -> None:
    """Its design effect is that of the mean waits of all channels, not that of a share of the last one."""
    quick = asked("phone", "private", "late", *[2.0, 3.0, 4.0, 9.0] * 10)
    answers = [binned(row, "answer") for row in (PUBLIC, quick)]
    edges = edges_of(answers)
    sides = [waits_of(one, edges) for one in answers]
    for each in (1, 4):
        _, answer = answered([PUBLIC, quick], each)
        effect = _mean_effect(people([PUBLIC, quick], each))
        assert effect == pytest.approx(each, rel=0.1)
        assert log_rank([sides], design_effect=effect).words in answer.words[1]


@pytest.mark.parametrize(
    "rows",
    [[PUBLIC], [SLOW], [PUBLIC, asked("letter", "private", "bags", 1.0, 2.0)]],
    ids=["public alone", "private alone", "of other matters"],
)
def test_where_nothing_is_alike_nothing_is_compared(rows: list[dict[str, Any]]) -> None:
    found, answer = answered(rows)
    for row in found.values():
        assert row["longer_than_public_hours"] is row["public_advantage_hours"] is None
    assert "cannot be compared" in answer.words[0] or "no matter was raised both" in answer.words[0]


def test_the_never_answered_are_the_closed_and_those_who_wait_to_the_end() -> None:
    letters = asked("letter", "private", "late", *[10.0] * 6, *[None] * 3, 20.0)
    letters["answer_ended"][-1] = COMPETING
    rows, _ = answered([letters])
    row = rows["letter"]
    assert (row["never_answered"], row["closed"]) == (3, 1)
    assert row["never_answered_share"] == pytest.approx(0.4)
    assert row["never_answered_share_low"] < 0.3
    assert 0.6 < row["never_answered_share_high"] < 0.8


def test_whoever_asked_yesterday_is_not_yet_never_answered() -> None:
    letters = asked("letter", "private", "late", *[10.0] * 5, *[None] * 5, *[None] * 40)
    letters["answer_hours"][-40:] = [5.0] * 40
    rows, _ = answered([letters])
    assert rows["letter"]["never_answered"] == 45
    assert rows["letter"]["never_answered_share"] == pytest.approx(0.5)
    # as sure as ten people are, not as fifty
    assert rows["letter"]["never_answered_share_high"] - rows["letter"]["never_answered_share_low"] > 0.4
