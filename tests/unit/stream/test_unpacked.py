"""What is remembered is what the packed state says, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from stream.unpacked import Unpacked


def test_a_state_is_given_once_and_only_for_what_it_was_packed_from() -> None:
    states = Unpacked[list[int]]()
    states.keep("a", b"[1]", [1])
    assert states.take("b", b"[1]") is None
    assert states.take("a", b"[1]") == [1]
    assert states.take("a", b"[1]") is None
    states.keep("a", b"[1]", [1])
    assert states.take("a", b"[2]") is None
    assert states.take("a", b"[1]") is None


def test_what_was_not_asked_for_longest_goes_first() -> None:
    states = Unpacked[int](max_bytes=4)
    states.keep("a", b"11", 1)
    states.keep("b", b"22", 2)
    states.keep("a", b"33", 3)
    states.keep("c", b"44", 4)
    assert [states.take("a", b"33"), states.take("b", b"22"), states.take("c", b"44")] == [3, None, 4]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.binary(max_size=3)), max_size=30))
def test_it_never_tells_anything_else_and_keeps_within_its_bounds(
    steps: list[tuple[bool, str, bytes]],
) -> None:
    states = Unpacked[bytes](max_bytes=5)
    for keeping, key, packed in steps:
        if keeping:
            states.keep(key, packed, packed)
        else:
            assert states.take(key, packed) in (None, packed)
        assert states._bytes == sum(len(kept) for kept, _ in states._kept.values()) <= 5
