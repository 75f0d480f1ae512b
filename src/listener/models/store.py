"""A model's directory: written whole or not at all, read without pickle."""

import importlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.domain.errors import UsageError
from listener.models.card import Card, read_card
from listener.models.text_model import TextModel

CARD, ARRAYS = "card.json", "arrays.npz"
KINDS: dict[str, str] = {
    "linear": "listener.models.linear",
    "characters": "listener.models.characters",
    "encoder": "listener.models.encoder",
}
"""Kind to the module that has ``load(directory: Path, card: Card) -> TextModel``; imported when first met."""
_HASH_DIGITS = 8
_Arrays = Mapping[str, NDArray[Any]]


def save_model(
    directory: Path, card: Card, arrays: _Arrays | None = None, files: Mapping[str, bytes] | None = None
) -> Card:
    """Writes a model; a reader sees all of it or nothing.

    Args:
        directory: is made; must not exist.
        card: its version is filled in from the content.
        arrays: go to ``arrays.npz``; none of them of objects.
        files: name to content of what else there is, such as an ONNX graph.

    Returns:
        The card as written.

    Raises:
        UsageError: the directory exists.
    """
    content = dict(files or {})
    if arrays:
        content[ARRAYS] = _packed(arrays)
    hashed = sha256(card.model_copy(update={"version": ""}).model_dump_json(exclude={"created_at"}).encode())
    for name in sorted(content):
        hashed.update(name.encode() + b"\0" + sha256(content[name]).digest())
    version = f"{card.task}-{card.kind}+{hashed.hexdigest()[:_HASH_DIGITS]}"
    card = card.model_copy(update={"version": version})
    if directory.exists():
        raise UsageError(f"{directory}: exists already")
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=directory.parent))
    try:
        for name, data in content.items():
            (unfinished / name).write_bytes(data)
        told = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
        (unfinished / CARD).write_text(told + "\n", encoding="utf-8")
        unfinished.chmod(0o755)
        unfinished.replace(directory)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return card


def load_model(directory: Path) -> TextModel:
    """Reads a model.

    Raises:
        UsageError: it is none, of a kind or format that is not known, or what its kind needs is not installed.
    """
    card = load_card(directory)
    if card.kind not in KINDS:
        raise UsageError(f"{directory / CARD}: kind: {card.kind!r} is not one of {', '.join(KINDS)}")
    try:
        module = importlib.import_module(KINDS[card.kind])
        model: TextModel = module.load(directory, card)
    except ImportError as error:
        raise UsageError(
            f"{directory}: a model of the kind {card.kind} needs the Python package {error.name}: install it, or "
            f"take the model out of use"
        ) from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{directory}: cannot be read as a model: {error}") from None
    return model


def load_card(directory: Path) -> Card:
    """Reads what a model says of itself.

    Raises:
        UsageError: there is no readable card.
    """
    path = directory / CARD
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    return read_card(text, str(path))


def load_arrays(directory: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a model.

    Raises:
        OSError, ValueError, zipfile.BadZipFile: they cannot be read, or are objects, which pickle would make.
    """
    with np.load(directory / ARRAYS, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _packed(arrays: _Arrays) -> bytes:
    """An ``.npz`` that is the same, byte by byte, for the same arrays: numpy's own has the time in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(arrays):
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(f"{name}.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
