"""How well two values agree, in levels: the first says that they differ, the last that they are the same.

Similar spellings are found by the Jaro-Winkler similarity (Winkler 1990) for words, which slips at a word's
beginning hurt most, and by counting slips with swapped neighbours as one (optimal string alignment) for
digits. The thresholds 0.92 and 0.80 are those of Winkler's and of Splink's defaults, not tuned to any set.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from nicknames import NickNamer
from rapidfuzz.distance import OSA, JaroWinkler

from stream.enrichment.linkage.values import Kind

CLOSE, NEAR = 0.92, 0.80
MIN_DIGITS = 4
"""In shorter ones a slip makes another number of it."""
LEVELS: Mapping[Kind, tuple[str, ...]] = {
    "given": ("differs", "is somewhat alike", "is nearly the same", "is a short form", "is the same"),
    "surname": ("differs", "is somewhat alike", "is nearly the same", "is the same"),
    "text": ("differs", "is somewhat alike", "is nearly the same", "is the same"),
    "place": ("differs", "is somewhat alike", "is nearly the same", "is the same"),
    "choice": ("differs", "is the same"),
    "date": ("differs", "is the same but for two slips", "is the same but for one slip", "is the same"),
    "code": ("differs", "is the same but for two slips", "is the same but for one slip", "is the same"),
    "email": ("differs", "is somewhat alike", "is nearly the same", "has the same name", "is the same"),
    "account": ("differs", "is nearly the same", "is the same"),
}
"""Kind to its levels in words."""
_CACHED = 16_384
_NICKNAMES = NickNamer()
_similarity = JaroWinkler.similarity
_slips = OSA.distance


def level(kind: Kind, one: str, other: str) -> int:
    """How well two values in normal form agree: an index into `LEVELS`."""
    if one == other:
        return len(LEVELS[kind]) - 1
    return _LESSER[kind](one, other)


def best_level(kind: Kind, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[int, str]:
    """The best agreement of any two values, and the value of ours that it is about."""
    best, value = -1, ""
    for one in ours:
        for other in theirs:
            if (found := level(kind, one, other)) > best:
                best, value = found, one
    return best, value


@lru_cache(maxsize=_CACHED)
def _are_forms_of_one(one: str, other: str) -> bool:
    """Whether one is a nickname of the other, both are of a third, or one is the other's initial."""
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    mine, others = _NICKNAMES.canonicals_of(one) | {one}, _NICKNAMES.canonicals_of(other) | {other}
    return other in mine or one in others


def _given(one: str, other: str) -> int:
    return 3 if _are_forms_of_one(one, other) else _text(one, other)


def _text(one: str, other: str) -> int:
    alike = _similarity(one, other, score_cutoff=NEAR)
    if alike < NEAR:
        return 0
    return 2 if alike >= CLOSE else 1


def _place(one: str, other: str) -> int:
    if " " in one or " " in other:
        mine, others = set(one.split()), set(other.split())
        if mine == others:
            return 2
        if mine < others or others < mine:
            return 1
    return _text(one, other)


def _date(one: str, other: str) -> int:
    if len(one) == 8 and one == other[:4] + other[6:] + other[4:6]:
        return 2  # day and month changed places
    return _digits(one, other)


def _digits(one: str, other: str) -> int:
    if min(len(one), len(other)) < MIN_DIGITS:
        return 0
    slips = _slips(one, other, score_cutoff=2)
    return 3 - slips if slips <= 2 else 0


def _email(one: str, other: str) -> int:
    local = one.partition("@")[0]
    if len(local) >= 3 and local == other.partition("@")[0]:
        return 3
    return _text(one, other)


def _account(one: str, other: str) -> int:
    return 1 if _slips(one, other, score_cutoff=1) <= 1 else 0


def _choice(one: str, other: str) -> int:
    return 0


_LESSER: Mapping[Kind, Callable[[str, str], int]] = {
    "given": _given,
    "surname": _text,
    "text": _text,
    "place": _place,
    "choice": _choice,
    "date": _date,
    "code": _digits,
    "email": _email,
    "account": _account,
}
