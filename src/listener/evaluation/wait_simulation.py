"""Waits for a first answer that are made up, and what is true of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from listener.statistics.answer_times import Waits
from listener.statistics.interval import Floats, Ints

HORIZON_HOURS: Final = 168.0
_UPPER: Final = np.concatenate(
    [np.arange(0.25, 24.01, 0.25), np.arange(25, 169.0), np.arange(180, 721.0, 12)]
)
_MANY: Final = 1_000_000
_ENOUGH: Final = 400
_NEVER: Final = 0.2
_MEDIAN_HOURS: Final = float(np.exp(2.5))


@dataclass(frozen=True)
class Matter:
    """Contacts about one matter.

    Attributes:
        share: of all contacts.
        in_public: share of its contacts that are public.
        public, private: median hours to an answer; a fifth never has one.
    """

    share: float
    in_public: float
    public: float
    private: float


MATTERS: Final = (Matter(0.5, 0.2, 6.0, 20.0), Matter(0.3, 0.5, 12.0, 24.0), Matter(0.2, 0.7, 40.0, 90.0))
"""What is soon answered is mostly asked in private, so that comparing all with all would mislead."""


def waits(
    generator: np.random.Generator, contacts: int = _ENOUGH, median_hours: float = _MEDIAN_HOURS
) -> Waits:
    """Waits for a first answer: half are answered within days, a quarter end otherwise, the rest wait on."""
    answer, other = _answer_or_other(generator, contacts, median_hours)
    end = generator.uniform(24, 720, contacts)
    ended = np.minimum(np.minimum(answer, other), end)
    where = np.searchsorted(_UPPER, ended)

    def count(those: Floats) -> Ints:
        return np.bincount(where[those == ended], minlength=len(_UPPER))

    return Waits(_UPPER, count(answer), count(other), count(end))


def waits_truth(median_hours: float = _MEDIAN_HOURS) -> tuple[float, float, float]:
    """Where all are watched to the end: the share answered within 24 h, the mean hours within the horizon, and the
    hours after which half were answered."""
    answer, other = _answer_or_other(np.random.default_rng(1), _MANY, median_hours)
    bins = np.append(_UPPER, np.inf)
    answered = np.where(answer < other, bins[np.searchsorted(_UPPER, answer)], np.inf)
    mean = np.minimum(answered, HORIZON_HOURS).mean()
    return (
        float((answered <= 24).mean()),
        float(mean),
        float(np.quantile(answered, 0.5, method="inverted_cdf")),
    )


def public_and_private(
    generator: np.random.Generator, contacts: int = _ENOUGH
) -> tuple[dict[str, Waits], dict[str, Waits]]:
    """Waits in public and in private, by matter."""
    of_matter = generator.multinomial(contacts, [matter.share for matter in MATTERS])
    public, private = {}, {}
    for number, (matter, size) in enumerate(zip(MATTERS, of_matter.tolist(), strict=True)):
        loud = int(generator.binomial(size, matter.in_public))
        public[str(number)] = waits(generator, loud, matter.public)
        private[str(number)] = waits(generator, size - loud, matter.private)
    return public, private


def advantage_truth() -> float:
    """Hours longer in private, of all contacts alike."""
    return sum(
        matter.share * (waits_truth(matter.private)[1] - waits_truth(matter.public)[1]) for matter in MATTERS
    )


def _answer_or_other(
    generator: np.random.Generator, contacts: int, median_hours: float
) -> tuple[Floats, Floats]:
    answer = generator.lognormal(np.log(median_hours), 1.5, contacts)
    answer[generator.random(contacts) < _NEVER] = np.inf
    return answer, generator.exponential(400, contacts)
