"""When too much of a source becomes dead letters."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.domain.governance import Alert
from listener.domain.poison import PoisonRule, PoisonTally

NOW = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
RULE = PoisonRule(dead_letters=10, share=0.5, window_seconds=600, back_off_seconds=60)


def test_both_the_number_and_the_share_must_be_reached() -> None:
    many_of_more = PoisonTally("forum", RULE)
    assert many_of_more.count(1000, 400, NOW) is None
    all_of_few = PoisonTally("forum", RULE)
    assert all_of_few.count(9, 9, NOW) is None
    alert = all_of_few.count(1, 1, NOW)
    assert alert is not None
    assert (alert.kind, alert.subject, alert.withdrawn) == ("dead_letters", "forum", False)
    assert "10 of the last 10 items of the source forum" in alert.text


def test_two_who_count_the_same_window_raise_the_same_alert() -> None:
    first, second = PoisonTally("forum", RULE), PoisonTally("forum", RULE)
    other, later = PoisonTally("mail", RULE), PoisonTally("forum", RULE)
    one = first.count(10, 10, NOW)
    two = second.count(20, 20, NOW + timedelta(minutes=8))
    three = other.count(10, 10, NOW)
    four = later.count(10, 10, NOW + timedelta(minutes=10))
    assert one is not None
    assert two is not None
    assert three is not None
    assert four is not None
    assert one.alert_id == two.alert_id
    assert len({one.alert_id, three.alert_id, four.alert_id}) == 3


def test_what_was_counted_in_an_earlier_window_is_forgotten() -> None:
    tally = PoisonTally("forum", RULE)
    assert tally.count(9, 9, NOW) is None
    assert tally.count(9, 9, NOW + timedelta(minutes=10)) is None


def test_it_is_raised_again_when_a_pause_is_over_and_not_at_every_letter() -> None:
    tally = PoisonTally("forum", RULE)
    assert tally.count(10, 10, NOW)
    assert tally.count(100, 100, NOW + timedelta(seconds=59)) is None
    assert tally.count(1, 1, NOW + timedelta(seconds=60))
    assert tally.count(1, 1, NOW + timedelta(seconds=120)) is None, "counting begins anew"


def test_on_trial_one_is_enough() -> None:
    tally = PoisonTally("forum", RULE)
    assert tally.count(3, 1, NOW, at_least=1) is None
    tally.begin_anew()
    assert tally.count(2, 1, NOW, at_least=1)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 300)), max_size=30))
def test_nothing_is_raised_without_enough_letters_within_a_window(
    batches: list[tuple[int, int, int]],
) -> None:
    tally, now = PoisonTally("forum", RULE), NOW
    letters: dict[datetime, int] = {}
    for items, dead, seconds in batches:
        now += timedelta(seconds=seconds)
        alert = tally.count(items + dead, dead, now)
        window = datetime.fromtimestamp(now.timestamp() // 600 * 600, UTC)
        letters[window] = letters.get(window, 0) + dead
        if alert is not None:
            assert isinstance(alert, Alert)
            assert alert.due_at == window
            assert letters[window] >= RULE.dead_letters
            letters[window] = 0
