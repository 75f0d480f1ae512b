"""A multi-map from hashes to small numbers, at 11 to 13 bytes an entry.

Of a hash 36 bits are looked at: among ten million entries one hash in 7,000 meets another's. Whoever asks checks
what is found against the record itself.
"""

from array import array
from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from stream.enrichment.pages import numbers

_EMPTY, _GONE = 0xFFFFFFFF, 0xFFFFFFFE
"""Values that are no number of ours: a place never used, and one whose entry was removed."""
MAX_VALUE = _GONE - 1
_KEPT = 0xFFFFFFFF
_SMALLEST = 1024
_FULLEST, _LOOSEST = 0.75, 0.6
"""Share of places in use at which the table is laid out anew, and after that."""
_TAIL = 256
"""Places behind the last home at least; more where hashes crowd together at the end."""
_CROWD = 8
"""Values under one hash from which they move to a sorted array of their own: a run of equal hashes is slow
to pass."""
_PORTION = 1 << 18
"""Entries that are laid out at once."""
_PARTS = 16
"""Each grows alone: laying one out takes twice its memory for a moment."""


class KeyTable:
    """Open addressing in several parts; not to be shared by threads without a lock."""

    def __init__(self) -> None:
        self._parts = tuple(_Part() for _ in range(_PARTS))

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def find(self, key: int) -> list[int]:
        """The values under a hash of 64 bits, in no particular order."""
        return self._part(key).find(key)

    def count(self, key: int) -> int:
        """How many values there are under a hash."""
        return self._part(key).count(key)

    def add(self, key: int, value: int) -> None:
        """Adds a value under a hash, once however often it is added."""
        self._part(key).add(key, value)

    def discard(self, key: int, value: int) -> None:
        """Removes a value under a hash, if it is there."""
        self._part(key).discard(key, value)

    def _part(self, key: int) -> "_Part":
        return self._parts[(key >> 32) % _PARTS]


class _Part:
    """Linear probing over two flat arrays, by the lower 32 bits of hashes."""

    def __init__(self) -> None:
        self._crowds: dict[int, array[int]] = {}
        self._clear(_SMALLEST)

    def __len__(self) -> int:
        return self._entries + sum(map(len, self._crowds.values()))

    def find(self, key: int) -> list[int]:
        key &= _KEPT
        crowd = self._crowds.get(key)
        return list(crowd) if crowd else [self._values[place] for place in self._places(key)]

    def count(self, key: int) -> int:
        key &= _KEPT
        crowd = self._crowds.get(key)
        return len(crowd) if crowd else len(self._places(key))

    def add(self, key: int, value: int) -> None:
        key &= _KEPT
        crowd = self._crowds.get(key)
        if crowd is not None:
            place = bisect_left(crowd, value)
            if place == len(crowd) or crowd[place] != value:
                crowd.insert(place, value)
            return
        places = self._places(key)
        held = {self._values[place] for place in places}
        if value in held:
            return
        if len(held) >= _CROWD:
            for place in places:
                self._values[place] = _GONE
            self._entries -= len(places)
            self._crowds[key] = array("I", sorted(held | {value}))
            return
        if self._used >= _FULLEST * self._size:
            self._lay_out()
        while not self._insert(key, value):
            self._lay_out()

    def discard(self, key: int, value: int) -> None:
        key &= _KEPT
        crowd = self._crowds.get(key)
        if crowd is not None:
            place = bisect_left(crowd, value)
            if place < len(crowd) and crowd[place] == value:
                del crowd[place]
            if not crowd:
                del self._crowds[key]
            return
        for place in self._places(key):
            if self._values[place] == value:
                self._values[place] = _GONE
                self._entries -= 1

    def _places(self, key: int) -> list[int]:
        keys, values = self._keys, self._values
        found: list[int] = []
        place = key * self._size >> 32
        while (value := values[place]) != _EMPTY:  # the last place is never used
            if keys[place] == key and value != _GONE:
                found.append(place)
            place += 1
        return found

    def _insert(self, key: int, value: int) -> bool:
        """Whether there was room for it."""
        place = key * self._size >> 32
        while self._values[place] != _EMPTY:
            place += 1
        if place == len(self._values) - 1:
            return False
        self._keys[place], self._values[place] = key, value
        self._entries += 1
        self._used += 1
        return True

    def _lay_out(self) -> None:
        """Makes room for more, without the places of what was removed."""
        values = np.frombuffer(self._values, dtype=np.uint32)
        held = values < _GONE
        entries = np.frombuffer(self._keys, dtype=np.uint32)[held].astype(np.uint64)
        entries <<= np.uint64(32)
        entries |= values[held]
        del values, held
        size = max(_SMALLEST, int(len(entries) / _LOOSEST))
        self._clear(_SMALLEST)  # the old arrays go before the new ones come
        entries.sort()
        tail = _TAIL
        while not self._take(entries, size, tail):
            tail *= 4

    def _take(self, entries: npt.NDArray[np.uint64], size: int, tail: int) -> bool:
        """Fills an empty table; whether there is room for all and some more.

        Args:
            entries: hash and value in one number, in order; so the homes are in order as well.
        """
        self._clear(size, tail)
        keys = np.frombuffer(self._keys, dtype=np.uint32)
        values = np.frombuffer(self._values, dtype=np.uint32)
        after = 0
        for start in range(0, len(entries), _PORTION):
            part = entries[start : start + _PORTION]
            hashes = part >> np.uint64(32)
            numbers = np.arange(len(part))
            # each is at its home, or right behind the one before it
            free = ((hashes * np.uint64(size)) >> np.uint64(32)).astype(np.int64) - numbers
            free[0] = max(free[0], after)
            places = np.maximum.accumulate(free) + numbers
            after = int(places[-1]) + 1
            if after > len(values) - _TAIL // 2:
                return False
            keys[places] = hashes
            values[places] = part & np.uint64(_KEPT)
        self._entries = self._used = len(entries)
        return True

    def _clear(self, size: int, tail: int = _TAIL) -> None:
        self._size = size
        self._keys = numbers(size + tail)
        self._values = numbers(size + tail)
        np.frombuffer(self._values, dtype=np.uint32).fill(_EMPTY)
        self._entries = self._used = 0
