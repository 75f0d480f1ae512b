"""A text as a sentence encoder reads it, the same in training and in use."""

import re
import unicodedata
from functools import lru_cache

VERSION = "words-1"
"""Changes with anything that changes a text here: a model says with which it was trained."""
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@])@\w+")
_PICTURE = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_UNSEEN = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")
"""What joins emoji or gives them a colour."""


def as_read(text: str) -> str:
    """A cleaned text in words that an encoder knows: its vocabulary has few emoji, and no URL says much.

    Emoji become their Unicode names, each URL ``http`` and each handle ``user``, so that no model learns a
    company's or a person's name.
    """
    if "://" in text or "www." in text.lower():
        text = _URL.sub("http", text)
    if "@" in text:
        text = _HANDLE.sub("user", text)
    if not text.isascii():
        text = _PICTURE.sub(_in_words, _UNSEEN.sub("", text))
    return text


def _in_words(picture: re.Match[str]) -> str:
    return f" {_name(picture[0])} "


@lru_cache(maxsize=4096)
def _name(picture: str) -> str:
    return unicodedata.name(picture, "").lower()
