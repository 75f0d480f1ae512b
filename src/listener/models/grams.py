"""What the fast models see of a text: its words, pairs of words, pieces of words, and how it is written.

For many labels also which words stand in one text together, near each other or not: of "card" and "abroad" each
says little.

Worked out once for a batch and shared by all fast models (`Texts.derived`). What does not depend on the text
around it (a word's hash, its pieces, its valence) is remembered by word, so that a text costs a few look-ups for
each of its words; what remains is done for the whole batch at once in numpy.

Words and pieces stand for themselves by a hash of 20 bits, as in K. Weinberger et al., "Feature Hashing for
Large Scale Multitask Learning", ICML 2009: no vocabulary is shared or stored, and no text can be read from a
model. Handles and URLs count as one word each, so that no model learns a company's or a person's name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from listener.models.text_model import Texts
from listener.models.vader import Vader

VERSION = "grams-2"
"""Changes with anything that changes a number here: a model says with which it was trained."""
BITS = 20
BLOCKS = ("words", "pieces", "together")
SHORTEST, LONGEST = 2, 5
"""Characters of a piece of a word, the space before and after it counted."""
MOST_TOKENS = 400
"""Tokens looked at, so that a long letter costs no more than it tells."""
MOST_LETTERS = 24
"""Letters of a word whose pieces are looked at."""
REACH = 12
"""Words that lie at most so far from each other are together."""
_REMEMBERED_TOKENS, _REMEMBERED_LENGTH = 50_000, 40

_TOKEN = re.compile(
    r"(?P<url>(?:https?://|www\.)\S+)|(?P<handle>(?<![\w@])@\w+)|#?[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*|[^\w\s]+"
)
_URL_WORD, _HANDLE_WORD = "url", "@"
_ELONGATED = re.compile(r"([^\W\d_])\1\1")
_GOLDEN, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_EDGE = 0x5BD1E995
"""Stands for the beginning and the end of a text among its words' hashes."""

MANNER = (
    "compound",
    "valence up",
    "valence down",
    "highest valence",
    "lowest valence",
    "words",
    "letters a word",
    "shouted",
    "exclamations",
    "questions",
    "dots",
    "numbers",
    "handles",
    "urls",
    "hashtags",
    "elongated",
    "first person",
    "second person",
    "negations",
    "signs",
    "begins with a handle",
    "ends with a question",
)
"""How a text is written; the columns of `Grams.manner`."""
_FIRST = frozenset(["i", "i'm", "im", "i've", "ive", "me", "my", "mine", "we", "our", "us", "i'd", "i'll"])
_SECOND = frozenset(["you", "your", "you're", "ur", "u", "yours", "yall", "y'all"])
_NEGATIONS = frozenset(["no", "not", "never", "none", "nothing", "nobody", "nor", "cannot"])
_NOT = re.compile(r"(?:ca|wo|do|did|does|is|was|are|could|would|have|has|had|should|were|ai)n'?t")


class Block(NamedTuple):
    """One sort of feature of a batch: for each text its different ids and how often each occurs."""

    rows: NDArray[np.int64]
    ids: NDArray[np.int64]
    counts: NDArray[np.float32]
    at_tokens: NDArray[np.int64]
    """For each occurrence (not each different id) the token it is of, counted over the batch."""
    occurring: NDArray[np.int64]
    """For each occurrence its id."""


@dataclass(frozen=True)
class Grams:
    """A batch of texts as features.

    Attributes:
        tokens: of all texts, one after the other, as they are shown as evidence.
        token_rows: for each token the text it is of.
        hashes: of each token.
        words, pieces: blocks.
        manner: a row for each text, see `MANNER`.
    """

    count: int
    tokens: list[str]
    token_rows: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    words: Block
    pieces: Block
    manner: NDArray[np.float32]

    @cached_property
    def together(self) -> Block:
        """Words that stand in one text together, in whatever order; worked out for the models that ask."""
        return _together(self.hashes, self.token_rows)

    def block(self, name: str) -> Block:
        """One of `BLOCKS`."""
        found: Block = getattr(self, name)
        return found


