"""VADER's compound score of an English text, equal to the original's to the last digit, in linear time.

C.J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
Text", ICWSM 2014. Lexicon and constants are those of the package vaderSentiment. Its implementation looks at
the whole text again for every word of the lexicon, so that a long angry text takes seconds; the same rules
are applied here to the few words around each word.
"""

import heapq
import string
from collections import defaultdict
from typing import NamedTuple

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    normalize,
)

from listener.domain.enriched import Sentiment

VERSION = "vader-3.3"
POSITIVE, NEGATIVE = 0.05, -0.05
"""Compound scores from which a text is called positive or negative, as VADER's authors recommend."""

_NEGATIONS = frozenset(NEGATE)
_MAX_EXCLAMATIONS, _MAX_QUESTIONS = 4, 3
_REMEMBERED_TOKENS, _REMEMBERED_LENGTH = 50_000, 40
"""How many, and of what length at most, so that made-up words do not fill the memory."""


class Vader:
    """The analyser: lexicon and rules, loaded once; may be shared by threads."""

    def __init__(self) -> None:
        original = SentimentIntensityAnalyzer()
        self._lexicon: dict[str, float] = original.lexicon
        self._emojis: dict[str, str] = original.emojis
        self._tokens = _Tokens(self._lexicon)

    def sentiment(self, text: str) -> Sentiment:
        """The sentiment of an English text."""
        compound = self.compound(text)
        if compound >= POSITIVE:
            return Sentiment(compound=compound, label="positive")
        return Sentiment(compound=compound, label="negative" if compound <= NEGATIVE else "neutral")

    def compound(self, text: str) -> float:
        """The original's ``polarity_scores(text)["compound"]``: -1 most negative, 1 most positive."""
        if not text.isascii():
            text = self._emojis_in_words(text)
        known = self._tokens
        tokens = [known[token] for token in text.split()]
        places = [i for i, token in enumerate(tokens) if token.scored]
        if not places:
            return 0.0
        words = [token.word for token in tokens]
        shouted = len([token for token in tokens if token.shouted])
        some_shouted = 0 < shouted < len(tokens)
        valences = [0.0] * len(words)
        for i in places:
            if words[i] != "kind" or words[i : i + 2] != ["kind", "of"]:
                valences[i] = self._valence(tokens, words, i, some_shouted)
        _weigh_around_but(words, valences)
        total = float(sum(valences))
        if total > 0:
            total += _emphasis(text)
        elif total < 0:
            total -= _emphasis(text)
        return float(round(normalize(total), 4))

    def valence(self, word: str) -> float:
        """What the lexicon gives a word in lower case by itself: -4 worst, 4 best, 0 where it has none."""
        return self._lexicon.get(word, 0.0)

    def _emojis_in_words(self, text: str) -> str:
        parts: list[str] = []
        after_space = True
        for char in text:
            described = self._emojis.get(char)
            if described is None:
                parts.append(char)
                after_space = char == " "
            else:
                parts.append(described if after_space else " " + described)
                after_space = False
        return "".join(parts)

    def _valence(self, tokens: "list[_Token]", words: list[str], i: int, some_shouted: bool) -> float:
        """The valence of a word of the lexicon as its neighbours raise, lower or turn it."""
        lexicon = self._lexicon
        word = words[i]
        valence = lexicon[word]
        if word == "no" and i + 1 < len(words) and words[i + 1] in lexicon:
            valence = 0.0
        if "no" in words[max(i - 2, 0) : i] or (
            i > 2 and words[i - 3] == "no" and words[i - 1] in ("or", "nor")
        ):
            valence = lexicon[word] * N_SCALAR
        if some_shouted and tokens[i].shouted:
            valence += C_INCR if valence > 0 else -C_INCR
        for distance, damping in ((1, 1.0), (2, 0.95), (3, 0.9)):
            if i < distance or words[i - distance] in lexicon:
                continue
            before = words[i - distance]
            if before in BOOSTER_DICT:
                valence += _boost(before, valence, some_shouted and tokens[i - distance].shouted) * damping
            valence = _negate(words, i, distance, valence)
            if distance == 3:
                valence = _idioms(words, i, valence)
        at_least = i > 1 and words[i - 2] in ("at", "very")
        if i > 0 and words[i - 1] == "least" and not at_least:
            valence *= N_SCALAR
        return valence


