"""A tuned encoder as the graph that runs: ONNX with weights of eight bits.

It takes the tokens of one text, never a batch: nothing is padded, and what is said of a text does not hang on the
texts beside it, as it would where activations are quantised by batch. Each weight has a scale by output column
(V. Vanhoucke et al., "Improving the Speed of Neural Networks on CPUs", 2011); activations are quantised as they
come. The operators of ``com.microsoft`` are those of onnxruntime.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from listener.training.encoder_weights import Array, Encoder

_OPSET, _MICROSOFT, _FORMAT = 17, 1, 8
_LARGEST = 63
"""Of a quantised weight: seven bits, since sums of products of eight overflow on processors without VNNI."""
_LARGEST_STORED = 127
"""Of a quantised row of the vocabulary, which is only looked up."""


def integer_graph(encoder: Encoder, head: Array, head_bias: Array) -> bytes:
    """The graph: ``tokens`` (int64, one row) in; ``logits`` out, a row for each token and a column for each label.

    The mean of the rows is the logits of the text.

    Args:
        encoder: tuned.
        head: a row for each of the encoder's dimensions, a column for each label.
        head_bias: for each label.
    """
    return _Graph(encoder).finish(head, head_bias)


class _Graph:
    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def finish(self, head: Array, head_bias: Array) -> bytes:
        hidden = self._embedded()
        for number, layer in enumerate(self._encoder.layers):
            asked = self._matmul(hidden, layer["asked"], layer["asked_bias"])
            parts = self._node("Split", [asked], 3, axis=2)
            mixed = self._node(
                "MultiHeadAttention", parts, domain="com.microsoft", num_heads=self._encoder.heads
            )[0]
            mixed = self._matmul(mixed, layer["mixed"], layer["mixed_bias"])
            hidden = self._added(mixed, hidden, layer["gain"], layer["shift"])
            wide = self._matmul(hidden, layer["wide"])
            bias = self._constant(f"wide_bias.{number}", layer["wide_bias"])
            wide = self._node("BiasGelu", [wide, bias], domain="com.microsoft")[0]
            narrow = self._matmul(wide, layer["narrow"], layer["narrow_bias"])
            hidden = self._added(narrow, hidden, layer["last_gain"], layer["last_shift"])
        flat = self._node("Squeeze", [hidden, self._constant("first", np.array([0], np.int64))])[0]
        product = self._node("MatMul", [flat, self._constant("head", head)])[0]
        self._nodes.append(
            helper.make_node("Add", [product, self._constant("head_bias", head_bias)], ["logits"])
        )
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "length"])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["length", head.shape[1]])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", _MICROSOFT)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="listener", ir_version=_FORMAT)
        onnx.checker.check_model(model)
        stored: bytes = model.SerializeToString(deterministic=True)
        return stored

    def _embedded(self) -> str:
        """The rows of the tokens and of their places, brought to norm."""
        scales = np.abs(self._encoder.words).max(axis=1, keepdims=True) / _LARGEST_STORED
        scales[scales == 0] = 1
        rounded = np.rint(self._encoder.words / scales).astype(np.int8)
        rows = self._node("Gather", [self._constant("words", rounded), "tokens"])[0]
        rows = self._node("Cast", [rows], to=TensorProto.FLOAT)[0]
        sizes = self._node("Gather", [self._constant("scales", scales.astype(np.float32)), "tokens"])[0]
        rows = self._node("Mul", [rows, sizes])[0]
        length = self._node("Shape", ["tokens"], start=1, end=2)[0]
        zero, axis = (self._constant(name, np.array([0], np.int64)) for name in ("zero", "axis"))
        places = self._node("Slice", [self._constant("places", self._encoder.places), zero, length, axis])[0]
        rows = self._node("Add", [rows, places])[0]
        gain, shift = (
            self._constant(f"{name}.words", array)
            for name, array in (("gain", self._encoder.gain), ("shift", self._encoder.shift))
        )
        return self._node("LayerNormalization", [rows, gain, shift], axis=-1, epsilon=self._encoder.epsilon)[
            0
        ]

    def _matmul(self, given: str, weights: Array, bias: Array | None = None) -> str:
        rounded, scales = quantised(weights)
        name = f"w{len(self._constants)}"
        inputs = [given, self._constant(name, rounded), self._constant(f"{name}.scales", scales), ""]
        inputs.append("" if bias is None else self._constant(f"{name}.bias", bias))
        return self._node("DynamicQuantizeMatMul", inputs, domain="com.microsoft")[0]

    def _added(self, given: str, skipped: str, gain: Array, shift: Array) -> str:
        name = f"n{len(self._constants)}"
        inputs = [given, skipped, self._constant(name, gain), self._constant(f"{name}.shift", shift)]
        epsilon = self._encoder.epsilon
        return self._node("SkipLayerNormalization", inputs, domain="com.microsoft", epsilon=epsilon)[0]

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _node(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> list[str]:
        names = [f"v{len(self._nodes)}.{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names


def quantised(weights: Array) -> tuple[NDArray[np.int8], Array]:
    """Weights as small integers, and what each column of them is to be multiplied by."""
    scales = np.abs(weights).max(axis=0) / _LARGEST
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)
