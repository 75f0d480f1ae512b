"""How a section is to be run."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.world import Texts


@dataclass(frozen=True)
class Options:
    """The command line, for all sections alike.

    Attributes:
        quick: a smoke run: small, once; its figures say nothing.
        mentions: how many are published.
        repeat: how often each contender runs; the median counts.
        only: parts of names; other contenders are left out.
        parties: how many parties there are, one measurement each.
        customers: how many customers the matcher knows, one measurement each.
    """

    quick: bool = False
    mentions: int = 20_000
    repeat: int = 3
    texts: Texts | None = None
    only: Sequence[str] = ()
    parties: Sequence[int] = (10_000, 100_000, 1_000_000)
    customers: Sequence[int] = (100_000, 1_000_000)
    seconds: float = 20.0

    def chosen(self, contender: str) -> bool:
        """Whether `only` leaves this contender in."""
        return not self.only or any(part in contender for part in self.only)

    def tell(self, words: str) -> None:
        """Says on standard error how far it is."""
        print(words, file=sys.stderr, flush=True)
