"""The store behaves as a dictionary of slots."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.enrichment import record_store
from stream.enrichment.record_store import RecordStore

steps = st.lists(
    st.tuples(st.sampled_from(["add", "replace", "remove"]), st.binary(min_size=1, max_size=40)), max_size=60
)


@given(steps, st.randoms(use_true_random=False))
def test_same_as_a_dictionary(taken: list[tuple[str, bytes]], chance: random.Random) -> None:
    before = record_store._PIECE
    record_store._PIECE = 100
    try:
        store, model = RecordStore(), dict[int, bytes]()
        for act, record in taken:
            if act == "add" or not model:
                slot = store.add(record)
                assert slot not in model
                model[slot] = record
                continue
            slot = chance.choice(sorted(model))
            if act == "replace":
                store.replace(slot, record)
                model[slot] = record
            else:
                store.remove(slot)
                del model[slot]
        assert {slot: store.get(slot) for slot in model} == model
        assert sorted(store) == sorted(model.values())
        assert len(store) == len(model)
        assert sum(map(len, store._pieces)) <= 2 * sum(map(len, model.values())) + 200
    finally:
        record_store._PIECE = before


def test_an_empty_slot_is_told() -> None:
    store = RecordStore()
    store.remove(store.add(b"x"))
    with pytest.raises(LookupError):
        store.get(0)
