"""The residual's word on the noise level."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, made_record

from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import judge
from sharpfit.judging.noise_check import calibrated, misjudged


def test_a_right_noise_level_is_left_alone():
    assert calibrated(made_record(conditioning=0.5)).noise_ratio == 1


@pytest.mark.parametrize("ratio", [0.8, 1.2, 2.0])
def test_a_converged_fit_finds_the_noise_level_that_was_misjudged(ratio):
    record = calibrated(misjudged(made_record(conditioning=0.5), ratio))
    assert record.noise_ratio == pytest.approx(1 / ratio, rel=0.02)
    true = Curves(made_record(conditioning=0.5))
    np.testing.assert_allclose(Curves(record).v_image, true.v_image, rtol=0.04)
    np.testing.assert_allclose(Curves(record).sure[-3:], true.sure[-3:], rtol=0.2)


def test_above_a_measured_level_the_residual_is_the_models_error():
    record = misjudged(made_record(conditioning=0.5), 0.8)
    assert calibrated(replace(record, sigma_uncertainty=0.005)).noise_ratio == 1
    too_high = misjudged(made_record(conditioning=0.5), 1.2)
    assert calibrated(replace(too_high, sigma_uncertainty=0.005)).noise_ratio < 0.9


def test_a_residual_that_still_falls_says_nothing():
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:4])
    assert calibrated(record).noise_ratio == 1


def test_no_redundancy_says_nothing():
    assert calibrated(misjudged(made_record(n_real=805, conditioning=0.9), 1.2)).noise_ratio == 1


def test_the_verdict_survives_a_misjudged_noise_level():
    record = made_record(sigma=0.3, conditioning=1e-3)
    verdicts = {judge(misjudged(record, ratio)).verdict for ratio in (0.8, 1.0, 1.2)}
    assert verdicts == {"over-fitting"}
