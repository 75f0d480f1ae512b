"""Weights estimated from records alone, without anybody having said which of them belong together.

u of a level is its share among pairs of records taken at random, hardly any of which are of one person; the
share of equal values is counted over all pairs at once. m is found by expectation and maximisation
(Dempster, Laird & Rubin 1977; Winkler 1988) over the pairs that share a key: these are taken for a mixture
of pairs of one person and of two, the latter with a distribution of their own, since sharing a key makes
them more alike than pairs at random. Each pattern of levels is looked at once, with its count, so that the
effort hardly grows with the records.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import exp, log
from random import Random
from typing import NamedTuple

from stream.enrichment.linkage.blocking import Blocking
from stream.enrichment.linkage.comparison import best_level
from stream.enrichment.linkage.values import Record
from stream.enrichment.linkage.weights import Weights, are_swapped

RANDOM_PAIRS = 50_000
MOST_IN_BLOCK = 100
"""A key that more records share tells too little to compare all of them."""
FIRST_PAIRS = 20
"""As so many pairs counts what was thought before any were seen."""
ROUNDS = 100
ENOUGH = 1e-6
"""Change of the share of matches below which nothing is to be gained any more."""
Pattern = tuple[int, ...]
"""Level by field; -1 where one side does not tell."""


class TooLittle(Exception):
    """There are too few records, or too few that are alike, to estimate anything."""


def candidate_pairs(
    ours: Sequence[Record], theirs: Sequence[Record] | None, blocking: Blocking
) -> set[tuple[int, int]]:
    """The pairs that share a key, as places in both; without others, pairs within `ours` by wider keys,
    lower first."""
    blocks: dict[str, list[int]] = defaultdict(list)
    if theirs is None:
        for place, record in enumerate(ours):
            for key in dict.fromkeys(blocking.wide_keys(record)):
                blocks[key].append(place)
        usable = [block for block in blocks.values() if len(block) <= MOST_IN_BLOCK]
        return {pair for block in usable for pair in combinations(block, 2)}
    for place, record in enumerate(theirs):
        for _, key in blocking.keys(record):
            blocks[key].append(place)
    return {
        (place, other)
        for place, record in enumerate(ours)
        for _, key in blocking.keys(record)
        if len(block := blocks.get(key, ())) <= MOST_IN_BLOCK
        for other in block
    }


class Estimate(NamedTuple):
    """What records show.

    Attributes:
        weights: of their fields.
        matches: how many of the pairs that were compared are of one person.
    """

    weights: Weights
    matches: float


def estimate(
    weights: Weights, ours: Sequence[Record], theirs: Sequence[Record] | None = None, seed: int = 1
) -> Estimate:
    """The same fields with probabilities as these records show them.

    Args:
        weights: fields, and where the search begins.
        ours: records, such as what authors tell.
        theirs: records in which `ours` are looked for; None where pairs within `ours` are meant.
        seed: of the pairs that are taken at random.

    Raises:
        TooLittle: nothing can be estimated from these.
    """
    others = ours if theirs is None else theirs
    if min(len(ours), len(others)) < 2:
        raise TooLittle("at least two records on each side are needed")
    names = list(weights.fields)
    kinds = [field.kind for field in weights.fields.values()]
    swap = [n for kind in ("given", "surname") for n, f in weights.fields.items() if f.kind == kind]

    def pattern(one: Record, other: Record) -> Pattern:
        turned = len(swap) == 2 and are_swapped(one, other, swap[0], swap[1])
        found = []
        for name, kind in zip(names, kinds, strict=True):
            at = swap[1 - swap.index(name)] if turned and name in swap else name
            mine, theirs_ = one.get(name), other.get(at)
            found.append(best_level(kind, mine, theirs_)[0] if mine and theirs_ else -1)
        return tuple(found)

    chance = Random(seed)  # noqa: S311  # a sample, no secret
    at_random: Counter[Pattern] = Counter()
    for _ in range(RANDOM_PAIRS):
        one, other = chance.randrange(len(ours)), chance.randrange(len(others))
        if theirs is not None or one != other:
            at_random[pattern(ours[one], others[other])] += 1
    pairs = candidate_pairs(ours, theirs, Blocking(weights))
    alike = Counter(pattern(ours[one], others[other]) for one, other in sorted(pairs))
    if sum(alike.values()) < 10:
        raise TooLittle("hardly any two of these records have anything in common")
    randomly = [
        _with_first(_levels(at_random, place), field.u) for place, field in enumerate(weights.fields.values())
    ]
    m, matches = _maximise(alike, [field.m for field in weights.fields.values()], randomly)
    fields = {}
    for place, (name, field) in enumerate(weights.fields.items()):
        u = list(randomly[place])
        equal = _equal_share(ours, others, name, within=theirs is None, matches=matches * m[place][-1])
        if equal is not None:
            rest = sum(u[:-1])
            u = [value / rest * (1 - equal) for value in u[:-1]] + [equal]
        fields[name] = field.model_copy(update={"m": m[place], "u": tuple(u)})
    return Estimate(weights.model_copy(update={"fields": fields}), matches)


def _levels(patterns: Mapping[Pattern, float], place: int) -> Counter[int]:
    found: Counter[int] = Counter()
    for pattern, count in patterns.items():
        if pattern[place] >= 0:
            found[pattern[place]] += count  # type: ignore[assignment]  # counts may be shares
    return found


def _equal_share(
    ours: Sequence[Record], others: Sequence[Record], name: str, *, within: bool, matches: float
) -> float | None:
    """Which share of all pairs of two persons has the same value; None where nothing can be counted."""
    mine = Counter(value for record in ours for value in record.get(name, ())[:1])
    theirs = mine if within else Counter(value for record in others for value in record.get(name, ())[:1])
    told, told_by_others = sum(mine.values()), sum(theirs.values())
    if within:
        pairs = told * (told - 1) / 2
        equal = sum(count * (count - 1) / 2 for count in mine.values())
    else:
        pairs = float(told * told_by_others)
        equal = float(sum(count * theirs[value] for value, count in mine.items()))
    if pairs < 1:
        return None
    return min(max(equal - matches, 0.5) / pairs, 0.9)


def _maximise(
    alike: Mapping[Pattern, int], first_m: Sequence[tuple[float, ...]], first_u: Sequence[tuple[float, ...]]
) -> tuple[list[tuple[float, ...]], float]:
    """m of each field, and how many of the pairs are of one person."""
    total = sum(alike.values())
    m, u, share = list(first_m), list(first_u), 0.5
    for _ in range(ROUNDS):
        bits = [
            [log(same / other) for same, other in zip(*both, strict=True)] for both in zip(m, u, strict=True)
        ]
        before_all = log(share / (1 - share))
        likely: dict[Pattern, float] = {}
        for pattern, count in alike.items():
            odds = before_all + sum(
                bits[place][reached] for place, reached in enumerate(pattern) if reached >= 0
            )
            likely[pattern] = count / (1 + exp(-max(-50.0, min(50.0, odds))))
        unlikely = {pattern: count - likely[pattern] for pattern, count in alike.items()}
        m = [_with_first(_levels(likely, place), first) for place, first in enumerate(first_m)]
        u = [_with_first(_levels(unlikely, place), first) for place, first in enumerate(first_u)]
        before, share = share, min(max(sum(likely.values()) / total, 1e-6), 1 - 1e-6)
        if abs(share - before) < ENOUGH:
            break
    return m, share * total


def _with_first(counts: Mapping[int, float], first: tuple[float, ...]) -> tuple[float, ...]:
    """Counts by level as probabilities, with what was thought at first as some pairs more: so nothing is 0
    or 1."""
    whole = sum(counts.values()) + FIRST_PAIRS
    return tuple((counts.get(index, 0.0) + FIRST_PAIRS * known) / whole for index, known in enumerate(first))
