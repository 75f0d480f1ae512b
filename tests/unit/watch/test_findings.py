"""What counts as unusual in what was heard."""

from datetime import UTC, datetime, timedelta

import numpy as np

from listener.watch.findings import Finding, findings
from listener.watch.heard import HOUR, Heard, Hours, heard_of
from listener.watch.tell import news

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 42
QUIET_DAYS = np.sin(np.arange(DAYS * 24) * 2 * np.pi / 24)


def hours(kind: str, subject: str, said: np.ndarray, share: float = 0.2, live: bool = True) -> Hours:
    complaints = np.random.default_rng(7).binomial(said, share)
    return Hours(kind, subject, said, said, complaints, said if live else said * 0)  # type: ignore[arg-type]


def usual(level: float, seed: int = 1) -> np.ndarray:
    """Six weeks of hours with a daily wave."""
    return np.random.default_rng(seed).poisson(level * (1 + 0.5 * QUIET_DAYS))


def found(*series: Hours) -> list[Finding]:
    return findings(Heard(NOW - timedelta(days=DAYS), DAYS * 24, series))


def test_a_day_like_the_others_is_not_told_of() -> None:
    assert found(hours("cause", "delivery", usual(4)), hours("source", "chirp", usual(20, 2))) == []


def test_many_people_at_once_are_a_spike_and_so_is_a_source_that_says_far_more() -> None:
    people, mentions = usual(2), usual(20, 2)
    people[-5:-2] += 30
    mentions[-5:-2] += 200
    told = found(hours("cause", "delivery", people), hours("source", "chirp", mentions))
    assert len(told) > 2, "in each of its hours"
    spike, volume = told[:2]
    assert (spike.sign, spike.subject, spike.at) == ("cause_spike", "delivery", NOW - 4 * HOUR)
    assert spike.since == NOW - 6 * HOUR
    assert spike.words.startswith(f"{people[-6] + people[-5]} people raised delivery within 2 hours")
    assert (volume.sign, volume.subject) == ("source_volume", "chirp")
    assert found(hours("cause", "delivery", people, live=False)) == []


def test_a_spike_is_told_at_once_while_the_one_before_is_still_in_sight() -> None:
    people = usual(2)
    people[-27:-18] += 30
    people[-1] += 60
    before = Heard(NOW - timedelta(days=DAYS), DAYS * 24 - 20, (hours("cause", "delivery", people[:-20]),))
    [first] = news(findings(before), [], NOW - 20 * HOUR, lambda _: ())
    [over, second] = news(found(hours("cause", "delivery", people)), [first], NOW, lambda _: ())
    assert (over.alert_id, over.withdrawn) == (first.alert_id, True)
    assert (second.due_at, second.withdrawn) == (NOW, False)


def test_a_source_that_turns_angry_has_a_mood() -> None:
    said = usual(5)
    series = hours("source", "chirp", said)
    assert found(series) == []
    series.complaints[-24:] = (said * 0.8)[-24:].astype(int)
    assert {one.sign for one in found(series)} == {"source_mood"}


def test_a_cause_grows_or_is_new_in_the_week_that_ends_at_midnight() -> None:
    other, grown, new = usual(5), usual(0.3, 3), usual(0.0)
    grown[-7 * 24 :] += np.random.default_rng(4).poisson(0.6, 7 * 24)
    new[-30:-24] = 1
    told = {
        (one.sign, one.subject): one
        for one in found(hours("cause", "a", other), hours("cause", "b", grown), hours("cause", "c", new))
    }
    assert set(told) == {("cause_growing", "b"), ("cause_new", "c")}
    assert told["cause_new", "c"].words == (
        "6 people raised c within a week, and nobody in the four weeks before."
    )
    assert {one.at for one in told.values()} == {NOW}


def test_hours_in_which_nothing_was_heard_count_as_nothing() -> None:
    told = {"kind": "cause", "subject": "a", "said": 3, "parties": 2, "complaints": 1, "live": 3}
    heard = heard_of([told | {"hour": NOW - 5 * HOUR}, told | {"hour": NOW - 2 * HOUR}], NOW)
    assert heard.since == NOW - 5 * HOUR
    assert heard.series[0].parties.tolist() == [2, 0, 0, 2, 0]
    assert heard_of([], NOW).series == ()
