"""What each agreement is worth: the log-odds of Fellegi and Sunter.

For a field at level l, m is the probability of that level where both records are about the same person, u
where they are about two. The level weighs log2(m / u) bits; bits of independent fields add up (Fellegi &
Sunter 1969). Where values are the same, u is taken from how often that very value occurs (Winkler's
adjustment by frequency):

    u(value) = (occurrences - 1 + 1) / (records - 1 + 1 / u)

which is the mean u in a small table and the share of the value in a large one. A field that one side does not tell
says nothing. The odds before any comparison are one in the number of people whom it could be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import log2
from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from listener.domain.document import Document
from stream.enrichment.linkage.comparison import LEVELS, best_level, level
from stream.enrichment.linkage.values import Kind, Record

Occurrences = Callable[[str, str], int]
"""How many records have a value in a field."""
Fields = tuple[str, ...]
"""The fields that a key is made of, by which records are found."""
Blocks = Literal["alone", "paired", "never"]
BITS_PER_LETTER = 2.0
"""What a letter of an account's name tells at least; measured entropies are higher (Perito et al. 2011)."""
NAME_KINDS: frozenset[Kind] = frozenset({"given", "surname"})
SWAPPED_FIELD = "swapped"
SWAPPED_BITS = -5.0
"""One record in 32 has given name and surname in each other's place."""


class FieldWeights(Document):
    """One field: how it is compared, and what its levels are worth."""

    kind: Kind
    m: tuple[float, ...]
    """Probability of each level for one person, from differing to the same; `comparison.LEVELS` has them in
    words."""
    u: tuple[float, ...]
    """The same for two persons taken at random."""
    block: Blocks = "paired"
    """Whether records that agree here are compared: alone, only together with another field, or never."""
    most_bits: float = Field(default=24.0, gt=0, le=64)
    """No agreement is worth more, however rare the value."""

    @model_validator(mode="after")
    def _as_many_as_levels(self) -> Self:
        for name, values in (("m", self.m), ("u", self.u)):
            if len(values) != len(LEVELS[self.kind]):
                raise ValueError(f"{name}: {self.kind} has {len(LEVELS[self.kind])} levels")
            if any(not 0 < value < 1 for value in values) or abs(sum(values) - 1) > 0.01:
                raise ValueError(f"{name}: probabilities above 0 and below 1 that add up to 1")
        return self


class Weights(Document):
    """What decides whether two records are about one person."""

    fields: dict[str, FieldWeights]
    population: float = Field(default=1_000_000, ge=1)
    """How many people it could be at least; where more customers are known, so many."""
    probability: float = Field(default=0.9999, gt=0.5, lt=1)
    """From which on a match is made: below, it is nobody."""
    margin_bits: float = Field(default=4.0, ge=0)
    """By how much the best must be ahead of the second."""


class Agreement(NamedTuple):
    """What one field says.

    Attributes:
        value: of the record that is looked up.
        level: index into `LEVELS`.
        bits: above 0 for the same person, below for two.
    """

    field: str
    value: str
    level: int
    bits: float


