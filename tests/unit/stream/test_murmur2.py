"""A key goes to the same partition as by any other client."""

from aiokafka.partitioner import murmur2 as by_aiokafka
from hypothesis import example, given
from hypothesis import strategies as st

from stream.murmur2 import murmur2, murmur2_of_each


@given(st.binary(max_size=300))
@example(b"\xff" * 7)
def test_the_hash_is_aiokafkas(key: bytes) -> None:
    assert murmur2(key) == by_aiokafka(key) & 0xFFFFFFFF


@given(st.lists(st.binary(max_size=40), max_size=40) | st.lists(st.binary(max_size=300), max_size=20))
@example([b"\xff" * size for size in range(64)])
def test_many_together_have_the_same(keys: list[bytes]) -> None:
    assert murmur2_of_each(keys) == [by_aiokafka(key) & 0xFFFFFFFF for key in keys]
