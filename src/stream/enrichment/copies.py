"""Which texts say the same: a key that copies share, and marks by which near-copies are found.

Nothing is remembered here, so any worker says the same of a text, at any time, in whatever order mentions come
and however often: copies by different authors are met by different workers, and a memory in each of them would
find other originals in each, and others again after a restart.

- The **key** is a hash of the words alone: without handles, links, signs, capital letters, hashtags around the
  text, and "RT @somebody:" before it. A copy of a copy has the key of the original.
- The **marks** are bands of a MinHash over pairs of words (A. Broder, "On the resemblance and containment of
  documents", 1997; banding as in J. Leskovec, A. Rajaraman and J. Ullman, Mining of Massive Datasets, 3.4). Two
  texts of which 80 % of the pairs are the same share at least one mark with a probability of 0.99, of which half
  are the same of 0.4, of which a tenth of 0.001.

Whoever has both, the view `copies` in ClickHouse or `CopyIndex` here, joins near-copies to the earliest.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.enrichment.clean import CleanText, recognised

VERSION = "minhash-1"
MIN_WORDS = 6
"""Shorter texts are alike by chance: "thank you so much"."""
BANDS, ROWS = 8, 4
"""A mark is made of so many minima; see the probabilities above: 1 - (1 - share ** ROWS) ** BANDS."""
MAX_WORDS = 400
"""Words looked at: what was pasted begins like its original."""
_MARK_BITS = 52
"""What JSON readers keep of a number."""
_AROUND = ("#", "@", "http://", "https://", "www.")
_REMEMBERED_WORDS, _REMEMBERED_LENGTH = 50_000, 40

_Hashes = npt.NDArray[np.uint64]
_SEED = np.random.Generator(np.random.PCG64(1997))
_FACTORS: _Hashes = _SEED.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SUMMANDS: _Hashes = _SEED.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
_PAIR, _BAND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class Copy(NamedTuple):
    """How a text is told from others.

    Attributes:
        key: of its words; copies share it.
        marks: near-copies most likely share one.
    """

    key: str
    marks: tuple[int, ...]


def copy_marks(texts: Sequence[Sequence[str]]) -> list[Copy | None]:
    """The key and the marks of each text, given as its words in lower case; None for one that is too short.

    Many at once cost a quarter of one after the other.
    """
    kept = [number for number, words in enumerate(texts) if len(words) >= MIN_WORDS]
    found: list[Copy | None] = [None] * len(texts)
    if not kept:
        return found
    begun = [texts[number][:MAX_WORDS] for number in kept]
    for number, words, marks in zip(kept, begun, _marks(begun), strict=True):
        found[number] = Copy(_key(words), tuple(marks))
    return found


def words_of(text: CleanText) -> tuple[str, ...]:
    """The words that a text is told from others by: without the hashtags around it, which everybody chooses."""
    if not text.hashtags:
        return text.words
    told = text.text.split(" ")
    plain = [place for place, token in enumerate(told) if not token.lower().startswith(_AROUND)]
    if not plain or plain[-1] - plain[0] == len(told) - 1:
        return text.words
    return recognised(" ".join(told[plain[0] : plain[-1] + 1]), text.cut).words


def _key(words: Sequence[str]) -> str:
    return blake2b(" ".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _marks(texts: Sequence[Sequence[str]]) -> list[list[int]]:
    """The bands of each text."""
    known = _WORDS
    hashed = np.array([known[word] for words in texts for word in words], dtype=np.uint64)
    pairs = hashed[:-1] * _PAIR + hashed[1:]
    pairs ^= pairs >> np.uint64(29)
    ends = np.cumsum([len(words) for words in texts])
    within = np.ones(len(hashed), dtype=bool)
    within[ends - 1] = False  # the last word of a text makes no pair with the first of the next
    pairs = pairs[within[:-1]]
    starts = np.concatenate(([0], (ends - np.arange(1, len(texts) + 1))[:-1]))
    minima = np.empty((BANDS * ROWS, len(texts)), dtype=np.uint64)
    for row in range(BANDS * ROWS):
        minima[row] = np.minimum.reduceat(pairs * _FACTORS[row] + _SUMMANDS[row], starts)
    bands = np.repeat(
        np.arange(BANDS, dtype=np.uint64)[:, None], len(texts), axis=1
    )  # no band is like another
    for row in range(ROWS):
        bands = ((bands ^ minima[row::ROWS]) * _BAND) ^ (bands >> np.uint64(31))
    marks: list[list[int]] = (bands >> np.uint64(64 - _MARK_BITS)).T.tolist()
    return marks


class _Words(dict[str, int]):
    """Word to its hash; as many are remembered as fit."""

    def __missing__(self, word: str) -> int:
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        hashed = int.from_bytes(digest, "little")
        if len(self) >= _REMEMBERED_WORDS:
            self.clear()
        if len(word) <= _REMEMBERED_LENGTH:
            self[word] = hashed
        return hashed


_WORDS = _Words()


class CopyIndex:
    """Joins near-copies to the first one that came, for whoever reads all mentions in order.

    Args:
        most: marks remembered; of more, those met longest ago are forgotten. 100,000 marks take about 20 MB.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        self._most = most
        self._first: OrderedDict[int | str, str] = OrderedDict()

    def copy_of(self, copy: Copy) -> str:
        """The key of the first text that this one is a copy of; its own if it is the first."""
        names: tuple[int | str, ...] = (copy.key, *copy.marks)
        first = next((self._first[name] for name in names if name in self._first), copy.key)
        for name in names:
            self._first.setdefault(name, first)
            self._first.move_to_end(name)
        while len(self._first) > self._most:
            self._first.popitem(last=False)
        return first
