"""A source that says nothing: one alert, withdrawn by the next mention, the same after a restart."""

from datetime import UTC, datetime, timedelta

from fakes.outlet import FakeOutlet
from listener.connectors.silence import Silence
from listener.domain.governance import Alert

START = datetime(2026, 3, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.hours = 0.0

    def __call__(self) -> datetime:
        return START + timedelta(hours=self.hours)


def alerts(outlet: FakeOutlet) -> list[tuple[str, bool]]:
    read = [Alert.read(record.value or b"") for record in outlet.sent]
    return [(alert.alert_id, alert.withdrawn) for alert in read]


def test_raised_once_and_withdrawn_by_the_next_mention() -> None:
    clock, outlet = Clock(), FakeOutlet()
    silence = Silence("forum", 6, START, outlet, clock)
    clock.hours = 5.9
    assert not silence.look(START)
    clock.hours = 6
    assert silence.look(START)
    clock.hours = 9
    assert not silence.look(START)
    assert silence.look(clock())
    (raised, stands), (withdrawn, gone) = alerts(outlet)
    assert (raised, stands, gone) == (withdrawn, False, True)


def test_a_lively_source_says_nothing() -> None:
    clock, outlet = Clock(), FakeOutlet()
    silence = Silence("forum", 6, START, outlet, clock)
    for hours in range(0, 40, 5):
        clock.hours = hours
        assert not silence.look(clock())
    assert alerts(outlet) == []


def test_after_a_restart_the_same_silence_is_the_same_alert_and_is_withdrawn() -> None:
    clock, first, second = Clock(), FakeOutlet(), FakeOutlet()
    clock.hours = 7
    Silence("forum", 6, START, first, clock).look(START)
    clock.hours = 8
    again = Silence("forum", 6, START, second, clock)
    assert again.look(clock())
    assert [withdrawn for _, withdrawn in alerts(second)] == [True]
    assert alerts(second)[0][0] == alerts(first)[0][0]


def test_a_source_never_heard_counts_from_now_and_none_is_watched_without_hours() -> None:
    clock, outlet = Clock(), FakeOutlet()
    silence = Silence("forum", 6, None, outlet, clock)
    clock.hours = 5
    assert not silence.look(None)
    clock.hours = 6
    assert silence.look(None)
    assert not Silence("forum", None, None, outlet, clock).look(None)
