"""People as many as wanted, whose names and towns are as unevenly spread as in life; each follows from a number.

Names are made of syllables. The commonest surname has one person in 65, the commonest given name one in 43, the
largest town one in 31.
"""

from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

from listener.domain.customer import Customer, Handle
from stream.enrichment.identity import AuthorIdentity

ONSETS = (
    "b",
    "br",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "th",
    "v",
    "w",
)
VOWELS = ("a", "e", "i", "o", "u", "ea", "ou")
CODAS = ("", "l", "n", "r", "s", "rd", "nt", "ck")
SURNAMES, GIVEN, TOWNS = 20_000, 1_500, 400
SHIFT = 8


SPREAD = 7919
"""Takes ranks that follow each other to words that are unlike each other."""


def _word(rank: int, syllables: int) -> str:
    word, number = "", rank * SPREAD
    for _ in range(syllables):
        number, onset = divmod(number, len(ONSETS))
        number, vowel = divmod(number, len(VOWELS))
        word += ONSETS[onset] + VOWELS[vowel]
    return (word + CODAS[number % len(CODAS)]).capitalize()


@cache
def _ranks(count: int) -> list[float]:
    return list(accumulate(1 / (rank + SHIFT) for rank in range(count)))


def _rank(chance: Random, count: int) -> int:
    ranks = _ranks(count)
    return bisect(ranks, chance.random() * ranks[-1])


@dataclass(frozen=True)
class Somebody:
    """One of them."""

    number: int
    name: str
    town: str
    account: str

    @property
    def customer(self) -> Customer:
        """What a company knows of a customer: a name, a town, an address, a telephone number, an account."""
        return Customer(
            customer_id=f"C{self.number:08d}",
            names=(self.name,),
            places=(self.town,),
            emails=(self.email,),
            phones=(f"+4420{self.number:08d}",),
            handles=(Handle(source_kind="social", handle=self.account),),
            segment="standard",
        )

    @property
    def email(self) -> str:
        """The address."""
        return f"person.{self.number}@example{self.number % 50}.com"

    @property
    def with_keys(self) -> AuthorIdentity:
        """Who writes from an account that the company knows, and gives an e-mail address."""
        return AuthorIdentity(
            author=f"social:{self.number}",
            source_kind="social",
            emails=(self.email,),
            verified_handles=(self.account.casefold(),),
        )

    @property
    def without_keys(self) -> AuthorIdentity:
        """Who writes elsewhere, where an account of that name may be anybody's, and tells a name and a town."""
        return AuthorIdentity(
            author=f"forum:{self.number}",
            source_kind="forum",
            names=(self.name.casefold(),),
            places=(self.town.casefold(),),
            verified_handles=(self.account.casefold(),),
        )


def somebody(number: int) -> Somebody:
    """Always the same for the same number."""
    chance = Random(number)
    given, surname = _word(_rank(chance, GIVEN), 2), _word(_rank(chance, SURNAMES), 3)
    account = f"{_word(chance.randrange(9_000), 2)}{number}"
    return Somebody(number, f"{given} {surname}", _word(_rank(chance, TOWNS), 2), account)
