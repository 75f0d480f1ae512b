"""Is it a complaint? A trained model says it where one is in use; else transparent rules for English texts.

Each rule adds its weight in log-odds.

A complaint is what a breach of expectations makes a person write (D. Preotiuc-Pietro et al., "Automatically
Identifying Complaints in Social Media", ACL 2019); the weights were fitted once by logistic regression with
these few rules as features, and rounded. Negative words alone do not make one, and a complaint may be polite.
Where the language is not English only a rating is read; without one the answer is 0.5, which means unsure.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import Complaint, Sentiment
from listener.models import Card
from listener.models.judge import Judgement
from listener.models.tasks import COMPLAINT
from stream.enrichment.phrases import Hit
from stream.enrichment.words import word_lists, words_version

VERSION = words_version("rules-2", "complaint")
UNSURE = Complaint(probability=0.5)
BIAS = -1.4
MAX_EVIDENCE = 8
POOR_RATING, GOOD_RATING = 0.4, 0.8
"""Ratings (0 worst, 1 best) up to which, and from which, they speak for or against a complaint: two and four
stars of five stand at 0.25 and 0.75 or at 0.4 and 0.8, by the source's way of counting."""
RATING_WEIGHT = 2.5
STRONGLY_NEGATIVE = -0.5
_LEAST = 1e-6
"""What a model's probability counts as at least, so that the stars still weigh."""
_SHOWN = 0.3
"""A model's probability from which its words are told."""

WEIGHTS: dict[str, float] = {
    "strongly negative": 0.9,
    "negative": 0.5,
    "but": 0.7,
    "unmet need": 1.5,
    "failure": 1.5,
    "contempt": 1.6,
    "waiting": 1.3,
    "why": 1.8,
    "again": 0.9,
    "money": 0.9,
    "plea": 0.6,
    "thanks": -0.8,
    "praise": -0.8,
    "chat": -0.8,
}
_KIND = frozenset({"thanks", "praise"})
"""Rules of kind words, which are not kind behind a negation."""
REPEATED = (0.0, 1.0, 1.6, 2.2)
"""What one, two, and three or more different words of the same rule count, in its weight."""

_LISTS = word_lists("complaint")
_NEGATIONS = frozenset(_LISTS.of("negation"))
_NEEDS = frozenset(_LISTS.of("need"))
_ALWAYS_UNMET = frozenset(_LISTS.of("always unmet"))
_LASTED, _HARMLESS = "lasted", "harmless"
"""Labels of what is no rule: a duration, which does not tell of waiting wherever it stands; and turns of phrase
in which other rules' words mean no harm."""
_ASIDE = _KIND | {_LASTED, _HARMLESS}
PHRASES = {rule: _LISTS.of(rule) for rule in (*WEIGHTS, _LASTED, _HARMLESS) if rule in _LISTS.lists}
"""What `complaint_in_english` is to be given the hits of."""
_GAP = 3
"""Words after a negation among which its need may stand."""
_INTENSIFIERS, _WARM = frozenset(_LISTS.of("intensifier")), frozenset(_LISTS.of("warm"))
TROUBLES = frozenset(_LISTS.of("trouble"))
"""Words for a problem that there may be none of."""
_DENIALS = _NEGATIONS | frozenset(_LISTS.of("denial"))
_BETWEEN, _LEAST_OF = frozenset(_LISTS.of("between")), frozenset(_LISTS.of("least of"))
_TURNED, _NOT_MEANT = frozenset(_LISTS.of("turned")), frozenset(_LISTS.of("not meant"))
_DATING = frozenset(_LISTS.of("dating"))
_COOLING = _NEGATIONS | frozenset(_LISTS.of("wishing"))
_LETTING = frozenset({"let", "letting"})
_GROUNDS, _BOOSTERS = frozenset({"that", "when"}), frozenset({"so", "such", "very"})
_COMMANDS, _SUBJECTS = frozenset({"don't", "dont"}), frozenset({"i", "we", "they", "you"})
_MOST_BETWEEN = 5
"""Words that may stand between a denial and the problem that there is none of."""
_BEFORE_DENIAL = 6
"""Words before a denial in which another may be the one who denies."""
_GLOWING, _WARM_IF_DATED = 0.6, 0.3
"""Sentiment from which a mere duration is nothing that was waited for, and one that dates: "in two weeks"."""


