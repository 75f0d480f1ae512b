"""A key goes to the same partition as by any other client."""

from aiokafka.partitioner import murmur2 as by_aiokafka
from hypothesis import example, given
from hypothesis import strategies as st

from stream.murmur2 import murmur2


@given(st.binary(max_size=300))
@example(b"\xff" * 7)
def test_the_hash_is_aiokafkas(key: bytes) -> None:
    assert murmur2(key) == by_aiokafka(key) & 0xFFFFFFFF
