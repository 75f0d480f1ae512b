"""Tells languages by runs of one to a few characters: a linear model, softmax over hashed features.

Runs go across words and keep capitals and signs: on short informal texts these tell more than words do. (W. Cavnar
and J. Trenkle, "N-Gram-Based Text Categorization", 1994, for the features; K. Weinberger et al., "Feature Hashing
for Large Scale Multitask Learning", ICML 2009, for doing without a vocabulary, so that no text can be read from a
model.)
"""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from listener.domain.errors import UsageError
from listener.models.calibration import softmax

FORMAT = 1
BITS = 17
"""Of the hash: 131,072 features."""
MAX_CHARACTERS = 500
"""Looked at; the language of a longer text is that of its beginning."""
CARD, ARRAYS = "card.json", "arrays.npz"

Floats = npt.NDArray[np.float64]
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class Runs(NamedTuple):
    """The different runs of characters of many texts.

    Attributes:
        ids: of all texts, one after the other.
        starts: where those of each text begin; one more at the end.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def of(self, rows: npt.NDArray[np.int64]) -> "Runs":
        """Those of some of the texts."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        places = np.repeat(self.starts[:-1][rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Runs(self.ids[places], starts)

    def sums(self, weights: npt.NDArray[np.float32]) -> Floats:
        """For each text the mean weight of its runs, times the root of how many there are."""
        summed = np.add.reduceat(weights[self.ids], self.starts[:-1], axis=0)
        return np.asarray(summed / np.sqrt(np.diff(self.starts))[:, None], np.float64)


def runs(texts: Sequence[str], longest: int) -> Runs:
    """The runs of up to `longest` characters."""
    characters = [
        np.frombuffer(f" {text[:MAX_CHARACTERS]} ".encode("utf-32-le", "replace"), np.uint32)
        for text in texts
    ]
    together = np.concatenate(characters).astype(np.uint64)
    owners = np.repeat(np.arange(len(texts)), [len(each) for each in characters])
    hashed = np.zeros(len(together), np.uint64)
    keys: list[npt.NDArray[np.int64]] = []
    for length in range(1, longest + 1):
        count = max(len(together) - length + 1, 0)
        hashed = hashed[:count] * _FIRST + together[length - 1 :] + np.uint64(length)
        whole = owners[:count] == owners[length - 1 :]
        mixed = (hashed[whole] ^ (hashed[whole] >> np.uint64(32))) * _SECOND
        keys.append((owners[:count][whole] << BITS) | (mixed >> np.uint64(64 - BITS)).astype(np.int64))
    different = np.unique(np.concatenate(keys))
    starts = np.searchsorted(different, np.arange(len(texts) + 1) << BITS)
    return Runs(different & ((1 << BITS) - 1), starts)


@dataclass(frozen=True)
class LanguageModel:
    """Tells how likely each language is. Only read once it is made, so threads may share it.

    Attributes:
        labels: languages, as codes of ISO 639-1; the columns of its probabilities.
        weights: a row for each feature, a column for each label.
        bias: of each label.
        longest: characters of the longest runs.
        least: probability of English from which a text may be read as English.
        data: what it was trained on, and how right it is, for people; never a text.
    """

    labels: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    bias: Floats
    longest: int
    least: float
    data: dict[str, object]

    @property
    def version(self) -> str:
        """Changes with everything that changes a judgement."""
        content = blake2b(digest_size=4)
        content.update(repr((FORMAT, self.labels, self.longest, self.least, self.bias.tolist())).encode())
        content.update(np.ascontiguousarray(self.weights).tobytes())
        return f"characters-{FORMAT}+{content.hexdigest()}"

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """A row for each text, a column for each label.

        Args:
            texts: cleaned (`CleanText.text`), in training as in use. Many at once cost much less than one by one.
        """
        if not texts:
            return np.zeros((0, len(self.labels)))
        return softmax(runs(texts, self.longest).sums(self.weights) + self.bias)

    def save(self, directory: Path) -> None:
        """Writes the model; the card last, so that a directory without one is no model yet."""
        directory.mkdir(parents=True, exist_ok=True)
        used = np.flatnonzero(np.abs(self.weights).max(axis=1) > 0)
        packed = io.BytesIO()
        np.savez_compressed(packed, used=used.astype(np.uint32), weights=self.weights[used], bias=self.bias)
        (directory / ARRAYS).write_bytes(packed.getvalue())
        card = {
            "format": FORMAT,
            "task": "language",
            "version": self.version,
            "labels": self.labels,
            "longest": self.longest,
            "least": self.least,
            "data": self.data,
        }
        unfinished = directory / f"{CARD}.unfinished"
        unfinished.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        unfinished.replace(directory / CARD)

    @classmethod
    def load(cls, directory: Path) -> "LanguageModel":
        """Reads a model.

        Raises:
            UsageError: there is none, or it is damaged or of another format; the text names the file.
        """
        path = directory / CARD
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            if card["format"] != FORMAT:
                raise UsageError(
                    f"{path}: format {card['format']} is not the one that this program reads, {FORMAT}"
                )
            with np.load(directory / ARRAYS, allow_pickle=False) as stored:
                weights = np.zeros((1 << BITS, len(card["labels"])), np.float32)
                weights[stored["used"]] = stored["weights"]
                bias = np.asarray(stored["bias"], np.float64)
            model = cls(
                tuple(card["labels"]), weights, bias, int(card["longest"]), float(card["least"]), card["data"]
            )
        except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
            raise UsageError(f"{directory}: cannot be read as a model of languages: {error}") from None
        if model.version != card["version"]:
            raise UsageError(f"{directory}: the numbers are not those that {CARD} was written for")
        return model
