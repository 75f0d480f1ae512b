"""Typing errors, slang, capitals and emoji: what stands between what people mean and what they type."""

import re
from collections.abc import Callable
from random import Random

from listener.simulator.people import Style
from listener.simulator.wording.phrases import SLANG

_NEAR = {
    "a": "s",
    "e": "r",
    "i": "o",
    "o": "p",
    "n": "m",
    "t": "y",
    "s": "d",
    "r": "t",
    "l": "k",
    "c": "v",
    "u": "i",
}
_WORD = re.compile(r"[A-Za-z']+")
_KEPT = re.compile(r"[@#]\w+|\S+@\S+|\S*\d\S*|\S+\.test\S*")


def roughen(rng: Random, text: str, style: Style, typos: float, *, slang: bool) -> str:
    """The text as this person would type it. Handles, addresses, numbers and references stay whole.

    Args:
        rng: where chance comes from.
        text: what was meant.
        style: the person's habits.
        typos: factor on the person's rate of errors per word.
        slang: whether the channel is one where slang is used.
    """
    rate = min(0.9, style.typos * typos)
    if slang and style.slang:
        text = _WORD.sub(lambda word: _slang(rng, word.group()), text)
    if rate:
        text = " ".join(_mistype(rng, word) if rng.random() < rate else word for word in text.split(" "))
    if style.shouts and rng.random() < 0.5:
        return _outside_kept(text, str.upper)
    if style.lower_case:
        return _outside_kept(text, str.lower)
    return text


def _slang(rng: Random, word: str) -> str:
    short = SLANG.get(word.lower())
    return short if short and rng.random() < 0.6 else word


def _mistype(rng: Random, word: str) -> str:
    if len(word) < 4 or _KEPT.fullmatch(word) or not word.isascii():
        return word
    at = rng.randrange(1, len(word) - 1)
    way = rng.randrange(4)
    if way == 0:
        return word[:at] + word[at + 1 :]
    if way == 1:
        return word[:at] + word[at] + word[at:]
    if way == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + _NEAR.get(word[at], word[at]) + word[at + 1 :]


def _outside_kept(text: str, change: Callable[[str], str]) -> str:
    return " ".join(word if _KEPT.fullmatch(word) else change(word) for word in text.split(" "))
