"""Probabilities that mean what they say: of texts given 0.8, eight in ten have the label."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from listener.models.card import Calibration

Scores = NDArray[np.float64]


def softmax(scores: Scores) -> Scores:
    """Scores as probabilities, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Scores = raised / raised.sum(axis=1, keepdims=True)
    return shares


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """Probabilities from a model's scores (logits), a column a label."""
    match calibration.method:
        case "none":
            return softmax(scores)
        case "temperature":
            return softmax(scores / calibration.values[0])
        case "platt":
            slope, intercept = calibration.values
            odds = slope * (scores[:, 1] - scores[:, 0]) + intercept
            return softmax(np.stack([np.zeros_like(odds), odds], axis=1))


def fit_temperature(scores: Scores, truth: NDArray[np.int64]) -> Calibration:
    """The temperature under which held-out truth is likeliest.

    Args:
        scores: of texts that the model was not trained on.
        truth: the column of each text's label.
    """

    def loss(log_temperature: float) -> float:
        shares = softmax(scores / np.exp(log_temperature))
        return float(-np.log(np.clip(shares[np.arange(len(truth)), truth], 1e-12, None)).mean())

    return Calibration(method="temperature", values=(float(np.exp(_least(loss, -3.0, 3.0))),))


def fit_platt(scores: Scores, truth: NDArray[np.int64]) -> Calibration:
    """Slope and intercept under which held-out truth of two labels is likeliest, by Newton's method.

    Steps are halved until they gain something: from scores that are far too sure a whole one leads astray
    (H.-T. Lin et al., "A Note on Platt's Probabilistic Outputs for Support Vector Machines", 2007).
    """
    odds = scores[:, 1] - scores[:, 0]
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    hits = int(truth.sum())
    target = np.where(
        truth == 1, (hits + 1) / (hits + 2), 1 / (len(truth) - hits + 2)
    )  # Platt's own smoothing

    def loss(weights: Scores) -> float:
        raised = design @ weights
        return float((np.logaddexp(0, raised) - target * raised).sum())

    weights = np.array([1.0, 0.0])
    for _ in range(50):
        shares = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curve = design.T @ (design * (shares * (1 - shares))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, design.T @ (shares - target))
        now = loss(weights)
        while np.abs(step).max() >= 1e-9 and loss(weights - step) > now:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(method="platt", values=(float(weights[0]), float(weights[1])))


def calibration_error(shares: Scores, truth: NDArray[np.int64], bins: int = 10) -> float:
    """Expected calibration error: how far confidence and accuracy are apart on average (Guo et al., 2017).

    Of two labels the probability of the second is looked at in bins, of more the likeliest label's.
    """
    if shares.shape[1] == 2:
        confidence, right = shares[:, 1], truth == 1
    else:
        confidence, right = shares.max(axis=1), shares.argmax(axis=1) == truth
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[inside].mean() - right[inside].mean())) * float(inside.mean())
        for inside in (places == number for number in range(bins))
        if inside.any()
    ]
    return sum(gaps)


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least, by golden section."""
    golden = (5**0.5 - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(60):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = function(right)
    return (low + high) / 2
