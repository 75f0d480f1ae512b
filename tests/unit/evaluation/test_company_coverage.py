"""True labels are covered; found ones only where their mistakes are taken in."""

import numpy as np

from listener.evaluation.company_coverage import Contacts, company_coverage


def test_found_labels_are_covered_where_their_mistakes_are_taken_in() -> None:
    chance = np.random.default_rng(1)
    party = np.repeat(np.arange(600), chance.integers(1, 4, 600))
    true = chance.integers(0, 2, 600)[party]
    found = np.where(chance.random(len(party)) < 0.3, 2, true)
    contacts = Contacts(("bags", "delay", "unknown"), 600, party, true, found)
    covered = company_coverage(contacts, 12, people=200)["covered"]
    assert covered["true labels"] > 0.8
    assert covered["found labels, mistakes of contacts taken in"] > 0.8
    assert covered["found labels, mistakes of people taken in"] > 0.8
    assert covered["found labels, as if right"] < 0.6