class _Token(NamedTuple):
    shown: str
    hash: int
    pieces: NDArray[np.int64]
    manner: tuple[float, ...]
    """Of one token: valence, letters, shouted, !, ?, ..., number, handle, url, hashtag, elongated, first, second,
    negation, signs."""


class GramReader:
    """Reads batches of texts; remembers words, so use one for a process. May be shared by threads."""

    def __init__(self) -> None:
        self._vader = Vader()
        self._tokens: dict[str, _Token] = {}

    def read(self, texts: Sequence[str]) -> Grams:
        """The features of these texts; what other models worked out of a `Texts` is taken from there."""
        if isinstance(texts, Texts):
            return texts.derived(VERSION, lambda plain: self._read(plain, self._compounds(texts)))
        return self._read(texts, self._compounds(texts))

    def _compounds(self, texts: Sequence[str]) -> list[float]:
        if isinstance(texts, Texts):
            return texts.derived("vader", lambda plain: [self._vader.compound(text) for text in plain])
        return [self._vader.compound(text) for text in texts]

    def _read(self, texts: Sequence[str], compounds: Sequence[float]) -> Grams:
        known = self._tokens
        read: list[_Token] = []
        lengths: list[int] = []
        begins: list[bool] = []
        for text in texts:
            found = 0
            for match in _TOKEN.finditer(text):
                raw = match[0]
                token = known.get(raw)
                read.append(token if token is not None else self._learn(raw, match.lastgroup))
                found += 1
                if found == MOST_TOKENS:
                    break
            lengths.append(found)
            begins.append(text.startswith("@"))
        count = len(texts)
        token_rows = np.repeat(np.arange(count), lengths)
        hashes = np.fromiter((token.hash for token in read), np.uint64, len(read))
        ends_asking = [text.rstrip().endswith("?") for text in texts]
        return Grams(
            count=count,
            tokens=[token.shown for token in read],
            token_rows=token_rows,
            hashes=hashes,
            words=_words(hashes, token_rows),
            pieces=_pieces(read, token_rows),
            manner=_manner(read, token_rows, count, compounds, begins, ends_asking),
        )

    def _learn(self, raw: str, sort: str | None) -> _Token:
        made = self._token(raw, sort)
        if len(self._tokens) >= _REMEMBERED_TOKENS:
            self._tokens = {}
        if len(raw) <= _REMEMBERED_LENGTH:
            self._tokens[raw] = made
        return made

    def _token(self, raw: str, sort: str | None) -> _Token:
        if sort == "url":
            word = _URL_WORD
        elif sort == "handle":
            word = _HANDLE_WORD
        else:
            word = raw.lower().replace("’", "'")
        hashtag = word.startswith("#") and len(word) > 1 and word[1].isalpha()
        bare = word[1:] if hashtag else word
        number = bare[:1].isdigit()
        if number:
            bare = re.sub(r"\d", "0", bare)
        letters = bare[:1].isalpha() and sort is None
        pieces = _pieces_of(bare) if sort is None else np.empty(0, np.int64)
        manner = (
            self._vader.valence(bare),
            float(len(bare)) if letters else 0.0,
            float(letters and len(raw) > 1 and raw.isupper()),
            float(raw.count("!")),
            float(raw.count("?")),
            float(raw.count("..") > 0 or "…" in raw),
            float(number),
            float(sort == "handle"),
            float(sort == "url"),
            float(hashtag),
            float(bool(_ELONGATED.search(bare))),
            float(bare in _FIRST),
            float(bare in _SECOND),
            float(bare in _NEGATIONS or _NOT.fullmatch(bare) is not None),
            float(not letters and not number and sort is None),
        )
        return _Token(raw if sort is None else word, crc32(bare.encode("utf-8", "replace")), pieces, manner)


def _pieces_of(word: str) -> NDArray[np.int64]:
    """The hashes of a word's different pieces; repeats in one word count once."""
    padded = f" {word[:MOST_LETTERS]} "
    pieces = {
        padded[start : start + size]
        for size in range(SHORTEST, LONGEST + 1)
        for start in range(len(padded) - size + 1)
    }
    if len(padded) <= LONGEST:
        pieces.add(padded)
    hashes = [crc32(piece.encode("utf-8", "replace")) for piece in sorted(pieces)]
    return _spread(np.array(hashes, np.uint64))


