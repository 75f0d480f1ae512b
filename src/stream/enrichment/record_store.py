"""Very many small records in few large pieces of memory, so that none of them has an object of its own."""

from array import array
from collections.abc import Iterator
from mmap import mmap

from stream.enrichment.pages import pages

_PIECE = 1 << 20
_LENGTHS = 1 << 32
"""Where a record is: its piece times this, and its offset there."""


class RecordStore:
    """Bytes by slot; not to be shared by threads without a lock."""

    def __init__(self) -> None:
        self._begin()
        self._places = array("Q")
        self._lengths = array("I")
        self._free: list[int] = []
        self._held = 0

    def __len__(self) -> int:
        return len(self._places) - len(self._free)

    def __iter__(self) -> Iterator[bytes]:
        return (self.get(slot) for slot, length in enumerate(self._lengths) if length)

    def add(self, record: bytes) -> int:
        """Keeps a record that is not empty; its slot."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._places)
            self._places.append(0)
            self._lengths.append(0)
        self.replace(slot, record)
        return slot

    def replace(self, slot: int, record: bytes) -> None:
        """Keeps a record that is not empty in the place of another."""
        self._forget(slot)
        self._places[slot] = self._put(record)
        self._lengths[slot] = len(record)
        self._held += len(record)

    def remove(self, slot: int) -> None:
        """Frees a slot."""
        self._forget(slot)
        self._free.append(slot)

    def get(self, slot: int) -> bytes:
        """The record of a slot.

        Raises:
            LookupError: it is empty.
        """
        length = self._lengths[slot]
        if not length:
            raise LookupError(f"slot {slot} is empty")
        piece, start = divmod(self._places[slot], _LENGTHS)
        return self._pieces[piece][start : start + length]

    def _begin(self) -> None:
        self._pieces: list[mmap] = []
        self._end = self._room = self._waste = 0

    def _put(self, record: bytes) -> int:
        """Keeps a record behind all others; where it is."""
        end = self._end + len(record)
        if end > self._room:
            self._room = max(_PIECE, len(record))
            self._pieces.append(pages(self._room))
            self._end, end = 0, len(record)
        self._pieces[-1][self._end : end] = record
        place = (len(self._pieces) - 1) * _LENGTHS + self._end
        self._end = end
        return place

    def _forget(self, slot: int) -> None:
        self._held -= self._lengths[slot]
        self._waste += self._lengths[slot]
        self._lengths[slot] = 0
        if self._waste > max(_PIECE, self._held):
            self._lay_out()

    def _lay_out(self) -> None:
        """Leaves out what is not held any more."""
        pieces = self._pieces
        self._begin()
        for slot, length in enumerate(self._lengths):
            if length:
                piece, start = divmod(self._places[slot], _LENGTHS)
                self._places[slot] = self._put(pieces[piece][start : start + length])
