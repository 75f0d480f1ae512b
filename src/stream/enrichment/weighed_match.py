"""Which customer an author is by several weak agreements together, where no key tells it alone.

Exact keys come first (`customer_match`); this is asked where they find nobody, or several who share a key. Every
customer who shares a blocking key with the author is compared; the best is the one only if

- the odds that it is the author are above the weights' `probability`,
- it is ahead of the second best by `margin_bits`, also of anybody in a crowd too large to look through,
- and what agrees beside names weighs `BEYOND_NAME` bits at least: nobody is matched by name alone. An account or a
  mailbox that is made of the name (``janedoe``) is the name once more, and counts only as far as it says more.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log2
from typing import NamedTuple

from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.linkage.blocking import Blocking
from stream.enrichment.linkage.comparison import LEVELS
from stream.enrichment.linkage.values import Record, accounts, normal_values, split_name
from stream.enrichment.linkage.weights import (
    BITS_PER_LETTER,
    NAME_KINDS,
    SWAPPED_FIELD,
    Agreement,
    Occurrences,
    Scorer,
    Weights,
)

MOST_IN_BLOCK = 50
"""Customers with the same key who are compared; what more of them share tells hardly anything."""
MOST_COMPARED = 100
"""Customers who are compared with one author, those with the rarest keys first."""
BEYOND_NAME = 6.0
"""Bits beside names without which nobody is matched: what one in 64 has."""
SHOWN = frozenset({"given", "surname", "place", "account"})
"""Fields whose values stand in the evidence; of others it only says that they agree."""
MIN_PART = 3
"""Shorter names are not looked for in accounts."""


class Weighed(NamedTuple):
    """A candidate.

    Attributes:
        customer_id: whom it would be.
        agreements: what each field says.
        bits: of all together.
        beyond_name: of what is not a name.
    """

    customer_id: str
    agreements: tuple[Agreement, ...]
    bits: float
    beyond_name: float


class Verdict(NamedTuple):
    """What the weighing came to.

    Attributes:
        best: the one who it is; None where nobody is.
        close: those too near each other to choose from, the likeliest first; empty where nobody is likely.
        odds: log-odds of the best.
        ahead: by how many bits the best is ahead of the next.
    """

    best: Weighed | None
    close: tuple[Weighed, ...]
    odds: float = 0.0
    ahead: float = 0.0


class Comparer:
    """Makes records comparable, and weighs them.

    Args:
        weights: which fields count how much.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.scorer = Scorer(weights)
        self.blocking = Blocking(weights)
        self._kinds = {name: field.kind for name, field in weights.fields.items()}
        self._names = frozenset(n for n, f in weights.fields.items() if f.kind in NAME_KINDS) | {
            SWAPPED_FIELD
        }

    def record(
        self,
        names: Iterable[str],
        handles: Iterable[str],
        phones: Iterable[str],
        places: Iterable[str],
        details: Mapping[str, Sequence[str]],
    ) -> Record:
        """What is compared, in normal form.

        Args:
            handles: also addresses, of which the part before the @ counts.
            phones: in normal form already.
            details: field to values, of which those count that have weights.
        """
        split = [split_name(name) for name in names]
        found: dict[str, tuple[str, ...]] = {
            "given": tuple(dict.fromkeys(given for given, _ in split if given)),
            "surname": tuple(dict.fromkeys(surname for _, surname in split if surname)),
            "account": accounts(handles),
            "phone": tuple(phones),
            "place": normal_values("place", places),
        }
        if details:
            for name, kind in self._kinds.items():
                if name in details:
                    told = (*found.get(name, ()), *normal_values(kind, details[name]))
                    found[name] = tuple(dict.fromkeys(told))
        return {name: values for name, values in found.items() if values}

    def author_record(self, identity: AuthorIdentity) -> Record:
        """What is compared of an author."""
        return self.record(
            identity.names,
            (*identity.verified_handles, *identity.handles, *identity.emails),
            identity.phones,
            identity.places,
            details_by_field(told.partition("=")[::2] for told in identity.details),
        )

    def weigh(
        self,
        ours: Record,
        others: Iterable[tuple[str, Record]],
        occurrences: Occurrences,
        records: int,
    ) -> list[Weighed]:
        """Compares an author's record with customers'.

        Args:
            others: customer ids and records.
            occurrences, records: as for `Scorer.beside`.
        """
        comparison = self.scorer.beside(ours, occurrences, records)
        weighed = []
        for customer_id, theirs in others:
            agreements = comparison.agreements(theirs)
            bits = beyond = 0.0
            for place, found in enumerate(agreements):
                if found.field == "account" and found.bits > 0:
                    found = found._replace(bits=min(found.bits, _news(found.value, ours, theirs)))
                    agreements[place] = found
                bits += found.bits
                if found.field not in self._names:
                    beyond += found.bits
            weighed.append(Weighed(customer_id, tuple(agreements), bits, beyond))
        return weighed

    def verdict(
        self, candidates: Iterable[Weighed], rejected: frozenset[str], unseen: float, records: int
    ) -> Verdict:
        """Who it is, if anybody.

        Args:
            candidates: all that were compared, also those whom a person rejected: they stay rivals.
            unseen: the most bits that somebody could have who was not compared.
            records: how many customers there are.
        """
        ranked = sorted(candidates, key=lambda one: (-one.bits, one.customer_id))
        prior, needed, margin = self.scorer.prior(records), self.scorer.needed, self.weights.margin_bits
        likely = [one for one in ranked if one.bits + prior >= needed and one.beyond_name >= BEYOND_NAME]
        if not likely or ranked[0].customer_id in rejected:
            return Verdict(None, ())
        best = likely[0]
        rivals = [one.bits for one in ranked if one is not best]
        ahead = best.bits - max([unseen, *rivals[:1]])
        if best is ranked[0] and ahead >= margin:
            return Verdict(best, (), best.bits + prior, ahead)
        return Verdict(None, tuple(one for one in ranked if one.bits > best.bits - margin))

    def in_words(self, found: Weighed, occurrences: Occurrences, records: int) -> list[str]:
        """The agreements, one a sentence, that a person can check."""
        return [self._sentence(agreed, occurrences, records) for agreed in found.agreements]

    def _sentence(self, agreed: Agreement, occurrences: Occurrences, records: int) -> str:
        if agreed.field == SWAPPED_FIELD:
            return f"given name and surname stand in each other's place ({agreed.bits:+.1f} bits)"
        kind = self.weights.fields[agreed.field].kind
        what = agreed.field.replace("_", " ")
        shown = f" {agreed.value}" if agreed.field in SHOWN else ""
        told = f"{what}{shown} {LEVELS[kind][agreed.level]}"
        if agreed.level == len(LEVELS[kind]) - 1:
            told += f", as with {occurrences(agreed.field, agreed.value)} of {records} customers"
        return f"{told} ({agreed.bits:+.1f} bits)"


def details_by_field(told: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    """Field to values, of pairs of them."""
    found: dict[str, list[str]] = {}
    for field, value in told:
        found.setdefault(field, []).append(value)
    return found


def _news(account: str, ours: Record, theirs: Record) -> float:
    """The most bits that an account tells beyond the names that it is made of."""
    rest = account
    parts = {
        part
        for record in (ours, theirs)
        for field in ("given", "surname")
        for part in record.get(field, ())
        if len(part) >= MIN_PART
    }
    for part in sorted(parts, key=lambda part: (-len(part), part)):
        rest = rest.replace(part, "")
    return BITS_PER_LETTER * len(rest)


def chance_in_words(odds: float) -> str:
    """Log-odds as a chance of being wrong."""
    return (
        f"about 1 in {round(2 ** min(odds, 40.0)):,}" if odds < log2(1e9) else "less than 1 in 1,000,000,000"
    )
