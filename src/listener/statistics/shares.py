"""Shares of parties by cause where a model said the cause and a match said the party: both may be wrong."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from listener.statistics.checked_parties import CheckedParties
from listener.statistics.confusion import Confusion
from listener.statistics.interval import Floats, Interval, Ints, percentile_interval
from listener.statistics.linkage import LinkageQuality, true_parties

MOST_CONTACTS = 6
"""Parties with more contacts count as having so many, the part with the cause in proportion: what the rarest
parties add to the answer is below what the held-out matrix leaves open."""
_ROUNDS = 200
_STILL = 1e-6
"""What no probability moves by in `_BETWEEN_LOOKS` rounds when expectation maximisation ends before `_ROUNDS`."""
_BETWEEN_LOOKS = 5
_WORDS = "{estimate:.1%}, between {low:.1%} and {high:.1%} with the model's mistakes taken in"
_NOBODY = Interval(float("nan"), 0.0, 1.0, "nobody was counted")
_BLIND = Interval(
    float("nan"),
    0.0,
    1.0,
    "cannot be told: the model may say it of others as often as of those of whom it is true",
)
_MAY_BE_BLIND = 0.025
"""How likely it may be that a model says a cause no oftener where it is true; beyond, nothing follows from what it
says, and any number would be made up."""


@dataclass(frozen=True)
class CauseCounts:
    """What ClickHouse counts for one cause.

    Attributes:
        histogram: one row for each (contacts of a party, how many of them the model gave this cause):
            three columns contacts, with_cause, parties. The parties of all causes add up to the same.
        accounts: distinct authors with a contact of this cause, for linkage error; None leaves it out.
    """

    histogram: Ints
    accounts: int | None = None

    @property
    def parties(self) -> int:
        """All distinct parties with a contact, whatever its cause."""
        return int(self.histogram[:, 2].sum())

    @property
    def with_cause(self) -> int:
        """Distinct parties with a contact that the model gave this cause."""
        return int(self.histogram[self.histogram[:, 1] > 0, 2].sum())


def corrected_shares(
    counts: Mapping[str, CauseCounts],
    confusion: Confusion,
    *,
    accounts: int | None = None,
    linkage: LinkageQuality | None = None,
    only: str | None = None,
    seed: int = 0,
    replicates: int = 400,
) -> dict[str, Interval]:
    """Each cause's share of parties as it would be with a model and a match that are always right.

    1. How often each label is true of a contact: what was said = the held-out matrix applied to what is true
       (W. J. Rogan, B. Gladen, Estimating prevalence from the results of a screening test, American Journal of
       Epidemiology 107 (1978) 71-76, for two labels; for many: M. Saerens, P. Latinne, C. Decaestecker,
       Adjusting the outputs of a classifier to new a priori probabilities, Neural Computation 14 (2002) 21-41;
       solved by expectation maximisation, so that no share is below 0).
    2. With that, how often a contact of this cause is recognised, and how often one of another is taken for it.
    3. A party with n contacts, t of them truly of the cause, is seen with k of them: k is the sum of two
       binomials. The mixture over t is solved for, again by expectation maximisation (N. Laird, Nonparametric
       maximum likelihood estimation of a mixing distribution, Journal of the American Statistical Association
       73 (1978) 805-811); the share with t > 0 is what is asked for.
    4. Where `linkage` is given, parties are counted as `true_parties` does.

    The interval is the percentile interval of a bootstrap over parties, in which the held-out matrix and the
    quality of the match are drawn anew each time: it takes in the chance of who wrote, and how little is known
    of the mistakes. It takes the mistakes about one party's contacts as independent of each other; where a party
    is misread in the same way again and again, the share comes out too high: `shares_as_checked` assumes nothing.

    Args:
        counts: for each cause that the model knows; "none of these" too, under its label in `confusion`.
        accounts: distinct authors of all contacts; needed with `linkage`.
        linkage: how right the match is; None takes it as right.
        only: the one cause that is asked for; None gives all.
        seed: of the bootstrap; the same gives the same interval.

    Returns:
        By cause; a cause that `confusion` does not know is left out.

    Raises:
        ValueError: the histograms disagree about the parties, or `accounts` is missing.
    """
    known, total = _known(counts, confusion.labels)
    if not total:
        return dict.fromkeys(known, _NOBODY)
    generator = np.random.default_rng(seed)
    rates = np.concatenate([confusion.rates()[None], confusion.resampled(generator, replicates)])
    said = np.zeros((replicates + 1, len(confusion.labels)))
    drawn: dict[str, tuple[Ints, Floats]] = {}
    for cause in known:
        cells, parties = _folded(counts[cause].histogram)
        again = generator.multinomial(total, parties / total, replicates)
        weights = np.concatenate([parties[None], again]).astype(np.float64)
        drawn[cause] = cells, weights
        said[:, confusion.labels.index(cause)] = weights @ cells[:, 1]
    contacts = drawn[known[0]][1] @ drawn[known[0]][0][:, 0]
    said = _with_rest(said, contacts, [confusion.labels.index(cause) for cause in known])
    truth = _unmixed(said, rates)
    people = _People(accounts, total, linkage, generator, replicates)
    shares = {}
    for cause in known if only is None else [only]:
        index = confusion.labels.index(cause)
        recognised, mistaken = _two_rates(truth, rates, index)
        if (recognised <= mistaken)[1:].mean() > _MAY_BE_BLIND:
            shares[cause] = _BLIND
            continue
        cells, weights = drawn[cause]
        share = people.relinked(_share_with(cells, weights, recognised, mistaken), counts[cause])
        shares[cause] = percentile_interval(float(share[0]), share[1:], _WORDS)
    return shares


def shares_as_checked(
    counts: Mapping[str, CauseCounts],
    checked: Mapping[str, CheckedParties],
    *,
    accounts: int | None = None,
    linkage: LinkageQuality | None = None,
    seed: int = 0,
    replicates: int = 1000,
) -> dict[str, Interval]:
    """The same as `corrected_shares` from parties all of whose contacts were checked, drawn by chance from those
    that are counted: nothing is assumed of how the mistakes about one party's contacts hang together.

    Args:
        counts, accounts, linkage, seed: as there.
        checked: by cause.

    Returns:
        By cause: the median and the 95 % interval of `CheckedParties.true_shares`; a cause that was not checked is
        left out.

    Raises:
        ValueError: as there.
    """
    known, total = _known(counts, checked)
    if not total:
        return dict.fromkeys(known, _NOBODY)
    generator = np.random.default_rng(seed)
    people = _People(accounts, total, linkage, generator, replicates)
    shares = {}
    for cause in known:
        drawn, blind = checked[cause].true_shares(counts[cause].with_cause, total, generator, replicates)
        middle = np.concatenate([[np.median(drawn)], drawn])
        share = people.relinked(middle, counts[cause])
        shares[cause] = (
            _BLIND if blind > _MAY_BE_BLIND else percentile_interval(float(share[0]), share[1:], _WORDS)
        )
    return shares


def _known(counts: Mapping[str, CauseCounts], labels: Container[str]) -> tuple[list[str], int]:
    """Causes of which mistakes are known, and the parties of each of their histograms."""
    known = [cause for cause in counts if cause in labels]
    totals = {counts[cause].parties for cause in known}
    if len(totals) > 1:
        raise ValueError(f"every cause's histogram holds all parties, but they hold {sorted(totals)}")
    return known, max(totals, default=0)


def _folded(histogram: Ints) -> tuple[Ints, Ints]:
    """Cells (contacts, with_cause), none twice, none above `MOST_CONTACTS`, and the parties of each."""
    contacts, with_cause = histogram[:, 0], histogram[:, 1]
    capped = np.minimum(contacts, MOST_CONTACTS)
    scaled = np.where(contacts > MOST_CONTACTS, np.ceil(with_cause * capped / contacts), with_cause)
    cells, where = np.unique(np.stack([capped, scaled.astype(np.int64)], axis=1), axis=0, return_inverse=True)
    parties = np.bincount(where.ravel(), weights=histogram[:, 2], minlength=len(cells))
    return cells, parties.astype(np.int64)


def _with_rest(said: Floats, contacts: Floats, known: list[int]) -> Floats:
    """What no histogram speaks of is spread evenly over the labels without one."""
    others = [index for index in range(said.shape[1]) if index not in known]
    if others:
        said[:, others] = (np.maximum(contacts - said.sum(axis=1), 0) / len(others))[:, None]
    return said


def _unmixed(said: Floats, rates: Floats) -> Floats:
    """How often each label is true, for each replicate: expectation maximisation from equal shares."""
    shares = said / np.maximum(said.sum(axis=1, keepdims=True), 1)
    truth = _mixture(shares, rates)
    return np.asarray(truth / np.maximum(truth.sum(axis=1, keepdims=True), 1e-12))


def _mixture(seen: Floats, chance: Floats) -> Floats:
    """How often each thing is true, of how often each is seen and P(seen | true), for each replicate.

    Args:
        seen: replicates x seen, shares.
        chance: replicates x true x seen.
    """
    mix = np.full(chance.shape[:2], 1 / chance.shape[1])
    before = mix
    for number in range(1, _ROUNDS + 1):
        expected = np.einsum("rt,rts->rs", mix, chance)
        mix = mix * np.einsum("rs,rts->rt", seen / np.maximum(expected, 1e-12), chance)
        if number % _BETWEEN_LOOKS == 0:
            if np.abs(mix - before).max() < _STILL:
                break
            before = mix
    return mix


def _two_rates(truth: Floats, rates: Floats, index: int) -> tuple[Floats, Floats]:
    """P(said | true) of a cause, and P(said | not true) as the other labels are mixed here."""
    others = np.delete(truth, index, axis=1)
    weights = others / np.maximum(others.sum(axis=1, keepdims=True), 1e-12)
    return rates[:, index, index], (weights * np.delete(rates[:, :, index], index, axis=1)).sum(axis=1)


def _share_with(cells: Ints, weights: Floats, recognised: Floats, mistaken: Floats) -> Floats:
    """The share of parties with at least one contact truly of the cause, for each replicate."""
    found = np.zeros(len(weights))
    for contacts in np.unique(cells[:, 0]):
        rows = np.flatnonzero(cells[:, 0] == contacts)
        seen = np.zeros((len(weights), contacts + 1))
        seen[:, cells[rows, 1]] = weights[:, rows]
        chance = _seen_given_true(int(contacts), recognised, mistaken)
        mix = _mixture(seen / np.maximum(seen.sum(axis=1, keepdims=True), 1), chance)
        found += (1 - mix[:, 0]) * seen.sum(axis=1)
    return np.asarray(found / np.maximum(weights.sum(axis=1), 1))


def _seen_given_true(contacts: int, recognised: Floats, mistaken: Floats) -> Floats:
    """P(k seen | t true) of a party with so many contacts: the binomials of t and of the rest, convolved."""
    chance = np.zeros((len(recognised), contacts + 1, contacts + 1))
    for true in range(contacts + 1):
        row = np.zeros((len(recognised), contacts + 1))
        row[:, 0] = 1
        for number in range(contacts):
            rate = (recognised if number < true else mistaken)[:, None]
            one_more = row[:, :-1] * rate
            row = row * (1 - rate)
            row[:, 1:] += one_more
        chance[:, true] = row
    return chance


class _People:
    """People behind parties, where the match errs; the first of each array is the estimate, the rest are drawn."""

    def __init__(
        self,
        accounts: int | None,
        parties: int,
        linkage: LinkageQuality | None,
        generator: np.random.Generator,
        size: int,
    ) -> None:
        if linkage is not None and accounts is None:
            raise ValueError("linkage needs the number of accounts")
        self._generator, self._size = generator, size
        self._factor = (
            None if linkage is None else np.array([linkage.factor(), *linkage.resampled(generator, size)])
        )
        self._of_a_party = self._people(accounts, parties) / parties

    def relinked(self, share: Floats, seen: CauseCounts) -> Floats:
        """A share of parties as one of people."""
        if seen.accounts is None or not seen.with_cause:
            return share
        people = self._people(seen.accounts, seen.with_cause)
        return np.asarray(np.clip(share * (people / seen.with_cause) / self._of_a_party, 0, 1))

    def _people(self, accounts: int | None, parties: int) -> Floats:
        if self._factor is None or accounts is None or accounts <= parties:
            return np.full(self._size + 1, float(parties))
        links = np.concatenate(
            [
                [accounts - parties],
                self._generator.binomial(accounts, (accounts - parties) / accounts, self._size),
            ]
        )
        everybody = np.full(self._size + 1, float(accounts))
        return true_parties(everybody, accounts - links.astype(np.float64), self._factor)