def complaint_in_english(
    words: Sequence[str], hits: Iterable[Hit], sentiment: Sentiment, rating: float | None
) -> Complaint:
    """How sure it is that an English text is a complaint.

    Args:
        words: the text's words in lower case.
        hits: of `PHRASES` in these words.
        sentiment: VADER's.
        rating: 0 the worst, 1 the best, None if there is none.
    """
    found = _rules(words, hits, sentiment)
    weight = BIAS + _rating_weight(rating)
    weight += sum(WEIGHTS[rule] * REPEATED[min(len(texts), 3)] for rule, texts in found.items())
    return Complaint(probability=_probability(weight), evidence=_evidence(found, rating))


def complaint_elsewhere(rating: float | None) -> Complaint:
    """How sure it is where the words cannot be read."""
    weight = _rating_weight(rating)
    return Complaint(probability=_probability(weight), evidence=_evidence({}, rating)) if weight else UNSURE


def complaint_by_model(judged: Judgement, rating: float | None) -> Complaint:
    """How sure a trained model is that an English text is a complaint; stars count beside it as by the rules."""
    share = float(judged.probabilities[judged.card.labels.index(COMPLAINT)])
    if weight := _rating_weight(rating):
        share = min(max(share, _LEAST), 1 - _LEAST)
        share = _probability(math.log(share / (1 - share)) + weight)
    words = judged.evidence.get(COMPLAINT, ())
    return Complaint(
        probability=round(share, 4), evidence=tuple(islice(_with_rating(words, rating), MAX_EVIDENCE))
    )


def complaint_words(card: Card, shares: NDArray[np.float64]) -> Sequence[str]:
    """The label whose words are shown: a complaint, where that is likely enough to be doubted at least."""
    return (COMPLAINT,) if shares[card.labels.index(COMPLAINT)] >= _SHOWN else ()


def _rules(words: Sequence[str], hits: Iterable[Hit], sentiment: Sentiment) -> dict[str, list[str]]:
    """Each rule that holds, with the different words that it holds by."""
    found: dict[str, list[str]] = {}
    if sentiment.compound <= STRONGLY_NEGATIVE:
        found["strongly negative"] = ["strongly negative words"]
    elif sentiment.label == "negative":
        found["negative"] = ["negative words"]
    if "but" in words[1:]:
        found["but"] = ["but"]
    hits = list(hits)
    harmless = [(start, end) for label, _, start, end in hits if label == _HARMLESS]
    if not _NEGATIONS.isdisjoint(words):
        unmet = _unmet_needs(words, harmless)
        if unmet:
            found["unmet need"] = unmet
    lasted: list[str] = []
    dated = praised = False
    reached: dict[str, int] = {}
    for label, text, start, end in hits:
        if end <= reached.get(label, 0) and label != _LASTED:
            continue  # inside a longer phrase of the same rule
        reached[label] = end
        if label in _ASIDE:
            if label == _LASTED:
                lasted.append(text)
                dated = dated or _dates(words, start, end)
                continue
            if label == _HARMLESS or _taken_back(words, start, end, harmless):
                continue
        elif harmless and _within(start, end, harmless):
            continue
        elif text in TROUBLES and denied(words, start):
            praised = True
            continue
        elif text in _INTENSIFIERS and _stresses_warmth(words, start, end):
            continue
        texts = found.get(label)
        if texts is None:
            found[label] = [text]
        elif text not in texts:
            texts.append(text)
    if lasted:
        bare = not any(WEIGHTS[rule] > 0 for rule in found)
        warm = sentiment.compound >= (_WARM_IF_DATED if dated else _GLOWING)
        if not (bare and (praised or warm)):
            if bare and _KIND.isdisjoint(found):
                del lasted[1:]  # leaves it in doubt
            found["waiting"] = list(dict.fromkeys([*found.get("waiting", ()), *lasted]))
    return found


