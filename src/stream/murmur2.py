"""The hash by which every client of Kafka spreads keys over partitions, in half of the time aiokafka takes."""

from functools import lru_cache
from struct import Struct

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF
_LENGTHS = 256


@lru_cache(maxsize=_LENGTHS)
def _words(count: int) -> Struct:
    return Struct(f"<{count}I")


def murmur2(key: bytes) -> int:
    """MurmurHash2 of 32 bits with Kafka's seed: without a sign, all bits."""
    size = len(key)
    hashed = _SEED ^ size
    for word in _words(size >> 2).unpack_from(key):
        word = word * _FACTOR & _MASK
        hashed = (hashed * _FACTOR ^ (word ^ word >> 24) * _FACTOR) & _MASK
    if rest := size & 3:
        hashed = (hashed ^ int.from_bytes(key[-rest:], "little")) * _FACTOR & _MASK
    hashed = (hashed ^ hashed >> 13) * _FACTOR & _MASK
    return hashed ^ hashed >> 15
