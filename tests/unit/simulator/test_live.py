"""A company that goes on after its history."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from listener.domain.errors import UsageError
from listener.domain.mention import Mention, read_raw
from listener.simulator import Event, SimulatedCompany
from unit.simulator.worlds import ENDS_AT, settings, world

NOW = datetime(2026, 3, 5, 14, 30, 0, 250_000, tzinfo=UTC)
OF = settings(customers=800, days=20)


def live(count: int, **how: float | datetime | None) -> list[Event]:
    return list(islice(SimulatedCompany(OF).live(NOW, **how), count))  # type: ignore[arg-type]


def test_the_history_is_that_of_the_simulation() -> None:
    assert list(SimulatedCompany(OF).history()) == world(OF).events


def test_it_goes_on_in_order_after_now_and_at_about_the_wanted_rate() -> None:
    events = live(1500, events_per_minute=30)
    assert events[0].at >= NOW
    assert all(before.at <= after.at for before, after in pairwise(events))
    mentions = sum(isinstance(event.value, Mention) for event in events)
    minutes = (events[-1].at - NOW).total_seconds() / 60
    assert 15 < mentions / minutes < 60


def test_it_goes_on_the_same_whether_the_history_was_read_before_or_not() -> None:
    company = SimulatedCompany(OF)
    for _ in company.history():
        pass
    assert list(islice(company.live(NOW), 300)) == live(300)


def test_times_of_values_move_with_their_events() -> None:
    for event in live(600):
        if isinstance(event.value, Mention):
            assert event.value.received_at == event.at
            assert event.value.occurred_at <= event.at
            assert not event.value.historical
            assert read_raw(event.value.to_json()) == event.value
            if event.value.revision:
                assert event.value.edited_at is not None
                assert event.value.revision == round(event.value.edited_at.timestamp() * 1000)


def test_what_was_open_is_answered_live() -> None:
    known = set(world(OF).inbound)
    assert any(isinstance(event.value, Mention) and event.value.answers in known for event in live(600))


def test_a_restarted_company_goes_on_where_it_stopped() -> None:
    events = live(400)
    stopped = events[199].at
    again = live(100, since=stopped)
    assert again == [event for event in events if event.at >= stopped][:100]


def test_its_own_pace_is_that_of_the_history() -> None:
    events = live(50, speed_up=1.0)
    assert events[-1].at - NOW > timedelta(hours=2)


def test_wrong_rates_and_naive_times_are_refused() -> None:
    company = SimulatedCompany(OF)
    with pytest.raises(UsageError):
        company.live(NOW, events_per_minute=0)
    with pytest.raises(UsageError):
        company.live(NOW, speed_up=-1)
    with pytest.raises(UsageError):
        company.live(ENDS_AT.replace(tzinfo=None))
