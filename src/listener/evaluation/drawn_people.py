"""People drawn from a company, and the parties that a match makes of their accounts, be it wrong at times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from listener.statistics.interval import Ints
from listener.statistics.linkage import LinkageQuality

_KNOWN_LINKS: Final = 400
"""Accounts whose owners are known, which tell how right the match is."""


@dataclass(frozen=True)
class MatchErrors:
    """How a match errs.

    Attributes:
        recall: share of the links between two accounts of a person that are made; else the accounts fall apart.
        precision: share of the links made that are right; a wrong one ties the account to somebody else.
    """

    recall: float = 0.85
    precision: float = 0.97

    def quality(self, generator: np.random.Generator) -> LinkageQuality:
        """What is known of it, from a sample."""
        made = int(generator.binomial(_KNOWN_LINKS, self.recall))
        right = int(generator.binomial(made, self.precision))
        return LinkageQuality(right, made - right, _KNOWN_LINKS - right)


AS_MADE_UP: Final = MatchErrors()
"""As often as the match errs in `listener.evaluation.coverage`."""


@dataclass(frozen=True)
class Owners:
    """Whose the records of a company are, one entry a record.

    Attributes:
        person: who truly is behind it, 0..people-1.
        account: the account it came from, counted from 0 for each person.
        accounts: how many each person has, one entry a person.
    """

    person: Ints
    account: Ints
    accounts: Ints

    @property
    def people(self) -> int:
        """How many there are."""
        return len(self.accounts)

    @property
    def first_account(self) -> Ints:
        """Number of each person's first account among all accounts."""
        return np.cumsum(self.accounts) - self.accounts


class Records:
    """Records of people, to be found by person.

    Args:
        person: whose they are, one entry a record.
        people: how many there are.
    """

    def __init__(self, person: Ints, people: int) -> None:
        self._order = np.argsort(person, kind="stable")
        bounds = np.searchsorted(person[self._order], np.arange(people + 1))
        self._first, self._sizes = bounds[:-1], np.diff(bounds)

    def of(self, people: Ints) -> tuple[Ints, Ints]:
        """Places of the records of these people, and for each the place of its person among them."""
        sizes = self._sizes[people]
        return self._order[_runs(self._first[people], sizes)], np.repeat(np.arange(len(people)), sizes)


@dataclass(frozen=True)
class Drawn:
    """Records of people who were drawn, one entry a record; who is drawn twice counts as two people.

    Attributes:
        people: who was drawn, one entry a draw.
        places: of the records in the company's.
        draw: number of the draw.
        accounts: how many they have together.
        first_account: number of the draw's first account among all accounts, one entry a draw.
        account_places: of the accounts in the company's, one entry an account.
    """

    people: Ints
    places: Ints
    draw: Ints
    accounts: int
    first_account: Ints
    account_places: Ints

    def parties(self, errors: MatchErrors | None, generator: np.random.Generator) -> Ints:
        """The party of each account as a match that errs like this makes it; None never errs.

        An account that is wrongly tied goes to the party of anybody drawn. First accounts stay where they are.
        """
        sizes = np.diff(np.append(self.first_account, self.accounts))
        home = np.repeat(np.arange(len(sizes)), sizes)
        if errors is None:
            return home
        later = np.arange(self.accounts) != self.first_account[home]
        linked = generator.random(self.accounts) < errors.recall
        wrong = generator.random(self.accounts) > errors.precision
        somebody = generator.integers(0, len(sizes), self.accounts)
        alone = len(sizes) + np.arange(self.accounts)
        tied = np.where(wrong, somebody, home)
        return np.where(later, np.where(linked, tied, alone), home)


class Draws:
    """Draws people with all their records."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._records = Records(owners.person, owners.people)
        self._everybody = np.arange(owners.people)

    def draw(self, people: int, generator: np.random.Generator) -> Drawn:
        """So many, each as likely as the other whenever one is drawn."""
        return self._of(generator.choice(self._everybody, people))

    def everybody(self) -> Drawn:
        """Each once."""
        return self._of(self._everybody)

    def _of(self, those: Ints) -> Drawn:
        places, draw = self._records.of(those)
        accounts = self._owners.accounts[those]
        account_places = _runs(self._owners.first_account[those], accounts)
        return Drawn(those, places, draw, len(account_places), np.cumsum(accounts) - accounts, account_places)


def _runs(first: Ints, sizes: Ints) -> Ints:
    """Whole numbers in a row from each of the first ones, so many of each."""
    return np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


def owners_of(people: Sequence[str], authors: Sequence[str]) -> Owners:
    """Numbers for names, of records in their order; a person's first account is the one that is seen first."""
    numbers: dict[str, int] = {}
    accounts: dict[str, dict[str, int]] = {}
    person, account = [], []
    for name, author in zip(people, authors, strict=True):
        person.append(numbers.setdefault(name, len(numbers)))
        own = accounts.setdefault(name, {})
        account.append(own.setdefault(author, len(own)))
    return Owners(
        np.array(person, dtype=np.int64),
        np.array(account, dtype=np.int64),
        np.array([len(own) for own in accounts.values()], dtype=np.int64),
    )
