"""Precision and recall of what was found, and of how things were grouped."""

from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Found:
    """How much of what was found is true, and how much of what is true was found.

    Attributes:
        true: how many there are in truth.
        found: how many were found.
        right: how many of those are true.
    """

    true: int
    found: int
    right: int

    @classmethod
    def of(cls, true: Set[T], found: Set[T]) -> "Found":
        """Compares two sets."""
        return cls(len(true), len(found), len(true & found))

    @property
    def precision(self) -> float | None:
        """right / found; None where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """right / true; None where there was nothing to find."""
        return self.right / self.true if self.true else None

    def figures(self) -> dict[str, int | float | None]:
        """For JSON; shares with four digits."""
        return {
            "true": self.true,
            "found": self.found,
            "right": self.right,
            "precision": _rounded(self.precision),
            "recall": _rounded(self.recall),
        }


def b_cubed(true: Mapping[T, Hashable], found: Mapping[T, Hashable]) -> tuple[float | None, float | None]:
    """Precision and recall of a grouping, averaged over the things grouped.

    Of each thing: the share of its found group that truly belongs with it, and the share of its true group that
    was found with it. (A. Bagga and B. Baldwin, Algorithms for Scoring Coreference Chains, 1998.)

    Args:
        true: thing to the name of its true group.
        found: thing to the name of the group that was found; what is in only one of the two is left out.
    """
    things = true.keys() & found.keys()
    if not things:
        return None, None
    by_true: dict[Hashable, set[T]] = {}
    by_found: dict[Hashable, set[T]] = {}
    for thing in things:
        by_true.setdefault(true[thing], set()).add(thing)
        by_found.setdefault(found[thing], set()).add(thing)
    precision = recall = 0.0
    for thing in things:
        ours, theirs = by_found[found[thing]], by_true[true[thing]]
        common = len(ours & theirs)
        precision += common / len(ours)
        recall += common / len(theirs)
    return _rounded(precision / len(things)), _rounded(recall / len(things))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
