"""How often intervals of root causes hold the truth on a simulated company, with true and with found labels."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import NO_CAUSE
from listener.domain.mention import Mention
from listener.evaluation.triage import World
from listener.statistics.checked_parties import CheckedParties
from listener.statistics.confusion import Confusion
from listener.statistics.interval import Ints
from listener.statistics.proportion import wilson
from listener.statistics.shares import CauseCounts, corrected_shares, shares_as_checked
from stream.enrichment.pipeline import Enricher

NO_CONTACT: Final = frozenset({"mention", "copy", "spam"})
LEAST_SHARE: Final = 0.02
"""Root causes of fewer parties are left out: few samples have one."""
_BATCH: Final = 1000

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Contacts:
    """Contacts of a company's people, one entry each.

    Attributes:
        labels: every root cause that is true or found.
        party: number of who truly said it, 0..parties-1.
        true, found: place of the label.
    """

    labels: tuple[str, ...]
    parties: int
    party: Ints
    true: Ints
    found: Ints


def contacts_of(world: World, enricher: Enricher) -> Contacts:
    """What is a contact in truth, with the root cause that is true, and the first that enrichment finds."""
    mentions = [
        one
        for one in {one.mention_id: one for one in world.recorded if isinstance(one, Mention)}.values()
        if one.mention_id in world.mentions and world.mentions[one.mention_id].need not in NO_CONTACT
    ]
    batches = (mentions[start : start + _BATCH] for start in range(0, len(mentions), _BATCH))
    found = [
        one.root_causes[0].node if one.root_causes else NO_CAUSE
        for batch in batches
        for one in enricher.enrich(batch)
    ]
    truth = [world.mentions[one.mention_id] for one in mentions]
    labels = tuple(sorted({*found, *(one.root_cause for one in truth)}))
    place = {label: number for number, label in enumerate(labels)}
    names, party = np.unique([one.party for one in truth], return_inverse=True)
    return Contacts(
        labels,
        len(names),
        party.astype(np.int64),
        np.array([place[one.root_cause] for one in truth], dtype=np.int64),
        np.array([place[label] for label in found], dtype=np.int64),
    )


def company_coverage(contacts: Contacts, samples: int, *, people: int = 400, seed: int = 0) -> dict[str, Any]:
    """Draws people of the company again and again, each time with their contacts.

    The truth is each root cause's share of all its people. The intervals: Wilson's of the true labels; the same of
    the labels that were found, as if they were right; and those that take in the mistakes that were found in the
    contacts of as many other draws: `corrected_shares` contact by contact, `shares_as_checked` person by person.

    Returns:
        For each of them how often it covers, over all causes of at least `LEAST_SHARE` and all samples; and for
        each cause its share.
    """
    generator = np.random.default_rng(seed)
    everybody = np.arange(contacts.parties)
    order = np.argsort(contacts.party, kind="stable")
    bounds = np.searchsorted(contacts.party[order], np.arange(contacts.parties + 1))

    def drawn(those: Ints) -> tuple[Ints, Ints]:
        """Places of contacts, and of which draw each is."""
        each = [order[bounds[one] : bounds[one + 1]] for one in those.tolist()]
        return np.concatenate(each), np.repeat(np.arange(len(each)), [len(part) for part in each])

    truth = {
        label: len(np.unique(contacts.party[contacts.true == number])) / contacts.parties
        for number, label in enumerate(contacts.labels)
    }
    wanted = [label for label, share in truth.items() if share >= LEAST_SHARE and label != NO_CAUSE]
    names = (
        *("true labels", "found labels, as if right", "found labels, mistakes of contacts taken in"),
        "found labels, mistakes of people taken in",
    )
    hits = dict.fromkeys(names, 0)
    for _ in range(samples):
        places, draw = drawn(generator.choice(everybody, people))
        known, known_draw = drawn(generator.choice(everybody, people))
        confusion = Confusion(contacts.labels, _confusion(contacts, known))
        said = {
            label: CauseCounts(_histogram(draw, contacts.found[places] == number, people))
            for number, label in enumerate(contacts.labels)
        }
        checked = {
            label: _checked(
                known_draw, contacts.true[known] == number, contacts.found[known] == number, people
            )
            for number, label in enumerate(contacts.labels)
        }
        chance = int(generator.integers(1 << 30))
        by_contacts = corrected_shares(said, confusion, replicates=200, seed=chance)
        by_people = shares_as_checked(said, checked, seed=chance)
        for number, label in enumerate(contacts.labels):
            if label not in wanted:
                continue
            right = len(np.unique(draw[contacts.true[places] == number]))
            found = (
                *(wilson(right, people), wilson(said[label].with_cause, people)),
                *(by_contacts[label], by_people[label]),
            )
            for name, interval in zip(names, found, strict=True):
                hits[name] += interval.covers(truth[label])
    total = samples * len(wanted)
    return {
        "people": contacts.parties,
        "contacts": len(contacts.party),
        "labels_right": round(float((contacts.true == contacts.found).mean()), 3),
        "intervals": total,
        "covered": {name: round(count / total, 3) if total else None for name, count in hits.items()},
        "share": {label: round(truth[label], 3) for label in wanted},
    }


def _confusion(contacts: Contacts, places: Ints) -> Ints:
    size = len(contacts.labels)
    cells = contacts.true[places] * size + contacts.found[places]
    return np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)


def _checked(draw: Ints, true: Bools, found: Bools, people: int) -> CheckedParties:
    real, told = (np.bincount(draw[those], minlength=people) > 0 for those in (true, found))
    return CheckedParties(
        *(int(those.sum()) for those in (real & told, real & ~told, told & ~real, ~real & ~told))
    )


def _histogram(draw: Ints, with_it: Bools, people: int) -> Ints:
    contacts = np.bincount(draw, minlength=people)
    with_cause = np.bincount(draw, weights=with_it, minlength=people).astype(np.int64)
    cells, parties = np.unique(np.stack([contacts, with_cause], axis=1), axis=0, return_counts=True)
    return np.concatenate([cells, parties[:, None]], axis=1).astype(np.int64)