def _spread(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Hashes as ids of `BITS` bits."""
    return ((hashes * _GOLDEN) >> np.uint64(64 - BITS)).astype(np.int64)


def _words(hashes: NDArray[np.uint64], rows: NDArray[np.int64]) -> Block:
    """Words, and pairs of words that follow each other, the text's beginning and end among them."""
    places = np.arange(len(hashes))
    if not len(hashes):
        return _block(rows, hashes.astype(np.int64), places)
    starts = np.concatenate([[True], rows[1:] != rows[:-1]])
    before = np.where(starts, np.uint64(_EDGE), np.concatenate([[np.uint64(0)], hashes[:-1]]))
    last = np.concatenate([rows[1:] != rows[:-1], [True]])
    pairs = _spread((before * _OTHER) ^ (hashes + np.uint64(1)))
    ends = _spread((hashes[last] * _OTHER) ^ np.uint64(_EDGE + 1))
    return _block(
        np.concatenate([rows, rows, rows[last]]),
        np.concatenate([_spread(hashes), pairs, ends]),
        np.concatenate([places, places, places[last]]),
    )


def _together(hashes: NDArray[np.uint64], rows: NDArray[np.int64]) -> Block:
    """Pairs without an order of words at most `REACH` apart."""
    found_rows, ids, places = [], [], []
    for distance in range(1, REACH + 1):
        first = np.flatnonzero(rows[:-distance] == rows[distance:])
        one, other = hashes[first], hashes[first + distance]
        low, high = np.minimum(one, other), np.maximum(one, other)
        found_rows.append(rows[first])
        ids.append(_spread((low * _OTHER) ^ (high + np.uint64(2))))
        places.append(first)
    return _block(np.concatenate(found_rows), np.concatenate(ids), np.concatenate(places))


def _pieces(read: Sequence[_Token], rows: NDArray[np.int64]) -> Block:
    sizes = np.fromiter((len(token.pieces) for token in read), np.int64, len(read))
    ids = np.concatenate([token.pieces for token in read]) if read else np.empty(0, np.int64)
    return _block(np.repeat(rows, sizes), ids, np.repeat(np.arange(len(read)), sizes))


def _block(rows: NDArray[np.int64], ids: NDArray[np.int64], tokens: NDArray[np.int64]) -> Block:
    keys, counts = np.unique((rows << BITS) | ids, return_counts=True)
    return Block(keys >> BITS, keys & ((1 << BITS) - 1), counts.astype(np.float32), tokens, ids)


def _manner(
    read: Sequence[_Token],
    rows: NDArray[np.int64],
    count: int,
    compounds: Sequence[float],
    begins: Sequence[bool],
    ends_asking: Sequence[bool],
) -> NDArray[np.float32]:
    each: NDArray[Any] = np.array([token.manner for token in read], np.float64).reshape(len(read), 15)
    summed = np.stack([np.bincount(rows, each[:, column], count) for column in range(15)], axis=1)
    up, down = np.clip(each[:, 0], 0, None), np.clip(each[:, 0], None, 0)
    highest, lowest = np.zeros(count), np.zeros(count)
    np.maximum.at(highest, rows, up)
    np.minimum.at(lowest, rows, down)
    words = np.bincount(rows, each[:, 1] > 0, count)
    manner = [
        np.asarray(compounds, np.float64),
        np.log1p(np.bincount(rows, up, count)),
        -np.log1p(-np.bincount(rows, down, count)),
        highest / 4,
        lowest / 4,
        np.log1p(words) / 3,
        summed[:, 1] / np.maximum(words, 1) / 5,
        summed[:, 2] / np.maximum(words, 1),
        *(np.log1p(summed[:, column]) for column in range(3, 15)),
        np.asarray(begins, np.float64),
        np.asarray(ends_asking, np.float64),
    ]
    return np.stack(manner, axis=1).astype(np.float32)
