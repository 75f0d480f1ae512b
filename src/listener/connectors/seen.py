"""Which mentions have come already, in little memory: 64-bit hashes in a table with open addressing."""

from array import array
from typing import NamedTuple

from listener.domain.contract import format_utc
from listener.domain.ids import hash64
from listener.domain.mention import Mention

_FIRST_CAPACITY = 1 << 14


class Sighting(NamedTuple):
    """One mention as hashes, compared with what came before.

    Attributes:
        repeated: the same id and revision came before.
        differs: it came with another text, author or time.
    """

    identity: int
    content: int
    repeated: bool
    differs: bool


class Seen:
    """Ids and revisions seen, with their content; 16 bytes a slot, 24 to 48 bytes a mention.

    Two different ids have the same hash with probability n² / 2^65: one in 370,000 for ten million mentions.
    """

    def __init__(self) -> None:
        self._count = 0
        self._identities = array("Q", bytes(8 * _FIRST_CAPACITY))
        self._contents = array("Q", bytes(8 * _FIRST_CAPACITY))

    def __len__(self) -> int:
        return self._count

    def sighting(self, mention: Mention) -> Sighting:
        """Compares a mention with what was added; adds nothing."""
        identity = hash64(f"{mention.mention_id}\n{mention.revision}") or 1  # 0 marks an empty slot
        content = hash64(f"{mention.author}\n{format_utc(mention.occurred_at)}\n{mention.text}")
        slot = self._slot(identity)
        repeated = self._identities[slot] == identity
        return Sighting(identity, content, repeated, repeated and self._contents[slot] != content)

    def add(self, sighting: Sighting) -> None:
        """Remembers a mention; of the same identity the first content stays."""
        slot = self._slot(sighting.identity)
        if self._identities[slot]:
            return
        self._identities[slot] = sighting.identity
        self._contents[slot] = sighting.content
        self._count += 1
        if 3 * self._count > 2 * len(self._identities):
            self._grow()

    def _slot(self, identity: int) -> int:
        identities = self._identities
        mask = len(identities) - 1
        slot = identity & mask
        while identities[slot] and identities[slot] != identity:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        old = zip(self._identities, self._contents, strict=True)
        capacity = 2 * len(self._identities)
        self._identities = array("Q", bytes(8 * capacity))
        self._contents = array("Q", bytes(8 * capacity))
        for identity, content in old:
            if identity:
                slot = self._slot(identity)
                self._identities[slot] = identity
                self._contents[slot] = content
