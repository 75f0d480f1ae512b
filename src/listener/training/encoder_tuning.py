"""Tunes a sentence encoder to a task, by gradient descent through all its layers, on the CPU.

The rows of the vocabulary and of the places stay as they are: they are half of the numbers, a small file has few
of the words, and without them a step costs less. The head reads the mean of all tokens, as the encoder was made to
be read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from listener.training.encoder_weights import Array, Encoder

Tokens = NDArray[np.int64]
Tree = Any
"""Of arrays, as jax has them."""
_LENGTHS = (16, 24, 32, 48, 64, 96, 128, 256, 512)
"""Tokens to which batches are padded: for each the step is compiled once."""
_SORTED_BATCHES = 8
"""Batches whose texts are sorted by length before they are cut apart, so that little is padded."""


@dataclass(frozen=True)
class Settings:
    """How an encoder is tuned.

    Attributes:
        epochs: times that each text is seen.
        batch: texts to a step.
        rate: largest learning rate, of the topmost layer; reached after `warmup` of the steps, zero at the end.
        head_rate: the same, of the head, which begins at zero.
        layer_decay: what a layer's rate is of the next higher one's (J. Howard, S. Ruder, "Universal Language
            Model Fine-tuning for Text Classification", 2018).
        warmup: share of the steps.
        decay: of weights (I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019).
        dropout: share of each layer's output.
        most_norm: of a step's gradient.
        layers: how many are tuned, from the top; what those below make of the texts is worked out once.
    """

    epochs: int = 4
    batch: int = 16
    rate: float = 5e-5
    head_rate: float = 1e-3
    layer_decay: float = 0.9
    warmup: float = 0.1
    decay: float = 0.01
    dropout: float = 0.1
    most_norm: float = 1.0
    layers: int = 6

    def as_dict(self) -> dict[str, Any]:
        """For the model card."""
        return asdict(self)


@dataclass(frozen=True)
class Tuned:
    """A tuned encoder and its head."""

    encoder: Encoder
    head: Array
    head_bias: Array


def tune(
    encoder: Encoder,
    tokens: Sequence[Tokens],
    truth: NDArray[np.int64],
    labels: int,
    settings: Settings,
    seed: int,
    advance: Callable[[float], None],
) -> Tuned:
    """Tunes an encoder; the same arguments give the same numbers on the same processor.

    Args:
        tokens: of each text.
        truth: the column of each text's label.
        labels: how many columns there are.
        advance: told the share done since it was told last.
    """
    height = len(encoder.layers) - min(settings.layers, len(encoder.layers))
    given = lower(encoder, tokens, height, settings.batch)
    size = encoder.words.shape[1]
    tuned: Tree = {
        "layers": [dict(layer) for layer in encoder.layers[height:]],
        "head": {"weights": np.zeros((size, labels), np.float32), "bias": np.zeros(labels, np.float32)},
    }
    tuned = jax.tree.map(jnp.asarray, tuned)
    state = _optimiser(settings, len(tuned["layers"])).init(tuned)
    step = _step(settings, len(tuned["layers"]), encoder.heads, encoder.epsilon)
    steps = settings.epochs * -(-len(tokens) // settings.batch)
    rate = optax.schedules.warmup_cosine_decay_schedule(
        0.0, settings.rate, max(1, int(steps * settings.warmup)), steps
    )
    key = jax.random.key(seed, impl="rbg")  # the default one costs more than the rest of dropout
    order = np.random.default_rng(seed)
    done = 0
    for _ in range(settings.epochs):
        for rows in _batches([len(text) for text in given], settings.batch, order):
            key, own = jax.random.split(key)
            batch = _padded([given[row] for row in rows], settings.batch) | _counted(
                truth[rows], settings.batch
            )
            tuned, state = step(tuned, state, batch, own, rate(done))
            done += 1
            advance(1 / steps)
    found = jax.tree.map(np.asarray, tuned)
    return Tuned(
        encoder=replace(encoder, layers=(*encoder.layers[:height], *found["layers"])),
        head=found["head"]["weights"],
        head_bias=found["head"]["bias"],
    )


def lower(encoder: Encoder, tokens: Sequence[Tokens], height: int, batch: int) -> list[Array]:
    """What the layers below this height, which stay as they are, make of each text: a row for each token."""
    layers = [
        {name: jnp.asarray(array) for name, array in layer.items()} for layer in encoder.layers[:height]
    ]
    found: list[Array] = [
        np.asarray(
            _normed(
                encoder.words[text] + encoder.places[: len(text)],
                encoder.gain,
                encoder.shift,
                encoder.epsilon,
            )
        )
        for text in tokens
    ]
    if not height:
        return found
    by_length = np.argsort([len(text) for text in tokens], kind="stable")
    for start in range(0, len(by_length), batch):
        rows = by_length[start : start + batch]
        given = _padded([found[row] for row in rows], batch)
        hidden = np.asarray(_lower(layers, given["hidden"], given["present"], encoder.heads, encoder.epsilon))
        for row, text in zip(rows, hidden, strict=False):
            found[row] = text[: len(found[row])].copy()
    return found


@partial(jax.jit, static_argnames=("heads", "epsilon"))
def _lower(layers: Tree, hidden: Any, present: Any, heads: int, epsilon: float) -> Any:
    return _through(layers, hidden, present, heads, epsilon, 0.0, None)


@lru_cache(maxsize=4)
def _step(settings: Settings, layers: int, heads: int, epsilon: float) -> Callable[..., tuple[Tree, Tree]]:
    """One step of descent, compiled once for each length of batches however often an encoder is tuned."""
    optimiser = _optimiser(settings, layers)
    loss = partial(_loss, heads=heads, epsilon=epsilon, dropout=settings.dropout)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(tuned: Tree, state: Tree, batch: Tree, key: Any, rate: Any) -> tuple[Tree, Tree]:
        gradient = jax.grad(loss)(tuned, batch, key)
        change, state = optimiser.update(gradient, state, tuned)
        return optax.apply_updates(tuned, _times(change, -rate)), state

    compiled: Callable[..., tuple[Tree, Tree]] = step
    return compiled


def _optimiser(settings: Settings, layers: int) -> optax.GradientTransformation:
    """Adam with a share of the rate for each layer; what is added or multiplied does not decay."""
    shares = [settings.layer_decay ** (layers - 1 - number) for number in range(layers)]

    def by_layer(change: Tree, _: Tree) -> Tree:
        return {
            "layers": [_times(layer, share) for layer, share in zip(change["layers"], shares, strict=True)],
            "head": _times(change["head"], settings.head_rate / settings.rate),
        }

    return optax.chain(
        optax.clip_by_global_norm(settings.most_norm),
        optax.scale_by_adam(),
        optax.add_decayed_weights(
            settings.decay, lambda tuned: jax.tree.map(lambda array: array.ndim > 1, tuned)
        ),
        optax.stateless(by_layer),
    )


def _times(tree: Tree, factor: Any) -> Tree:
    return jax.tree.map(lambda array: array * factor, tree)


def _batches(lengths: Sequence[int], size: int, order: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Rows of each batch, texts of about the same length together, all in an order drawn."""
    drawn = order.permutation(len(lengths))
    chunk = size * _SORTED_BATCHES
    measured = np.asarray(lengths)
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(drawn), chunk):
        rows = drawn[start : start + chunk]
        rows = rows[np.argsort(measured[rows], kind="stable")]
        batches.extend(rows[at : at + size] for at in range(0, len(rows), size))
    for place in order.permutation(len(batches)):
        yield batches[place]


