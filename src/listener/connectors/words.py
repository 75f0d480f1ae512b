"""Whether a text has one of the words that a source is to hear."""

import re
from collections.abc import Iterable


class Words:
    """Whole words or phrases, in any case.

    Args:
        words: without any, no text has one.
    """

    def __init__(self, words: Iterable[str]) -> None:
        either = "|".join(re.escape(word) for word in words)
        self._pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if either else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def among(self, text: str) -> bool:
        """Whether a text has one."""
        return self._pattern is not None and bool(self._pattern.search(text))
