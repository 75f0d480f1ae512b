"""How often values occur among very many: a count-min sketch (Cormode & Muthukrishnan 2005) of 8 MiB.

A count is never too small, so that an agreement is never taken for rarer than it is. The order of adding does not
matter, and what was added can be taken away again.
"""

from array import array
from zlib import crc32

_SIZE = 1 << 20
_MASK = _SIZE - 1


class Occurrences:
    """Counts texts; not to be shared by threads without a lock."""

    def __init__(self) -> None:
        self._rows = (array("I", bytes(4 * _SIZE)), array("I", bytes(4 * _SIZE)))

    def add(self, text: str, count: int = 1) -> None:
        """Counts a text; a negative count takes it away again."""
        first, second = _places(text)
        self._rows[0][first] += count
        self._rows[1][second] += count

    def count(self, text: str) -> int:
        """How often a text was counted: so often, or seldom more."""
        first, second = _places(text)
        return min(self._rows[0][first], self._rows[1][second])


def _places(text: str) -> tuple[int, int]:
    data = text.encode(errors="surrogatepass")
    found = crc32(data)
    return found & _MASK, crc32(data, found ^ 0x9E3779B9) & _MASK