def _padded(texts: Sequence[Array], size: int) -> dict[str, Array]:
    """Texts as one array; in each place whether there is a token."""
    longest = max(len(text) for text in texts)
    length = next(length for length in _LENGTHS if length >= longest)
    hidden = np.zeros((size, length, texts[0].shape[1]), np.float32)
    present = np.zeros((size, length), np.float32)
    for row, text in enumerate(texts):
        hidden[row, : len(text)] = text
        present[row, : len(text)] = 1
    present[len(texts) :, 0] = 1  # a mean of something, which counts nothing
    return {"hidden": hidden, "present": present}


def _counted(truth: NDArray[np.int64], size: int) -> dict[str, NDArray[Any]]:
    """The label of each text of a batch; whether it is a text."""
    columns = np.zeros(size, np.int32)
    columns[: len(truth)] = truth
    return {"columns": columns, "counts": (np.arange(size) < len(truth)).astype(np.float32)}


def _loss(tuned: Tree, batch: Tree, key: Any, heads: int, epsilon: float, dropout: float) -> Any:
    """Mean cross-entropy of a batch."""
    present = batch["present"]
    hidden = _through(tuned["layers"], batch["hidden"], present, heads, epsilon, dropout, key)
    mean = (hidden * present[:, :, None]).sum(axis=1) / present.sum(axis=1, keepdims=True)
    logits = mean @ tuned["head"]["weights"] + tuned["head"]["bias"]
    each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["columns"])
    return (each * batch["counts"]).sum() / batch["counts"].sum()


def _through(
    layers: Sequence[Mapping[str, Any]],
    hidden: Any,
    present: Any,
    heads: int,
    epsilon: float,
    dropout: float,
    key: Any,
) -> Any:
    """What layers make of texts (A. Vaswani et al., "Attention Is All You Need", 2017).

    Args:
        layers: from the lowest up.
        hidden: a row for each token of each text, padded.
        present: 1 where a token is, 0 where it is padding.
        dropout: share of each layer's output that is left out; 0 when not training.
        key: for dropout.
    """
    texts, length, size = hidden.shape
    unseen = (1 - present)[:, None, None, :] * -1e9
    for number, layer in enumerate(layers):
        asked = (hidden @ layer["asked"] + layer["asked_bias"]).reshape(
            texts, length, 3, heads, size // heads
        )
        query, sought, value = (asked[:, :, part] for part in range(3))
        weights = jnp.einsum("bqhd,bkhd->bhqk", query, sought) / np.sqrt(size // heads) + unseen
        mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(weights), value).reshape(texts, length, size)
        mixed = _dropped(mixed @ layer["mixed"] + layer["mixed_bias"], dropout, key, 2 * number)
        hidden = _normed(hidden + mixed, layer["gain"], layer["shift"], epsilon)
        wide = jax.nn.gelu(hidden @ layer["wide"] + layer["wide_bias"], approximate=False)
        narrow = _dropped(wide @ layer["narrow"] + layer["narrow_bias"], dropout, key, 2 * number + 1)
        hidden = _normed(hidden + narrow, layer["last_gain"], layer["last_shift"], epsilon)
    return hidden


def _normed(hidden: Any, gain: Any, shift: Any, epsilon: float) -> Any:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    return centred * ((centred**2).mean(axis=-1, keepdims=True) + epsilon) ** -0.5 * gain + shift


def _dropped(hidden: Any, share: float, key: Any, place: int) -> Any:
    if not share:
        return hidden
    kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - share, hidden.shape)
    return jnp.where(kept, hidden / (1 - share), 0.0)
