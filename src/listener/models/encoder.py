"""The accurate models: a sentence encoder tuned to one task, run as integers by onnxruntime on one thread.

What the graph tells of a text is the mean over its tokens of each token's logits; so what each word contributed
is known without further work. To its logits those of a fast model are added, which makes other mistakes. Needs the
extra `accurate`; what makes these models is `listener.training.encoder`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from listener.models.calibration import Scores, calibrated
from listener.models.card import Card
from listener.models.encoder_text import VERSION, as_read
from listener.models.linear import LinearModel, reader
from listener.models.linear import load as load_linear
from listener.models.phrases import phrases
from listener.models.text_model import Probabilities, Texts

GRAPH, TOKENIZER = "encoder.onnx", "tokenizer.json"
MOST_TOKENS = 128
"""Of a text that are read; the rest of a long letter is not."""
MOST_CHARACTERS = 1_000
"""Of a text that are looked at, such that tokens need no more."""
_WORD = re.compile(r"\S+")


class Reading:
    """What the network made of one text.

    Attributes:
        text: as it was read.
        encoding: its tokens.
        logits: a row for each token, a column for each label.
    """

    __slots__ = ("encoding", "logits", "text")

    def __init__(self, text: str, encoding: Encoding, logits: NDArray[np.float32]) -> None:
        self.text, self.encoding, self.logits = text, encoding, logits


class Network:
    """A graph and the tokens it reads. May be shared by threads.

    Args:
        graph: ONNX, see `listener.training.encoder_graph`.
        tokenizer: ``tokenizer.json`` of the package `tokenizers`.

    Raises:
        ValueError: one of them cannot be read.
    """

    def __init__(self, graph: bytes, tokenizer: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            self._tokenizer = bounded_tokenizer(tokenizer)
        except Exception as error:  # noqa: BLE001 - the errors of both libraries have no narrower class
            raise ValueError(f"the encoder cannot be read: {error}") from None

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Reads texts one by one, so that none changes what is said of another."""
        readings = []
        for text in texts:
            text = as_read(text[:MOST_CHARACTERS])
            encoding = self._tokenizer.encode(text)
            logits = self._session.run(None, {"tokens": np.array([encoding.ids], np.int64)})[0]
            readings.append(Reading(text, encoding, logits))
        return readings


class EncoderModel:
    """An accurate model; see `TextModel`.

    Args:
        beside: the fast model whose logits are added.

    Raises:
        ValueError: the network has not the card's labels.
    """

    def __init__(self, card: Card, network: Network, beside: LinearModel) -> None:
        self.card = card
        self._network, self._beside = network, beside
        columns = network.read([""])[0].logits.shape[1]
        if columns != len(card.labels):
            raise ValueError(f"the network has {columns} labels, the card {len(card.labels)}")

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """See `TextModel`."""
        if not texts:
            return np.zeros((0, len(self.card.labels)))
        scores = scores_of(self._read(texts)) + self._beside.scores(reader().read(texts))
        return calibrated(scores, self.card.calibration)

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        """See `TextModel`."""
        if not any(labels):
            return [()] * len(texts)
        return [
            () if label is None else bearing(reading, self.card.labels.index(label))
            for reading, label in zip(self._read(texts), labels, strict=True)
        ]

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        if isinstance(texts, Texts):
            return texts.derived(f"encoder {self.card.version} {id(self)}", self._network.read)
        return self._network.read(texts)


def scores_of(readings: Sequence[Reading]) -> Scores:
    """A logit for each label, not calibrated."""
    return np.stack([reading.logits.mean(axis=0, dtype=np.float64) for reading in readings])


def bearing(reading: Reading, place: int) -> tuple[str, ...]:
    """The words that speak most for a label, by what their tokens add to its logit beyond the others' mean."""
    others = (reading.logits.sum(axis=1) - reading.logits[:, place]) / (reading.logits.shape[1] - 1)
    gains = reading.logits[:, place] - others
    words = list(_WORD.finditer(reading.text))
    starts = np.array([word.start() for word in words], np.int64)
    found = np.zeros(len(words))
    for (start, end), gain in zip(reading.encoding.offsets, gains, strict=True):
        if end > start:
            found[np.searchsorted(starts, start, "right") - 1] += gain
    return phrases([word[0].strip(".,;:!?()\"'") for word in words], found)


def bounded_tokenizer(tokenizer: str) -> Tokenizer:
    """Reads a tokenizer that gives no more than `MOST_TOKENS`, without padding."""
    made = Tokenizer.from_str(tokenizer)
    made.enable_truncation(MOST_TOKENS)
    made.no_padding()
    return made


def load(directory: Path, card: Card) -> EncoderModel:
    """Reads one.

    Raises:
        ValueError: it was trained on texts read in another way than this program's; a part of it is broken.
        KeyError, OSError: a part of it is missing.
    """
    if card.settings.get("reads") != VERSION:
        raise ValueError(
            f"trained on texts as {card.settings.get('reads')} reads them, not {VERSION}: train anew"
        )
    graph, tokenizer = (directory / GRAPH).read_bytes(), (directory / TOKENIZER).read_text(encoding="utf-8")
    return EncoderModel(card, Network(graph, tokenizer), load_linear(directory, card))
