"""Numbers of orders, accounts and contracts in what was said: as the company's own patterns say they look.

Compared without spaces, hyphens and dots, in capital letters: ``ord-12 345`` is ``ORD12345``.
"""

import re
from collections.abc import Iterator, Sequence

from listener.domain.errors import UsageError

MAX_TEXT = 10_000
"""Characters of a text that are looked at."""
_APART = re.compile(r"[\s.\-/_#]+")


def normal_reference(text: str) -> str | None:
    """The number in its normal form, or None if nothing is left of it."""
    return _APART.sub("", text).upper() or None


class References:
    """Finds them.

    Args:
        patterns: regular expressions; where one has a group, the first group is the number.

    Raises:
        UsageError: one is no regular expression, or finds nothing but emptiness.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = []
        for pattern in patterns:
            try:
                compiled = re.compile(pattern, re.IGNORECASE)
            except re.error as error:
                raise UsageError(f"matching.references: {pattern}: {error}") from None
            if compiled.search(""):
                raise UsageError(f"matching.references: {pattern}: finds a number where there is no text")
            self._patterns.append(compiled)

    def find(self, text: str) -> Iterator[str]:
        """The numbers in a text, in normal form."""
        for pattern in self._patterns:
            for found in pattern.finditer(text, 0, MAX_TEXT):
                number = normal_reference(found.group(1) if pattern.groups else found.group())
                if number is not None:
                    yield number
