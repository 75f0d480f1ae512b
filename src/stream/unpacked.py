"""States that were packed a moment ago, unpacked still, so that the next batch need not read them again."""

from collections import OrderedDict
from typing import Generic, TypeVar

S = TypeVar("S")

MAX_BYTES = 8 << 20
"""Of packed states. Unpacked they take eight times as much memory where histories are long, twenty times as much,
some 170 MB, where all are of authors with one contact."""


class Unpacked(Generic[S]):
    """By key, the last state that was packed, and what it was packed from.

    It tells what a packed state says, as unpacking would, and nothing else: whoever asks has the packed state
    from where states are kept. So nothing can be out of date here, whatever became of the batch in which it was
    packed, and whoever owned the partition meanwhile.

    Args:
        max_bytes: of packed states; what was not asked for longest goes first.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._kept: OrderedDict[str, tuple[bytes, S]] = OrderedDict()
        self._max_bytes = max_bytes
        self._bytes = 0

    def take(self, key: str, packed: bytes) -> S | None:
        """What a state says, if that is known; it is the caller's now, who may change it."""
        found = self._kept.pop(key, None)
        if found is None:
            return None
        self._bytes -= len(found[0])
        return found[1] if found[0] == packed else None

    def keep(self, key: str, packed: bytes, state: S) -> None:
        """Remembers what a state was packed from, which nobody may change any more."""
        self.take(key, packed)
        self._kept[key] = packed, state
        self._bytes += len(packed)
        while self._bytes > self._max_bytes:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._bytes -= len(oldest)