def _dates(words: Sequence[str], start: int, end: int) -> bool:
    """Whether a duration says when, not how long: "in two weeks", "a year ago"; not "since two days ago"."""
    before = words[max(start - 2, 0) : start]
    return not _DATING.isdisjoint(before[-1:]) or (
        "ago" in words[end - 1 : end + 1] and "since" not in before
    )


def _taken_back(words: Sequence[str], start: int, end: int, harmless: Sequence[tuple[int, int]]) -> bool:
    """Whether a negation stands before kind words: "not great"; "can't thank you enough" is no less kind."""
    return start > 0 and words[start - 1] in _NEGATIONS and not _within(start - 1, end, harmless)


def _within(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= start and end <= last for first, last in spans)


def _stresses_warmth(words: Sequence[str], start: int, end: int) -> bool:
    """Whether "really" and the like only make a warm word warmer.

    Not in "not really happy", "I'd really like", "really happy that you charged me twice", or beside a "but".
    """
    if not _BOOSTERS.isdisjoint(words[end : end + 1]):
        end += 1
    return (
        end < len(words)
        and words[end] in _WARM
        and _COOLING.isdisjoint(words[max(start - 2, 0) : start])
        and _GROUNDS.isdisjoint(words[end + 1 : end + 2])
        and "but" not in words
    )


def denied(words: Sequence[str], start: int) -> bool:
    """Whether the problem at this word is one that the author says there was none of: "never a single problem".

    Not where it turned ("never a problem until yesterday"), nor where others say so ("you claim there are no
    issues") or it is only hoped for.
    """
    place = start - 1
    while place >= 0 and words[place] not in _DENIALS:
        between = words[place] in _BETWEEN or (words[place] == "the" and words[place + 1] in _LEAST_OF)
        if not between or start - place > _MOST_BETWEEN:
            return False
        place -= 1
    if place < 0 or (words[place] in _COMMANDS and (not place or words[place - 1] not in _SUBJECTS)):
        return False
    return _TURNED.isdisjoint(words) and _NOT_MEANT.isdisjoint(words[max(place - _BEFORE_DENIAL, 0) : place])


def _unmet_needs(words: Sequence[str], harmless: Sequence[tuple[int, int]]) -> list[str]:
    found: list[str] = []
    for place, word in enumerate(words):
        if word not in _NEGATIONS or (harmless and _within(place, place + 1, harmless)):
            continue
        ends = [
            end for end in range(place + 1, place + 1 + _GAP) if end < len(words) and words[end] in _NEEDS
        ]
        if ends:
            if words[ends[0]] in _LETTING and "down" in words[ends[0] + 1 : ends[0] + 3]:
                continue  # "never lets me down" is not kept from anything
            found.append(" ".join(words[place : ends[0] + 1]))
        elif word in _ALWAYS_UNMET:
            found.append(" ".join(words[place : place + 2]))
    return list(dict.fromkeys(found))


def _rating_weight(rating: float | None) -> float:
    if rating is None:
        return 0.0
    return RATING_WEIGHT if rating <= POOR_RATING else -RATING_WEIGHT if rating >= GOOD_RATING else 0.0


def _evidence(found: dict[str, list[str]], rating: float | None) -> tuple[str, ...]:
    """The words that speak for a complaint, the weightiest rules first."""
    rules = sorted((rule for rule in found if WEIGHTS[rule] > 0), key=lambda rule: -WEIGHTS[rule])
    texts = list(dict.fromkeys(text for rule in rules for text in found[rule]))
    together = "\n".join(texts)
    evidence: Iterator[str] = (
        text for text in texts if together.count(text) == 1
    )  # what stands in another says no more
    return tuple(islice(_with_rating(evidence, rating), MAX_EVIDENCE))


def _with_rating(evidence: Iterable[str], rating: float | None) -> Iterable[str]:
    return (
        chain([f"rated {rating:g} of 1"], evidence)
        if rating is not None and rating <= POOR_RATING
        else evidence
    )


def _probability(log_odds: float) -> float:
    return round(1 / (1 + math.exp(-log_odds)), 4)
