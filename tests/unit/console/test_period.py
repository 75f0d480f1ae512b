from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.console.period import Period, choices, period_of
from listener.domain.errors import UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEARD = (datetime(2025, 12, 1, 9, tzinfo=UTC), datetime(2026, 2, 10, 18, tzinfo=UTC))


@given(st.integers(0, 6_400_000_000_000), st.integers(1, 800_000_000_000))
def test_an_address_shows_the_same_again(since_ms: int, span_ms: int) -> None:
    since = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since_ms)
    period = Period(since, since + timedelta(milliseconds=span_ms))
    assert period_of(period.query, HEARD, NOW) == period


def test_the_usual_times_end_with_what_was_heard() -> None:
    chosen = period_of({}, HEARD, NOW)
    assert chosen.until == datetime(2026, 2, 11, tzinfo=UTC)
    offered = list(choices(chosen, HEARD, NOW))
    assert {choice.period.until for choice in offered} == {chosen.until}
    assert [choice.label for choice in offered if choice.chosen] == ["90 days"]
    assert offered[-1].period.since == datetime(2025, 12, 1, tzinfo=UTC)


def test_a_wrong_clock_at_a_source_does_not_move_them() -> None:
    heard = (HEARD[0], datetime(2096, 1, 1, tzinfo=UTC))
    assert period_of({}, heard, NOW).until == datetime(2026, 3, 2, tzinfo=UTC)


def test_where_nothing_was_heard_they_end_today() -> None:
    assert period_of({}, None, NOW).until == datetime(2026, 3, 2, tzinfo=UTC)
    assert "all" not in [choice.label for choice in choices(period_of({}, None, NOW), None, NOW)]


def test_a_zone_is_heeded() -> None:
    assert period_of({"since": "2026-01-01T00:00+02:00"}, HEARD, NOW).since.hour == 22


@pytest.mark.parametrize(
    "query",
    [
        {"since": "x"},
        {"since": "0001-01-01T00:00+14:00"},
        {"until": "1899-12-31"},
        {"since": "2026-03-01", "until": "2026-03-01"},
    ],
)
def test_what_is_no_time_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        period_of(query, HEARD, NOW)


def test_a_statement_to_copy_holds_words_as_words() -> None:
    period = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert period.select("cases_of_cause", cause="o'cl\\ock") == (
        "SELECT * FROM cases_of_cause(cause = 'o\\'cl\\\\ock', since = '2026-01-01T00:00:00.000Z', "
        "until = '2026-02-01T00:00:00.000Z')"
    )
