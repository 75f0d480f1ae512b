"""What counts as a promise of ours, and by when it is to be kept."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.moments import to_ms
from stream.triage.commitments import commitments

SAID = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)  # a Wednesday
ZONE = ZoneInfo("UTC")


def found(text: str, said: datetime = SAID, zone: ZoneInfo = ZONE) -> list[tuple[str, date | None]]:
    return [(each.words, each.until) for each in commitments(text, to_ms(said), zone)]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("we will refund you within 5 days", date(2026, 3, 9)),
        ("We'll call you back within the next two hours", date(2026, 3, 4)),
        ("it will be done within 24 hours", date(2026, 3, 5)),
        ("Your parcel should arrive in a week", date(2026, 3, 11)),
        ("you will have it in 3 to 5 days", date(2026, 3, 9)),
        ("we will answer within 5 working days", None),
        ("I will look at it in a day or two", None),
        ("we will pay it back within a month", None),
        ("it will be with you tomorrow", date(2026, 3, 5)),
        ("I'll do it today", date(2026, 3, 4)),
        ("this should work again from tonight", date(2026, 3, 4)),
        ("expect a call by Friday", date(2026, 3, 6)),
        ("we will be there this Wednesday", None),
        ("we will be there next Friday", None),
        ("we shall pay by 12 May", date(2026, 5, 12)),
        ("we will pay no later than Monday, the 2nd of February", date(2027, 2, 2)),
        ("you will receive it on March 31st, 2026", date(2026, 3, 31)),
        ("we will pay by 2026-04-01", date(2026, 4, 1)),
        ("they will contact you by the end of the week", None),
        ("we will pay by 31 February", None),
    ],
)
def test_what_is_promised(text: str, until: date | None) -> None:
    assert found(text) == [(text, until)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We are sorry",
        "We refunded you within 5 days",
        "Will you be there tomorrow?",
        "We will not pay within 5 days",
        "We won't be there tomorrow",
        "We cannot say whether it will be there tomorrow",
        "If it should come back, we will be there tomorrow",
        "Please send it within 5 days and we will see",
        "You will need to reply within 14 days",
        "We will look into it",
        "We will pay by 2026-01-01",
        "We will be here for the next 800 days, in 800 days too",
    ],
)
def test_what_is_no_promise(text: str) -> None:
    assert found(text) == []


def test_greeting_and_end_go_and_each_sentence_stands_alone() -> None:
    text = "Hi Tara, we have passed this on and it will be done within two days. Sorry! We'll call tomorrow. ^Kim"
    assert found(text) == [
        ("we have passed this on and it will be done within two days", date(2026, 3, 6)),
        ("We'll call tomorrow", date(2026, 3, 5)),
    ]


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    [(_, until)] = found("we will call you tomorrow", late, ZoneInfo("Europe/Berlin"))
    assert until == date(2026, 3, 6)


@given(st.text(max_size=300), st.datetimes(timezones=st.just(UTC)))
def test_any_text_can_be_read(text: str, said: datetime) -> None:
    for words, until in found(f"we will pay within {text}", said):
        assert words
        assert until is None or until >= said.date()
