"""Business time: against a clock on the wall that is looked at every minute, and on days that are special."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.moments import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, to_ms
from stream.triage.business_time import ALWAYS, LAST_MS, OpeningHours
from stream.triage.calendar import CalendarRules

OFFICE = {"zone": "Europe/London", "hours": {"monday-friday": "09:00-17:00"}}
ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "UTC",
)


def calendar(**given: Any) -> OpeningHours:
    return OpeningHours(CalendarRules.model_validate({**OFFICE, **given}))


def local(text: str, zone: str = "Europe/London", fold: int = 0) -> int:
    """The instant at which the wall clock shows this."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def shown(instant_ms: int, zone: str = "Europe/London") -> str:
    """What the wall clock shows then."""
    return from_ms(instant_ms).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def is_open(rules: CalendarRules, instant_ms: int) -> bool:
    """A look at the clock on the wall and the notice on the door."""
    wall = from_ms(instant_ms).astimezone(ZoneInfo(rules.zone))
    minute = wall.hour * 60 + wall.minute
    yesterday = wall.date() - timedelta(days=1)
    today = rules.spans(wall.date(), rules.closed_dates(wall.year))
    before = rules.spans(yesterday, rules.closed_dates(yesterday.year))
    return any(start <= minute < end for start, end in today) or any(
        minute < end - 24 * 60 for _, end in before
    )


@st.composite
def rules(draw: st.DrawFn) -> CalendarRules:
    clock = st.integers(0, 23).flatmap(lambda hour: st.sampled_from([f"{hour:02}:00", f"{hour:02}:30"]))
    span = st.tuples(clock, clock).map("-".join)
    days = st.sampled_from(["monday", "wednesday", "saturday", "sunday"])
    return CalendarRules.model_validate(
        {
            "zone": draw(st.sampled_from(ZONES)),
            "hours": draw(
                st.dictionaries(days, st.lists(span, min_size=1, max_size=2), min_size=1, max_size=4)
            ),
            "closed": draw(st.lists(st.sampled_from([date(2026, 3, 29), date(2026, 10, 24)]), max_size=2)),
            "exceptions": draw(
                st.dictionaries(
                    st.sampled_from([date(2026, 3, 30), date(2027, 1, 1)]), st.lists(span, max_size=1)
                )
            ),
        }
    )


CHANGES = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 29), (10, 25), (4, 5), (12, 31))]
near_changes = st.builds(
    lambda day, minutes: to_ms(day + timedelta(minutes=minutes)),
    st.sampled_from(CHANGES),
    st.integers(-3 * 24 * 60, 3 * 24 * 60),
)


@settings(max_examples=40, deadline=None)
@given(rules(), near_changes, st.integers(1, 2500))
def test_it_agrees_with_a_look_at_the_clock_every_minute(
    given_rules: CalendarRules, start: int, minutes: int
) -> None:
    hours = OpeningHours(given_rules)
    end = start + minutes * MINUTE_MS
    opened = [at for at in range(start, end, MINUTE_MS) if is_open(given_rules, at)]
    assert hours.between(start, end) == len(opened) * MINUTE_MS
    if opened:
        assert hours.add(start, len(opened) * MINUTE_MS) == opened[-1] + MINUTE_MS


@settings(max_examples=100, deadline=None)
@given(rules(), near_changes, st.integers(0, 90 * HOUR_MS), st.integers(0, 90 * HOUR_MS))
def test_sums_are_monotone_additive_and_the_inverse_of_differences(
    given_rules: CalendarRules, start: int, one: int, other: int
) -> None:
    hours = OpeningHours(given_rules)
    then = hours.add(start, one)
    assert then >= start
    assert hours.add(then, other) == hours.add(start, one + other)
    assert hours.between(start, then) == one
    assert hours.add(start, max(one, other)) >= hours.add(start, min(one, other))
    assert hours.add(start + other, one) >= then


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-26T10:00", 4, "2026-11-26T14:00+00:00"),
        ("2026-11-26T16:00", 2, "2026-11-27T10:00+00:00"),
        ("2026-11-26T07:00", 8, "2026-11-26T17:00+00:00"),
        ("2026-11-27T18:00", 1, "2026-11-30T10:00+00:00"),
        ("2026-12-24T16:00", 2, "2026-12-29T10:00+00:00"),  # Christmas, Boxing Day on Monday instead
    ],
)
def test_hours_of_an_office(start: str, hours: int, due: str) -> None:
    office = calendar(holidays={"country": "GB", "subdivision": "ENG"})
    assert shown(office.add(local(start), hours * HOUR_MS)) == due


