"""Sets of ids: as sets do, and the same when packed."""

from hypothesis import given
from hypothesis import strategies as st

from stream.id_set import IdSet

names = st.lists(st.text(max_size=8))


@given(names, names)
def test_it_holds_what_was_added_and_nothing_else(added: list[str], asked: list[str]) -> None:
    ids = IdSet()
    for name in added:
        ids.add(name)
    assert len(ids) == len(set(added))
    read = IdSet(ids.packed())
    for name in (*added, *asked):
        assert (name in ids) == (name in read) == (name in set(added))


@given(st.lists(st.integers(0, 10_000), unique=True))
def test_the_packed_form_does_not_depend_on_the_order(numbers: list[int]) -> None:
    one, other = IdSet(), IdSet()
    for number in numbers:
        one.add(str(number))
    for number in reversed(numbers):
        other.add(str(number))
    assert one.packed() == other.packed()
