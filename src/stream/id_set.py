"""A set of ids that grows for years: 64-bit hashes, packed."""

import base64
import sys
from array import array
from bisect import bisect_left

from listener.domain.ids import hash64


class IdSet:
    """Which ids were seen, as sorted 64-bit hashes; 11 bytes an id when packed into JSON.

    Two of 10,000 ids share a hash with a probability of 3 in 10^12.
    """

    __slots__ = ("_hashes",)

    def __init__(self, packed: str = "") -> None:
        self._hashes = array("Q")
        if packed:
            self._hashes.frombytes(base64.b64decode(packed))
            if sys.byteorder == "big":
                self._hashes.byteswap()

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, name: str) -> bool:
        hashes = self._hashes
        if not hashes:
            return False
        wanted = hash64(name)
        at = bisect_left(hashes, wanted)
        return at < len(hashes) and hashes[at] == wanted

    def add(self, name: str) -> None:
        """Adds an id; nothing happens if it is there."""
        wanted = hash64(name)
        at = bisect_left(self._hashes, wanted)
        if at == len(self._hashes) or self._hashes[at] != wanted:
            self._hashes.insert(at, wanted)

    def packed(self) -> str:
        """The set as text: base64 of little-endian 64-bit integers in order; empty for the empty set."""
        if not self._hashes:
            return ""
        hashes = self._hashes
        if sys.byteorder == "big":
            hashes = array("Q", hashes)
            hashes.byteswap()
        return base64.b64encode(hashes.tobytes()).decode()
