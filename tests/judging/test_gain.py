"""Sharper needs a gain; what else there is to say of a fit that lost nothing."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, made_record

from sharpfit.judging.curves import Curves
from sharpfit.judging.gain import gain
from sharpfit.judging.judge import judge


def sharpness(record, values):
    """Give the record another shared sharpness, its noise energy kept."""
    cross = np.asarray(values, float)[:, None, None]
    return replace(
        record, cross_gradient=cross, gradient_energy=cross + record.gradient_energy - record.cross_gradient
    )


RISING = 100 + 300 * (1 - 1 / (1 + ITERATIONS))


def test_a_projection_reached_in_one_step_is_unchanged_after_it():
    found = judge(made_record(conditioning=1.0))
    assert (found.verdict, found.cause) == ("unchanged", "converged by iteration 1")
    assert "+0 %" in found.evidence


@pytest.mark.parametrize("end", [0.4, 0.99])
def test_sharpness_that_fell_is_never_called_sharper(end):
    record = made_record(conditioning=0.9, sigma=0.01)
    falling = np.linspace(400, 400 * end, len(ITERATIONS))
    found = gain(Curves(sharpness(record, falling)))
    assert found.verdict == "cleaner"
    assert f"{100 * (end * 400 / falling[1] - 1):+.0f} %" in found.evidence


def test_a_change_that_rounds_to_nothing_has_no_minus_sign():
    values = np.full(len(ITERATIONS), 400.0)
    values[-1] = 399.9
    assert "changed by +0 %" in gain(Curves(sharpness(made_record(), values))).evidence


@pytest.mark.parametrize(("variance", "verdict"), [(0.5, "cleaner"), (2.0, "unchanged")])
def test_an_error_fell_by_a_share_of_what_is_left_or_of_the_variance_where_that_is_more(variance, verdict):
    """J ends at 1, from 1.12 at the first image and 9 at the second: 12 % of 1 count, 6 % of 2 do not."""
    record = made_record(conditioning=0.9, sigma=0.01)
    curves = Curves(sharpness(record, np.full(len(ITERATIONS), 400.0)))
    first = int(np.flatnonzero(np.isfinite(curves.fwhm_y))[0])
    risk = np.linspace(9, 1, len(ITERATIONS))
    risk[first] = 1.12
    curves.__dict__.update(risk=risk, v_image=np.full(len(ITERATIONS), variance))
    assert gain(curves).verdict == verdict


def test_sharpness_that_drowns_in_noise_is_not_sharper():
    record = made_record(conditioning=0.9, sigma=0.01)
    loud = replace(sharpness(record, RISING), gradient_energy=RISING[:, None, None] * 30)
    assert Curves(loud).noise_share[-1] == pytest.approx(29 / 31)
    assert gain(Curves(loud)).verdict == "noisy"


def test_a_gain_is_contrast_or_detail_by_the_point_spread():
    record = sharpness(made_record(conditioning=0.9, sigma=0.01), RISING)
    assert gain(Curves(record)).verdict == "contrast restored"
    psf = record.psf.copy()
    psf[1, ..., 8, 7] = psf[1, ..., 8, 9] = psf[1, ..., 8, 8]
    curves = Curves(replace(record, psf=psf))
    found = gain(curves)
    assert found.verdict == "sharper"
    one, last = curves.psf_peak[[1, -1]]
    assert f"peak {one:.2f} → {last:.2f}" in found.evidence
    assert f"{one:.2f}" != f"{last:.2f}"


@pytest.mark.parametrize(("conditioning", "cause"), [(0.9, "noise floor"), (0.9, "converged")])
def test_the_cause_says_whether_noise_or_the_gradient_ended_it(conditioning, cause):
    record = sharpness(made_record(conditioning=conditioning, sigma=0.05), RISING)
    if cause == "converged":  # a bad model: the residual stays above the noise
        record = replace(record, rss=record.rss * 1.5)
    assert gain(Curves(record)).cause == cause
