"""True labels are covered; found ones only where their mistakes are taken in, and those of the match."""

import numpy as np
import pytest

from listener.evaluation.company_coverage import Contacts, company_coverage
from listener.evaluation.drawn_people import MatchErrors, Owners


@pytest.fixture(scope="module")
def covered() -> dict[str, float]:
    """Of 600 people, each contact from an account of its own, of a match that finds few links."""
    chance = np.random.default_rng(1)
    contacts_of = chance.integers(1, 4, 600)
    person = np.repeat(np.arange(600), contacts_of)
    account = np.concatenate([np.arange(one) for one in contacts_of])
    often = (chance.random(600) < 0.5)[person]
    true = np.where(chance.random(len(person)) < np.where(often, 0.8, 0.1), 0, 1)
    found = np.where(chance.random(len(person)) < 0.3, 2, true)
    contacts = Contacts(("bags", "delay", "unknown"), Owners(person, account, contacts_of), true, found)
    errors = MatchErrors(recall=0.4, precision=0.97)
    figures: dict[str, float] = company_coverage(contacts, 20, people=200, errors=errors)["covered"]
    return figures


def test_found_labels_are_covered_where_their_mistakes_are_taken_in(covered: dict[str, float]) -> None:
    assert covered["true labels"] > 0.85
    assert covered["found labels, mistakes of contacts taken in"] > 0.85
    assert covered["found labels, mistakes of people taken in"] > 0.85
    assert covered["found labels, as if right"] < 0.6


def test_so_they_are_with_a_match_that_finds_few_links(covered: dict[str, float]) -> None:
    assert covered["found labels and match, mistakes of people taken in"] > 0.85
    assert covered["found labels and match, as if right"] < 0.3
