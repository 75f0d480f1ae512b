"""Features of texts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.models.grams import BITS, BLOCKS, MANNER, MOST_TOKENS, REACH, GramReader
from listener.models.text_model import Texts

READER = GramReader()
TEXTS = st.lists(st.text(max_size=60), max_size=6)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_text_has_the_same_features_alone_and_among_others(texts: list[str]) -> None:
    together = READER.read(texts)
    for number, text in enumerate(texts):
        alone = READER.read([text])
        for block, own in ((grams.block(name) for grams in (together, alone)) for name in BLOCKS):
            here = block.rows == number
            assert block.ids[here].tolist() == own.ids.tolist()
            assert block.counts[here].tolist() == own.counts.tolist()
        assert np.allclose(together.manner[number], alone.manner[0])


def test_shapes_and_bounds() -> None:
    grams = READER.read(["Two words", "", "word " * (2 * MOST_TOKENS)])
    assert grams.manner.shape == (3, len(MANNER))
    assert max(block.ids.max() for block in map(grams.block, BLOCKS)) < 1 << BITS
    assert np.bincount(grams.token_rows, minlength=3).tolist() == [2, 0, MOST_TOKENS]


def test_names_and_addresses_are_one_word() -> None:
    one, other = READER.read(["@anna see https://a.example"]), READER.read(["@bob see https://b.example"])
    assert one.tokens == other.tokens == ["@", "see", "url"]
    assert one.words.ids.tolist() == other.words.ids.tolist()


def test_words_are_together_in_either_order_within_their_reach() -> None:
    one, other = READER.read(["card abroad"]).together, READER.read(["abroad card"]).together
    assert one.ids.tolist() == other.ids.tolist() != []
    apart = READER.read([" ".join(["card", *["x"] * REACH, "abroad"])]).together
    assert not set(one.ids.tolist()) & set(apart.ids.tolist())
    assert set(one.ids.tolist()) <= set(READER.read(["card x x abroad"]).together.ids.tolist())


def test_the_batch_is_read_once_for_all_models() -> None:
    texts = Texts(["Three weeks late", "Fine"])
    texts.derived("vader", lambda _: [0.5, -0.5])
    assert READER.read(texts) is READER.read(texts)
    assert READER.read(texts).manner[:, 0].tolist() == [0.5, -0.5]
