"""How often intervals of root causes hold the truth on a simulated company, whether labels and match are right or
err."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import NEVER_OPENS, NO_CAUSE, Enrichment
from listener.evaluation.company_cases import first_cause
from listener.evaluation.drawn_people import AS_MADE_UP, Drawn, Draws, MatchErrors, Owners, owners_of
from listener.evaluation.triage import World
from listener.statistics.checked_parties import CheckedParties
from listener.statistics.confusion import Confusion
from listener.statistics.interval import Interval, Ints
from listener.statistics.linkage import LinkageQuality
from listener.statistics.proportion import wilson
from listener.statistics.shares import CauseCounts, corrected_shares, shares_as_checked

LEAST_SHARE: Final = 0.02
"""Root causes of fewer parties are left out: few samples have one."""
WAYS: Final = ("as if right", "mistakes of contacts taken in", "mistakes of people taken in")

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Contacts:
    """Contacts of a company's people, one entry each.

    Attributes:
        labels: every root cause that is true or found.
        owners: who truly said it.
        true, found: place of the label.
    """

    labels: tuple[str, ...]
    owners: Owners
    true: Ints
    found: Ints


def contacts_of(world: World, found: Mapping[str, Enrichment]) -> Contacts:
    """What is a contact in truth, with the root cause that is true, and the first that enrichment finds.

    Args:
        found: see `company_cases.found_in`.
    """
    truth = [world.mentions[name] for name in found if world.mentions[name].need not in NEVER_OPENS]
    causes = [first_cause(found[one.mention_id]) for one in truth]
    labels = tuple(sorted({*causes, *(one.root_cause for one in truth)}))
    place = {label: number for number, label in enumerate(labels)}
    return Contacts(
        labels,
        owners_of([one.party for one in truth], [one.author for one in truth]),
        np.array([place[one.root_cause] for one in truth], dtype=np.int64),
        np.array([place[label] for label in causes], dtype=np.int64),
    )


def company_coverage(
    contacts: Contacts,
    samples: int,
    *,
    people: int = 400,
    errors: MatchErrors = AS_MADE_UP,
    seed: int = 0,
) -> dict[str, Any]:
    """Draws people of the company again and again, each time with their contacts.

    The truth is each root cause's share of all its people. The intervals: Wilson's of the true labels; and of the
    labels that were found, first with the match that is right, then with one that errs: Wilson's as if they were
    right; and those that take in the mistakes that were found in the contacts of as many other draws:
    `corrected_shares` contact by contact, `shares_as_checked` party by party. Where the match errs, both take in
    what a sample of known links tells of it.

    Returns:
        For each of them how often it covers, over all causes of at least `LEAST_SHARE` and all samples; and for
        each cause its share.
    """
    generator = np.random.default_rng(seed)
    draws = Draws(contacts.owners)
    truth = {
        label: len(np.unique(contacts.owners.person[contacts.true == number])) / contacts.owners.people
        for number, label in enumerate(contacts.labels)
    }
    wanted = [label for label, share in truth.items() if share >= LEAST_SHARE and label != NO_CAUSE]
    matches = {"found labels": None, "found labels and match": errors}
    hits = dict.fromkeys(["true labels", *(f"{match}, {way}" for match in matches for way in WAYS)], 0)
    for _ in range(samples):
        drawn, known = draws.draw(people, generator), draws.draw(people, generator)
        for label in wanted:
            right = len(np.unique(drawn.draw[contacts.true[drawn.places] == contacts.labels.index(label)]))
            hits["true labels"] += wilson(right, people).covers(truth[label])
        for match, match_errors in matches.items():
            linkage = None if match_errors is None else match_errors.quality(generator)
            sample, checked = (_Sample(contacts, some, match_errors, generator) for some in (drawn, known))
            found = _intervals(sample, checked, wanted, linkage, int(generator.integers(1 << 30)))
            for way, intervals in zip(WAYS, found, strict=True):
                hits[f"{match}, {way}"] += sum(intervals[label].covers(truth[label]) for label in wanted)
    total = samples * len(wanted)
    return {
        "people": contacts.owners.people,
        "contacts": len(contacts.true),
        "labels_right": round(float((contacts.true == contacts.found).mean()), 3),
        "match": {"recall": errors.recall, "precision": errors.precision},
        "intervals": total,
        "covered": {name: round(count / total, 3) if total else None for name, count in hits.items()},
        "share": {label: round(truth[label], 3) for label in wanted},
    }


class _Sample:
    """Contacts of people who were drawn, with the parties that a match makes of them."""

    def __init__(
        self, contacts: Contacts, drawn: Drawn, errors: MatchErrors | None, generator: np.random.Generator
    ) -> None:
        self.labels = contacts.labels
        self.true, self.found = contacts.true[drawn.places], contacts.found[drawn.places]
        self.account = drawn.first_account[drawn.draw] + contacts.owners.account[drawn.places]
        parties, self.party = np.unique(drawn.parties(errors, generator)[self.account], return_inverse=True)
        self.parties = len(parties)

    def counts(self) -> dict[str, CauseCounts]:
        """What ClickHouse counts."""
        return {
            label: CauseCounts(
                _histogram(self.party, self.found == number, self.parties),
                len(np.unique(self.account[self.found == number])),
            )
            for number, label in enumerate(self.labels)
        }

    def confusion(self) -> Confusion:
        """Contact by contact."""
        size = len(self.labels)
        cells = np.bincount(self.true * size + self.found, minlength=size * size)
        return Confusion(self.labels, cells.reshape(size, size).astype(np.int64))

    def checked(self, label: str) -> CheckedParties:
        """Party by party."""
        number = self.labels.index(label)
        real, told = (
            np.bincount(self.party[those], minlength=self.parties) > 0
            for those in (self.true == number, self.found == number)
        )
        return CheckedParties(
            *(int(those.sum()) for those in (real & told, real & ~told, told & ~real, ~real & ~told))
        )


def _intervals(
    sample: _Sample, known: _Sample, wanted: Sequence[str], linkage: LinkageQuality | None, seed: int
) -> list[dict[str, Interval]]:
    """For each of `WAYS`, by cause."""
    said = sample.counts()
    accounts = None if linkage is None else len(np.unique(sample.account))
    return [
        {label: wilson(said[label].with_cause, sample.parties) for label in wanted},
        corrected_shares(
            said, known.confusion(), accounts=accounts, linkage=linkage, replicates=200, seed=seed
        ),
        shares_as_checked(
            {label: said[label] for label in wanted},
            {label: known.checked(label) for label in wanted},
            accounts=accounts,
            linkage=linkage,
            seed=seed,
        ),
    ]


def _histogram(party: Ints, with_it: Bools, parties: int) -> Ints:
    contacts = np.bincount(party, minlength=parties)
    with_cause = np.bincount(party, weights=with_it, minlength=parties).astype(np.int64)
    cells, alike = np.unique(np.stack([contacts, with_cause], axis=1), axis=0, return_counts=True)
    return np.concatenate([cells, alike[:, None]], axis=1).astype(np.int64)
