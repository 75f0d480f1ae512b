"""Words that an author only passes on: retweets, and quotations as people type them.

"RT @jane: my bag is lost" says what Jane needs, and nothing about who repeats it. Known are ``RT @name`` and
``MT @name``, also one in another and after words of the author's own, and ``"@name: ..."`` in quotation marks.
Platforms that mark a repost as such do not send its text as the author's.
"""

import re
from typing import NamedTuple

from stream.enrichment.clean import CleanText, recognised

VERSION = "passed-on-1"
OWN_WORDS = 3
"""From so many on the author says something besides."""
_NAME = r"@(\w{1,50}(?:[.@-]\w{1,50}){0,6})"
_REPEATED = re.compile(rf"(?<!\w)(?:rt|mt)\s?:?\s{_NAME}\s?[:,-]?\s", re.IGNORECASE)
_QUOTED = re.compile(rf'^["“”«]\s?{_NAME}\s?:?\s([^"“”«»]{{10,}})["”“»]?')
_JOINS_IN = re.compile(
    r"(?<!\w)(?:me too|also me|same (?:here|problem|issue|thing|story|with me)|happened to me)"
    r"(?!\w)"
)


class PassedOn(NamedTuple):
    """What is passed on, and what its author adds.

    Attributes:
        by: handle of whose words they are, without ``@``; the first of several.
        words: what is passed on, without the words before it.
        own: what the author says besides.
        joins_in: whether that says that it is the same with them.
    """

    by: str
    words: CleanText
    own: CleanText
    joins_in: bool

    @property
    def only(self) -> bool:
        """Whether the author says nothing besides."""
        return len(self.own.words) < OWN_WORDS and not self.joins_in

    @property
    def repeated(self) -> CleanText:
        """What others may say as well: of the two the one that has more words."""
        return self.own if len(self.own.words) > len(self.words.words) else self.words


def passed_on(text: CleanText) -> PassedOn | None:
    """What a text passes on; None for one in words of the author's own."""
    if not text.handles:
        return None
    by, added, words = "", "", text.text
    if quoted := _QUOTED.match(words):
        by, added, words = quoted[1], words[quoted.end() :], quoted[2]
    if repeats := list(_REPEATED.finditer(words)):
        first, last = repeats[0], repeats[-1]
        by, added, words = last[1], added or words[: first.start()], words[last.end() :]
    if not by:
        return None
    own = recognised(added.strip(), cut=False)
    joins_in = _JOINS_IN.search(own.plain) is not None
    return PassedOn(by, recognised(words.strip(' "“”«»'), text.cut), own, joins_in)
