"""The graph of integers, beside the same network written out in numbers with a point."""

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from listener.models.encoder import Network
from listener.training.encoder_graph import integer_graph, quantised
from listener.training.encoder_weights import Encoder
from tiny_encoder import SIZE, tiny_encoder, tokenizer

Numbers = NDArray[Any]


def plainly(encoder: Encoder, tokens: list[int]) -> Numbers:
    """The last layer, a row for each token (A. Vaswani et al., "Attention Is All You Need", 2017)."""

    def normed(hidden: Numbers, gain: Numbers, shift: Numbers) -> Numbers:
        centred = hidden - hidden.mean(axis=1, keepdims=True)
        scaled: Numbers = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + encoder.epsilon)
        return scaled * gain + shift

    erf = np.vectorize(math.erf)
    hidden: Numbers = encoder.words[tokens].astype(float) + encoder.places[: len(tokens)]
    hidden = normed(hidden, encoder.gain, encoder.shift)
    for layer in encoder.layers:
        asked = (hidden @ layer["asked"] + layer["asked_bias"]).reshape(len(tokens), 3, encoder.heads, -1)
        query, sought, value = (asked[:, part].transpose(1, 0, 2) for part in range(3))
        weights = np.exp(query @ sought.transpose(0, 2, 1) / np.sqrt(query.shape[-1]))
        mixed = (weights / weights.sum(axis=2, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(len(tokens), -1) @ layer["mixed"] + layer["mixed_bias"]
        hidden = normed(hidden + mixed, layer["gain"], layer["shift"])
        wide = hidden @ layer["wide"] + layer["wide_bias"]
        wide = wide * (1 + erf(wide / np.sqrt(2))) / 2
        hidden = normed(
            hidden + wide @ layer["narrow"] + layer["narrow_bias"], layer["last_gain"], layer["last_shift"]
        )
    return hidden


def test_integers_say_nearly_what_numbers_with_a_point_say() -> None:
    encoder = tiny_encoder()
    head = np.eye(SIZE, dtype=np.float32)[:, :4]
    bias = np.array([0, 1, 2, 3], np.float32)
    network = Network(integer_graph(encoder, head, bias), tokenizer())
    for text in ("my orders never came.", "thanks", "refunded user http lovely " * 3):
        reading = network.read([text])[0]
        expected = plainly(encoder, reading.encoding.ids) @ head + bias
        assert np.abs(reading.logits - expected).mean() < 0.05
        assert np.corrcoef(reading.logits.ravel(), expected.ravel())[0, 1] > 0.995


def test_the_same_weights_give_the_same_bytes() -> None:
    head, bias = np.ones((SIZE, 2), np.float32), np.zeros(2, np.float32)
    assert integer_graph(tiny_encoder(), head, bias) == integer_graph(tiny_encoder(), head, bias)


@given(st.lists(st.floats(-10, 10, width=32), min_size=3, max_size=3))
def test_a_weight_is_off_by_half_a_step_at_most(column: list[float]) -> None:
    weights = np.array([column, [0.0] * 3], np.float32).T
    rounded, scales = quantised(weights)
    assert np.abs(rounded * scales - weights).max() <= scales.max() / 2 + 1e-6
    assert np.abs(rounded).max() <= 63
