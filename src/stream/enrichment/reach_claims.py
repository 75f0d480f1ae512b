"""Takes out what an author says about how far their words carry, so that nothing rests on it.

"I have 2 million followers", "I'll tell my 50k followers", "this is going viral", "please retweet": such
words say nothing about what went wrong, and whoever can say them must not be served before those who can not.
What remains is read as if they had never been written. Only the claim goes, with what ties it to the sentence
and its punctuation: of "I'll tell my followers that the charger burnt me" stays "that the charger burnt me". A
conjunction goes with it where the sentence ends with the claim; else it may belong to what follows. The
mention itself keeps its text.
"""

import re
from importlib.resources import files

from pydantic import Field

from listener.domain.document import Document, read_document
from stream.enrichment.clean import CleanText, recognised
from stream.enrichment.words import words_version

VERSION = words_version("claims-1", "reach")

_BY_WORD = {
    "[": "(?:",
    "]": ")?",
    "(": "(?:",
    "'": "['’ʼ`]?",
    "~": r"(?!(?: \w+){0,3} to (?:win|enter)(?!\w))",
    "#": r"\d[\d.,]{0,14}\+?",
}
"""What signs of ``words/reach.yaml`` stand for in a pattern."""
MAX_CLAIMS = 5
MAX_CLAIM = 120
"""Kept as evidence: so many, of so many characters each."""
_TIES = 3
_NEAR = 80
"""Ties before a claim that go with it, and the characters that they stand in."""


class _Claim(Document):
    """One way to say it."""

    telling: str = Field(min_length=1)
    says: str = Field(min_length=1)


class _Claims(Document):
    """The file ``words/reach.yaml``."""

    parts: dict[str, str]
    claims: tuple[_Claim, ...] = Field(min_length=1)

    def pattern(self, says: str) -> str:
        """The regular expression for what the file says."""
        tokens = re.findall(r"\{[^}]*\}|.", says.replace("\n", ""))
        return "".join(
            f"(?:{self.pattern(self.parts[token[1:-1]])})" if token[0] == "{" else _BY_WORD.get(token, token)
            for token in tokens
        )


def _read() -> _Claims:
    source = files(__package__).joinpath("words", "reach.yaml")
    return read_document(_Claims, source.read_text(encoding="utf-8"), "reach.yaml")


_FILE = _read()
_CLAIMS = tuple(
    (
        frozenset(claim.telling.split()),
        re.compile(
            rf"(?<![\w'’@#])(?:{_FILE.pattern(claim.says)})(?!['’]?\w)"
            r"(?: (?:btw|fyi|by the way|you know)(?!\w))?(?: ?[.,!?;…]+)?",
            re.IGNORECASE,
        ),
    )
    for claim in _FILE.claims
)
_TELLING = frozenset[str]().union(*(telling for telling, _ in _CLAIMS))


def _tied(*parts: str) -> re.Pattern[str]:
    """What stands before a claim and goes with it."""
    words = "|".join(_FILE.pattern(f"{{{part}}}") for part in parts)
    return re.compile(
        rf"(?:(?<=\w)[,;] )?(?:(?<!\S)\()?(?:(?<![\w'’@#])(?:{words})[,:.]? ){{0,{_TIES}}}$", re.IGNORECASE
    )


_TIED, _TIED_TO_THE_END = _tied("tie"), _tied("tie", "conjunction")


def apart_from_reach_claims(text: CleanText) -> tuple[CleanText, tuple[str, ...]]:
    """The text as if its author had said nothing about followers, copies and the like; and what was said."""
    words = text.words
    if _TELLING.isdisjoint(words):
        return text, ()
    rest = text.text
    claims: list[str] = []
    for telling, claim in _CLAIMS:
        if not telling.isdisjoint(words):
            rest = _without(rest, claim, claims)
    if not claims:
        return text, ()
    said = (claim.strip(" .,!?;…")[:MAX_CLAIM] for claim in claims[:MAX_CLAIMS])
    return recognised(" ".join(rest.split()), text.cut), tuple(said)


def _without(text: str, claim: re.Pattern[str], claims: list[str]) -> str:
    """The text without a claim, with what belongs to it; each time that it stands there is added to `claims`."""
    parts: list[str] = []
    place = 0
    for found in claim.finditer(text):
        claims.append(found[0])
        before = text[place : found.start()]
        ends = found.end() == len(text) or found[0].endswith((".", "!", "?", ";", "…"))
        tied = (_TIED_TO_THE_END if ends else _TIED).search(before, max(len(before) - _NEAR, 0))
        start = tied.start() if tied else len(before)
        parts.append(before[:start])
        place = found.end()
        if before[start:].lstrip(",; ").startswith("(") and text[place : place + 1] == ")":
            place += 1
    return " ".join([*parts, text[place:]]) if parts else text
