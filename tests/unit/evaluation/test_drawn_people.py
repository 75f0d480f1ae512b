"""Accounts of drawn people stay together, fall apart, or go to others, as often as is asked for."""

import numpy as np
import pytest

from listener.evaluation.drawn_people import Draws, MatchErrors, Records, owners_of

OWNERS = owners_of(["ann", "bob", "ann", "ann", "bob"], ["a1", "b1", "a2", "a1", "b2"])


def test_accounts_are_numbered_for_each_person_in_the_order_in_which_they_are_seen() -> None:
    assert OWNERS.people == 2
    assert OWNERS.person.tolist() == [0, 1, 0, 0, 1]
    assert OWNERS.account.tolist() == [0, 0, 1, 0, 1]
    assert OWNERS.accounts.tolist() == [2, 2]


def test_a_person_is_drawn_with_all_records_and_twice_as_two() -> None:
    drawn = Draws(OWNERS).draw(6, np.random.default_rng(1))
    for number in range(6):
        assert drawn.places[drawn.draw == number].tolist() in ([0, 2, 3], [1, 4])
    assert drawn.accounts == 12
    assert drawn.first_account.tolist() == [0, 2, 4, 6, 8, 10]
    assert drawn.account_places.reshape(6, 2)[:, 0].tolist() == (2 * drawn.people).tolist()
    assert (np.diff(drawn.account_places.reshape(6, 2)) == 1).all()


def test_records_are_found_by_person_some_of_whom_have_none() -> None:
    places, whose = Records(np.array([2, 0, 2]), 4).of(np.array([2, 1, 3, 2, 0]))
    assert places.tolist() == [0, 2, 0, 2, 1]
    assert whose.tolist() == [0, 0, 3, 3, 4]


def test_a_match_that_never_errs_gives_the_people() -> None:
    drawn = Draws(OWNERS).draw(5, np.random.default_rng(1))
    expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    for errors in (None, MatchErrors(recall=1.0, precision=1.0)):
        assert drawn.parties(errors, np.random.default_rng(2)).tolist() == expected


def test_links_are_missed_and_wrong_as_often_as_asked_for() -> None:
    generator = np.random.default_rng(1)
    people = 20_000
    drawn = Draws(OWNERS).draw(people, generator)
    first, second = drawn.parties(MatchErrors(0.8, 0.9), generator).reshape(people, 2).T
    assert first.tolist() == list(range(people))
    assert (second == first).mean() == pytest.approx(0.8 * 0.9, abs=0.01)
    assert (second >= people).mean() == pytest.approx(0.2, abs=0.01)
    quality = MatchErrors(0.8, 0.9).quality(generator)
    assert quality.right + quality.missed == 400
    assert quality.right / (quality.right + quality.wrong) == pytest.approx(0.9, abs=0.06)