class Scorer:
    """Compares records by weights.

    Args:
        weights: of the fields.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._fields = list(weights.fields.items())
        self._bits = {
            name: [min(log2(m / u), field.most_bits) for m, u in zip(field.m, field.u, strict=True)]
            for name, field in self._fields
        }
        kinds = {field.kind: name for name, field in self._fields if field.kind in NAME_KINDS}
        self._swap = (kinds["given"], kinds["surname"]) if len(kinds) == 2 else None
        self.needed = log2(weights.probability / (1 - weights.probability))
        """Log-odds from which on a match is made."""

    def prior(self, records: int) -> float:
        """Log-odds that a certain one of so many is the one, before anything is compared."""
        return -log2(max(records, self.weights.population))

    def beside(self, ours: Record, occurrences: Occurrences, records: int) -> "Comparison":
        """Begins to compare a record with others.

        Args:
            occurrences: of values among the customers.
            records: how many customers there are.
        """
        return Comparison(self._fields, self._bits, self._swap, ours, occurrences, records)

    def most(
        self, ours: Record, looked_through: Collection[Fields], occurrences: Occurrences, records: int
    ) -> float:
        """The most that a record could weigh, or more.

        Args:
            looked_through: fields of keys by which it would have been found: it is not the same in all the
                fields of any of them.
        """
        total = 0.0
        lost: dict[str, float] = {}
        """Field to what is missing where it is not the same."""
        for name, field in self._fields:
            if values := ours.get(name):
                lesser = max(0.0, *self._bits[name][:-1])
                same = max(_of_same(field, occurrences(name, value), records) for value in values)
                total += max(lesser, same)
                lost[name] = max(0.0, same - lesser)
        # each field counts once, so that no two keys take the same difference away
        by_least = sorted(looked_through, key=lambda fields: -min(lost.get(name, 0.0) for name in fields))
        for fields in sorted(by_least, key=len):
            if all(name in lost for name in fields):
                total -= min(lost.pop(name) for name in fields)
        return total


class Comparison:
    """One record beside many: what two values say is found once, however many records have them.

    Args:
        fields, bits, swap: of the scorer.
        ours: the record.
        occurrences: of values among the customers.
        records: how many customers there are.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, FieldWeights]],
        bits: Mapping[str, Sequence[float]],
        swap: tuple[str, str] | None,
        ours: Record,
        occurrences: Occurrences,
        records: int,
    ) -> None:
        self._fields = [(name, field, ours[name]) for name, field in fields if ours.get(name)]
        self._bits = bits
        self._swap = swap
        self._ours = ours
        self._occurrences = occurrences
        self._records = records
        self._found: dict[tuple[str, str, tuple[str, ...]], Agreement] = {}

    def agreements(self, theirs: Record) -> list[Agreement]:
        """What each field says that both tell, in the order of the weights."""
        swapped = self._swap is not None and are_swapped(self._ours, theirs, *self._swap)
        told: list[Agreement] = []
        for name, field, mine in self._fields:
            at = self._other(name) if swapped else name
            others = theirs.get(at)
            if not others:
                continue
            found = self._found.get((name, at, others))
            if found is None:
                found = self._found[name, at, others] = self._agreement(name, at, field, mine, others)
            told.append(found)
        if swapped:
            told.append(Agreement(SWAPPED_FIELD, "", 0, SWAPPED_BITS))
        return told

    def _agreement(
        self, name: str, at: str, field: FieldWeights, mine: tuple[str, ...], others: tuple[str, ...]
    ) -> Agreement:
        if len(mine) == len(others) == 1:
            reached, value = level(field.kind, mine[0], others[0]), mine[0]
        else:
            reached, value = best_level(field.kind, mine, others)
        bits = self._bits[name][reached]
        if reached == len(field.m) - 1:
            bits = _of_same(field, self._occurrences(at, value), self._records)
        return Agreement(name, value, reached, bits)

    def _other(self, name: str) -> str:
        """The field in which a name stands that is in the wrong place."""
        if self._swap is None or name not in self._swap:
            return name
        return self._swap[1] if name == self._swap[0] else self._swap[0]


def _of_same(field: FieldWeights, occurrences: int, records: int) -> float:
    """Bits of a value that is the same, by how often it occurs."""
    share = max(occurrences, 1) / (max(records, 1) - 1 + 1 / field.u[-1])
    return min(log2(field.m[-1] / min(share, 1.0)), field.most_bits)


def are_swapped(ours: Record, theirs: Record, given: str, surname: str) -> bool:
    """Whether the given name of one is the surname of the other, and nothing agrees straight."""
    first, last = ours.get(given), ours.get(surname)
    others_first, others_last = theirs.get(given), theirs.get(surname)
    crossed = bool(first and others_last and first[0] == others_last[0])
    crossed_back = bool(last and others_first and last[0] == others_first[0])
    if not (crossed or crossed_back):
        return False
    straight = bool(first and others_first and level("given", first[0], others_first[0]) >= 2) or bool(
        last and others_last and level("surname", last[0], others_last[0]) >= 2
    )
    return not straight