def test_nights_with_an_hour_less_and_an_hour_more() -> None:
    nights = calendar(hours={"saturday": "22:00-06:00", "tuesday": "22:00-06:00"})
    for evening, opened in (("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-24", 8)):
        start = local(f"{evening}T12:00")
        assert nights.between(start, start + DAY_MS) == opened * HOUR_MS
    assert shown(nights.add(local("2026-03-28T23:00"), 3 * HOUR_MS)) == "2026-03-29T03:00+01:00"
    assert shown(nights.add(local("2026-10-24T23:00"), 3 * HOUR_MS)) == "2026-10-25T01:00+00:00"


def test_hours_that_begin_in_the_hour_that_is_left_out() -> None:
    early = calendar(hours={"sunday": "01:30-05:00"})
    assert shown(early.add(local("2026-03-28T12:00"), MINUTE_MS)) == "2026-03-29T02:01+01:00"


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = calendar(hours={"wednesday-thursday": "22:00-06:00"}, closed=["2026-12-24"])
    start = local("2026-12-23T12:00")
    assert nights.between(start, start + 3 * DAY_MS) == 8 * HOUR_MS
    assert shown(next(nights.closes(start - DAY_MS))) == "2026-12-24T06:00+00:00"


def test_an_exception_goes_before_a_holiday() -> None:
    shop = calendar(
        holidays={"country": "GB", "subdivision": "ENG"},
        exceptions={"2026-12-25": ["10:00-12:00", "13:00-14:00"], "2026-12-24": []},
    )
    assert shown(shop.add(local("2026-12-23T17:00"), 3 * HOUR_MS)) == "2026-12-25T14:00+00:00"


def first(moments: Any, count: int) -> Sequence[int]:
    return list(islice(moments, count))


def test_business_days() -> None:
    office = calendar(holidays={"country": "GB", "subdivision": "ENG"})
    for start in ("2026-12-23T08:00", "2026-12-23T23:30"):
        assert [shown(at) for at in first(office.closes(local(start)), 3)] == [
            "2026-12-24T17:00+00:00",
            "2026-12-29T17:00+00:00",
            "2026-12-30T17:00+00:00",
        ]
    [day] = first(office.business_days(local("2026-12-24T23:30")), 1)
    assert shown(day) == "2026-12-29T23:30+00:00"
    [close] = first(office.closes(local("2026-12-31T10:00")), 1)
    assert shown(close) == "2027-01-04T17:00+00:00"


def test_calendar_days_keep_the_time_on_the_wall() -> None:
    office = calendar()
    assert shown(office.calendar_days(local("2026-03-28T10:00"), 1)) == "2026-03-29T10:00+01:00"
    assert shown(office.calendar_days(local("2026-10-24T10:00"), 30)) == "2026-11-23T10:00+00:00"


def test_always_open_is_plain_time() -> None:
    start = local("2026-11-26T10:00")
    assert ALWAYS.add(start, HOUR_MS) == ALWAYS.calendar_days(start, 1) - 23 * HOUR_MS == start + HOUR_MS
    assert ALWAYS.between(start, start + 5) == 5
    assert first(ALWAYS.business_days(start), 2) == [start + DAY_MS, start + 2 * DAY_MS]
    assert shown(first(ALWAYS.closes(start), 2)[1]) == "2026-11-29T00:00+00:00"


def test_nothing_is_due_after_what_can_be_stored() -> None:
    rare = calendar(hours={"monday": "09:00-09:01"})
    start = local("2199-12-31T10:00")
    assert rare.add(start, 1000 * HOUR_MS) == ALWAYS.add(start, 10**15) == LAST_MS
    assert rare.calendar_days(start, 50_000) == LAST_MS
    assert first(rare.closes(start), 9000)[-1] == LAST_MS