class _Token(NamedTuple):
    """A word of a text as the rules see it."""

    word: str
    """In lower case, without punctuation around it."""
    shouted: bool
    """In capitals."""
    scored: bool
    """The lexicon has it, and it is no booster."""


class _Tokens(dict[str, _Token]):
    """What stands between spaces to what the rules see; as many are remembered as fit."""

    def __init__(self, lexicon: dict[str, float]) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, text: str) -> _Token:
        token = _without_punctuation(text)
        word = token.lower()
        made = _Token(word, token.isupper(), word in self._lexicon and word not in BOOSTER_DICT)
        if len(self) >= _REMEMBERED_TOKENS:
            self.clear()
        if len(text) <= _REMEMBERED_LENGTH:
            self[text] = made
        return made


def _without_punctuation(token: str) -> str:
    """The token without punctuation around it, unless so little remains that it may be an emoticon."""
    stripped = token.strip(string.punctuation)
    return token if len(stripped) <= 2 else stripped


def _boost(word: str, valence: float, shouted: bool) -> float:
    scalar: float = BOOSTER_DICT[word]
    if valence < 0:
        scalar *= -1
    if shouted:
        scalar += C_INCR if valence > 0 else -C_INCR
    return scalar


def _negate(words: list[str], i: int, distance: int, valence: float) -> float:
    before = words[i - distance]
    if distance == 2:
        if before == "never" and words[i - 1] in ("so", "this"):
            return valence * 1.25
        if before == "without" and words[i - 1] == "doubt":
            return valence
    elif distance == 3:
        if (before == "never" and words[i - 2] in ("so", "this")) or words[i - 1] in ("so", "this"):
            return valence * 1.25
        if before == "without" and "doubt" in words[i - 2 : i]:
            return valence
    return valence * N_SCALAR if before in _NEGATIONS or "n't" in before else valence


def _idioms(words: list[str], i: int, valence: float) -> float:
    three, two, one, zero = words[i - 3 : i + 1]
    ending = (
        f"{one} {zero}",
        f"{two} {one} {zero}",
        f"{two} {one}",
        f"{three} {two} {one}",
        f"{three} {two}",
    )
    for sequence in ending:
        if sequence in SPECIAL_CASES:
            valence = SPECIAL_CASES[sequence]
            break
    for end in (i + 2, i + 3):
        if end <= len(words):
            valence = SPECIAL_CASES.get(" ".join(words[i:end]), valence)
    for sequence in (ending[3], ending[4], ending[2]):
        valence += BOOSTER_DICT.get(sequence, 0.0)
    return valence


def _weigh_around_but(words: list[str], valences: list[float]) -> None:
    """Halves what stands before the first "but", raises what follows by half.

    The original looks each value up by its first place in the list, so that of equal values only the first
    is changed, again and again; a heap of places per value finds the same place without a search.
    """
    if "but" not in words:
        return
    but = words.index("but")
    places: defaultdict[float, list[int]] = defaultdict(list)
    for place, valence in enumerate(valences):
        places[valence].append(place)
    for step in range(len(valences)):
        valence = valences[step]
        heap = places[valence]
        while valences[heap[0]] != valence:
            heapq.heappop(heap)
        place = heap[0]
        if place != but:
            changed = valence * (0.5 if place < but else 1.5)
            valences[place] = changed
            heapq.heappush(places[changed], place)


def _emphasis(text: str) -> float:
    exclamations = min(text.count("!"), _MAX_EXCLAMATIONS) * 0.292
    questions = text.count("?")
    if questions <= 1:
        return exclamations
    return exclamations + (questions * 0.18 if questions <= _MAX_QUESTIONS else 0.96)
