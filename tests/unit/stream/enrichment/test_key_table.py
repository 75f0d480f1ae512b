"""The table of hashes behaves as a dictionary of sets."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from stream.enrichment.key_table import KeyTable

steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from([1, 1025, 2**32 + 1, 7, 2**64 - 1]), st.integers(0, 30)),
    max_size=80,
)


@given(steps)
def test_same_as_a_dictionary_of_sets(taken: list[tuple[bool, int, int]]) -> None:
    table, model = KeyTable(), defaultdict[int, set[int]](set)
    for adds, key, value in taken:
        if adds:
            table.add(key, value)
            model[key].add(value)
        else:
            table.discard(key, value)
            model[key].discard(value)
        assert sorted(table.find(key)) == sorted(model[key])
        assert table.count(key) == len(model[key])
    assert len(table) == sum(map(len, model.values()))


def test_hashes_at_the_very_end_find_room() -> None:
    table = KeyTable()
    for number in range(700):
        table.add(2**32 - 1 - number, number)
    assert all(table.find(2**32 - 1 - number) == [number] for number in range(700))
    assert table.find(2**32 - 1000) == []


def test_grows() -> None:
    table = KeyTable()
    for number in range(30_000):
        table.add(number * 0x9E3779B97F4A7C15 % 2**64, number)
    for number in range(0, 30_000, 2):
        table.discard(number * 0x9E3779B97F4A7C15 % 2**64, number)
    found = [table.find(number * 0x9E3779B97F4A7C15 % 2**64) for number in range(30_000)]
    assert found == [[] if number % 2 == 0 else [number] for number in range(30_000)]
