"""Chance that depends on the seed and on what it is for, and on nothing else: same seed, same world."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


def chance(*parts: object) -> Random:
    """A source of randomness of its own for whatever `parts` name, the same on every machine."""
    raw = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return Random(int.from_bytes(raw, "big"))  # noqa: S311 - a simulation, not a secret


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count; above a mean of 50 by its normal approximation."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def weighted(rng: Random, items: Sequence[tuple[T, float]]) -> T:
    """One of `items`, each given with its weight (none below zero)."""
    drawn = rng.random() * sum(weight for _, weight in items)
    for item, weight in items:
        drawn -= weight
        if drawn < 0:
            return item
    return items[-1][0]


def around(rng: Random, median: float, spread: float) -> float:
    """A positive figure with this median: lognormal, `spread` being the deviation of its logarithm."""
    return median * math.exp(rng.gauss(0.0, spread))
