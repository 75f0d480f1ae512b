"""Probabilities from scores."""

import numpy as np
import pytest

from listener.models.calibration import calibrated, calibration_error, fit_platt, fit_temperature, softmax
from listener.models.card import Calibration


def test_overconfident_scores_are_cooled() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(4000, 3)) * 2
    truth = np.array([rng.choice(3, p=row) for row in softmax(scores)])
    found = fit_temperature(scores * 4, truth)
    assert found.values[0] == pytest.approx(4, rel=0.1)
    assert (
        calibration_error(calibrated(scores * 4, found), truth)
        < 0.03
        < calibration_error(softmax(scores * 4), truth)
    )


def test_a_shift_is_taken_back() -> None:
    rng = np.random.default_rng(4)
    odds = rng.normal(size=4000) * 2
    truth = (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    shifted = np.stack([np.zeros(4000), odds / 2 - 1], axis=1)
    found = fit_platt(shifted, truth)
    assert found.values == pytest.approx((2, 2), rel=0.15)
    assert calibration_error(calibrated(shifted, found), truth) < 0.03


def test_none_is_the_softmax() -> None:
    shares = calibrated(np.array([[0.0, np.log(3.0)]]), Calibration())
    assert shares[0].tolist() == pytest.approx([0.25, 0.75])


def test_scores_that_are_far_too_sure_are_cooled_as_well() -> None:
    rng = np.random.default_rng(5)
    odds = rng.normal(size=200)
    truth = (rng.random(200) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    found = fit_platt(np.stack([np.zeros(200), odds * 50], axis=1), truth)
    assert found.values[0] == pytest.approx(1 / 50, rel=0.3)
