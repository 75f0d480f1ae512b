"""A multi-map from 64-bit hashes to small numbers, at about 20 bytes an entry."""

from array import array
from bisect import bisect_left

_EMPTY, _GONE = 0xFFFFFFFF, 0xFFFFFFFE
"""Values that are no number of ours: a place never used, and one whose entry was removed."""
MAX_VALUE = _GONE - 1
_SMALLEST = 1024
_FULLEST = 0.6
_CROWD = 8
"""Values under one hash from which they move to a sorted array of their own: a run of equal hashes is slow
to pass."""


class KeyTable:
    """Open addressing with linear probing over two flat arrays; not to be shared by threads without a lock."""

    def __init__(self) -> None:
        self._crowds: dict[int, array[int]] = {}
        self._clear(_SMALLEST)

    def __len__(self) -> int:
        return self._entries + sum(map(len, self._crowds.values()))

    def find(self, key: int) -> list[int]:
        """The values under a hash, in no particular order."""
        crowd = self._crowds.get(key)
        return list(crowd) if crowd else [self._values[place] for place in self._places(key)]

    def is_crowded(self, key: int, most: int) -> bool:
        """Whether there are more values under a hash, where `most` is at least `_CROWD`."""
        crowd = self._crowds.get(key)
        return crowd is not None and len(crowd) > most

    def add(self, key: int, value: int) -> None:
        """Adds a value under a hash, once however often it is added."""
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
        if self._used >= _FULLEST * len(self._keys):
            self._grow()
        self._insert(key, value)

    def discard(self, key: int, value: int) -> None:
        """Removes a value under a hash, if it is there."""
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
        keys, values, mask = self._keys, self._values, self._mask
        found: list[int] = []
        place = key & mask
        while (value := values[place]) != _EMPTY:
            if value != _GONE and keys[place] == key:
                found.append(place)
            place = (place + 1) & mask
        return found

    def _insert(self, key: int, value: int) -> None:
        place = key & self._mask
        while self._values[place] != _EMPTY:
            place = (place + 1) & self._mask
        self._keys[place], self._values[place] = key, value
        self._entries += 1
        self._used += 1

    def _grow(self) -> None:
        """Makes room for twice what is there, without the places of what was removed."""
        keys, values = self._keys, self._values
        size = _SMALLEST
        while size * _FULLEST < 1.5 * self._entries:
            size *= 2
        self._clear(size)
        for key, value in zip(keys, values, strict=True):
            if value < _GONE:
                self._insert(key, value)

    def _clear(self, size: int) -> None:
        self._keys = array("Q", bytes(8 * size))
        self._values = array("I", [_EMPTY]) * size
        self._mask = size - 1
        self._entries = self._used = 0
