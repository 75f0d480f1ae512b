"""Makes a model of languages from labelled texts, and says how right it is on texts that it never saw.

The weights are fitted by mini-batches with AdaGrad (J. Duchi, E. Hazan, Y. Singer, 2011). The length of runs, the
strength of regularisation and the probability from which a text is English are chosen by cross-validation inside
the rows that a model is trained on; the figures come from folds outside those.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from listener.domain.errors import UsageError
from listener.language.characters import BITS, Floats, LanguageModel, Runs, runs
from listener.models.calibration import softmax

OUTER, INNER = 5, 3
BATCH = 64
EPOCHS = 24
RATE, BIAS_RATE = 0.3, 0.1
ENGLISH = "en"
RECALL = 0.9925
"""Share of the English texts that are to be accepted where the least probability is chosen: well above 0.98,
since the next texts are never quite like these."""

Rows = npt.NDArray[np.int64]
Accepts = npt.NDArray[np.bool_]
Advance = Callable[[float], None]


class Way(NamedTuple):
    """Hyperparameters: characters of the longest runs, and strength of the regularisation."""

    longest: int
    strength: float


WAYS = (Way(3, 1e-4), Way(3, 3e-5), Way(4, 1e-4))


class Figures(NamedTuple):
    """Cross-validated: of the English texts and of the others the share accepted as English, in each fold."""

    recall: tuple[float, ...]
    false_accepts: tuple[float, ...]
    accuracy: tuple[float, ...]
    """Share of all texts whose language is told rightly."""
    ways: tuple[Way, ...]

    def summary(self) -> dict[str, object]:
        """For the card: means with their standard errors over the folds."""
        told: dict[str, object] = {"folds": len(self.recall), "ways": [list(way) for way in self.ways]}
        for name in ("recall", "false_accepts", "accuracy"):
            each = np.array(getattr(self, name))
            error = float(each.std(ddof=1) / len(each) ** 0.5)
            told[name] = {"mean": round(float(each.mean()), 4), "standard_error": round(error, 4)}
        return told


class Fitted(NamedTuple):
    """What `fit` makes."""

    way: Way
    weights: npt.NDArray[np.float32]
    bias: Floats

    def shares(self, seen: Runs) -> Floats:
        """Probabilities."""
        return softmax(seen.sums(self.weights) + self.bias)


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    accepted: Sequence[bool] | None = None,
    *,
    seed: int = 0,
    advance: Advance = lambda share: None,
) -> tuple[LanguageModel, Figures]:
    """Trains a model.

    Args:
        texts: cleaned (`CleanText.text`).
        labels: the language of each, as a code of ISO 639-1; `en` has to be among them.
        accepted: whether what ships takes each for English; a text is English where both say so. All, where None.
        seed: of the folds and of the order of the examples; the same gives the same model.
        advance: told the progress, together one.

    Raises:
        UsageError: there is no English, nothing else, or too little of a language.
    """
    names = tuple(sorted(set(labels)))
    if ENGLISH not in names or len(names) < 2:
        raise UsageError(
            f"texts labelled {ENGLISH} and texts labelled otherwise are needed; there are: {', '.join(names)}"
        )
    truth = np.array([names.index(label) for label in labels], np.int64)
    few = [name for place, name in enumerate(names) if (truth == place).sum() < OUTER * INNER]
    if few:
        raise UsageError(
            f"{', '.join(few)}: fewer than {OUTER * INNER} texts, too few to check the model: add texts"
        )
    examples = _Examples(
        texts, truth, names, np.ones(len(texts), bool) if accepted is None else np.array(accepted)
    )
    everything = np.arange(len(texts))
    step = 1 / (OUTER + 1)
    judged = [
        _judge(examples, kept, held, seed, lambda: advance(step))
        for kept, held in folds(examples, everything, OUTER, seed)
    ]
    figures = Figures(*(tuple(column) for column in zip(*judged, strict=True)))
    fitted, least = choose(examples, everything, seed)
    advance(step)
    data: dict[str, object] = {
        "texts": {name: int((truth == place).sum()) for place, name in enumerate(names)},
        "way": list(fitted.way),
        "cross_validated": figures.summary(),
    }
    return LanguageModel(names, fitted.weights, fitted.bias, fitted.way.longest, least, data), figures


class _Examples:
    """Labelled texts, and their runs, worked out once for each length."""

    def __init__(self, texts: Sequence[str], truth: Rows, names: tuple[str, ...], accepted: Accepts) -> None:
        self.truth, self.names, self.accepted = truth, names, accepted
        self.english = truth == names.index(ENGLISH)
        self.groups = np.unique(
            np.array([" ".join(text.lower().split()) for text in texts]), return_inverse=True
        )[1]
        self._texts = texts
        self._runs: dict[int, Runs] = {}

    def runs(self, rows: Rows, longest: int) -> Runs:
        """Of some of the texts."""
        if longest not in self._runs:
            self._runs[longest] = runs(self._texts, longest)
        return self._runs[longest].of(rows)


def folds(examples: _Examples, rows: Rows, count: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows to train on and rows held back, `count` times; labels are spread evenly, equal texts stay together."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(rows)
    fold_of = np.full(examples.groups.max() + 1, -1)
    for place in range(len(examples.names)):
        groups = list(dict.fromkeys(examples.groups[order[examples.truth[order] == place]].tolist()))
        new = [group for group in groups if fold_of[group] < 0]
        fold_of[new] = np.arange(len(new)) % count
    fold = fold_of[examples.groups[rows]]
    for number in range(count):
        yield rows[fold != number], rows[fold == number]


def choose(examples: _Examples, rows: Rows, seed: int) -> tuple[Fitted, float]:
    """The best way by cross-validation inside the rows, fitted on all; the least probability of English."""
    best: tuple[float, Way, float] | None = None
    for way in WAYS:
        shares = np.zeros(len(examples.truth))
        for kept, held in folds(examples, rows, INNER, seed + 1):
            shares[held] = english_shares(examples, fit(examples, kept, way, seed), held)
        english = shares[rows][examples.english[rows]]
        least = float(np.quantile(english, 1 - RECALL, method="lower"))
        wrong = float((shares[rows][~examples.english[rows]] >= max(least, 1e-9)).mean())
        if best is None or wrong < best[0]:
            best = (wrong, way, least)
    if best is None:
        raise ValueError("there is no way to try")
    return fit(examples, rows, best[1], seed), max(best[2], 1e-9)


def english_shares(examples: _Examples, fitted: Fitted, rows: Rows) -> Floats:
    """The probability of English; none where what ships takes a text for no English."""
    shares = fitted.shares(examples.runs(rows, fitted.way.longest))[:, examples.names.index(ENGLISH)]
    return np.where(examples.accepted[rows], shares, 0.0)


def fit(examples: _Examples, rows: Rows, way: Way, seed: int) -> Fitted:
    """Fits on these rows."""
    labels = len(examples.names)
    weights = np.zeros((1 << BITS, labels), np.float32)
    squares = np.full_like(weights, 1e-3)
    bias = np.zeros(labels)
    chance = np.random.default_rng(seed)
    seen = examples.runs(rows, way.longest)
    truth = examples.truth[rows]
    for _ in range(EPOCHS):
        order = chance.permutation(len(rows))
        for start in range(0, len(rows), BATCH):
            batch = order[start : start + BATCH]
            some = seen.of(batch)
            error = softmax(some.sums(weights) + bias)
            error[np.arange(len(batch)), truth[batch]] -= 1
            error /= len(batch)
            lengths = np.diff(some.starts)
            each = np.repeat(error / np.sqrt(lengths)[:, None], lengths, axis=0)
            used, places = np.unique(some.ids, return_inverse=True)
            slope = np.stack(
                [np.bincount(places, each[:, label], len(used)) for label in range(labels)], axis=1
            ).astype(np.float32)
            slope += np.float32(way.strength) * weights[used]
            squares[used] += slope * slope
            weights[used] -= np.float32(RATE) * slope / np.sqrt(squares[used])
            bias -= BIAS_RATE * error.sum(axis=0)
    return Fitted(way, weights, bias)


def _judge(
    examples: _Examples, kept: Rows, held: Rows, seed: int, done: Callable[[], None]
) -> tuple[float, float, float, Way]:
    """Recall, false accepts and accuracy on rows that were held back."""
    fitted, least = choose(examples, kept, seed)
    accepted = english_shares(examples, fitted, held) >= least
    english = examples.english[held]
    found = fitted.shares(examples.runs(held, fitted.way.longest)).argmax(axis=1)
    done()
    return (
        float(accepted[english].mean()),
        float(accepted[~english].mean()),
        float((found == examples.truth[held]).mean()),
        fitted.way,
    )
