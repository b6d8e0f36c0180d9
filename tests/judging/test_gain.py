"""Sharper needs a gain; what else there is to say of a fit that lost nothing."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, made_record

from sharpfit.judging.curves import Curves
from sharpfit.judging.gain import _first_seen, gain
from sharpfit.judging.judge import judge
from sharpfit.judging.over_fitting import paired_error


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


@pytest.mark.parametrize(
    ("fall", "verdict"), [(-0.01, "noisy"), (0.0, "noisy"), (0.99, "noisy"), (1.01, "contrast restored")]
)
def test_sharpness_counts_where_the_error_fell_by_more_than_its_standard_error(fall, verdict):
    curves = Curves(sharpness(made_record(conditioning=0.9, sigma=0.01), RISING))
    error = np.hypot(*paired_error(curves, -1))
    risk = np.full(len(ITERATIONS), 4.0)
    risk[-1] -= fall * error[_first_seen(curves, len(ITERATIONS) - 1)]
    curves.__dict__["risk"] = risk
    assert gain(curves).verdict == verdict


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


def seen(**figures):
    """Figures as they are said, of a fit whose first width is known at its third checkpoint."""
    n = len(ITERATIONS)
    curves = Curves(figures.pop("record", made_record(conditioning=0.9, sigma=0.01)))
    width = np.r_[np.nan, np.nan, np.full(n - 2, 2.0)]
    known = {
        "fwhm_y": width,
        "fwhm_x": width.copy(),
        "psf_peak": np.r_[9.0, 8.0, np.linspace(0.5, 0.75, n - 2)],
        "cross_gradient": np.r_[900.0, 800.0, np.full(n - 2, 100.0)],
        "noise_share": np.full(n, 0.25),
        "risk": np.r_[90.0, 80.0, np.linspace(1.05, 1.0, n - 2)],
        "v_image": np.full(n, 0.5),
        "chi2_df": np.full(n, 2.0),
        "gradient_norm": np.full(n, 0.5),
    }
    curves.__dict__.update(known | figures)
    return curves


def ending(value, *, before=100.0, start=900.0):
    return np.r_[start, np.full(len(ITERATIONS) - 2, before), value]


def test_everything_is_told_from_the_first_width_to_the_end():
    found = gain(seen(noise_share=ending(0.3), cross_gradient=ending(104.0)))
    assert found.evidence == (
        "unchanged: the image was as good by iteration 2; from iteration 2 to iteration 100 the sharpness "
        "that noise does not share changed by +4 %, noise share 30 %, PSF width 2.00 → 2.00 px, "
        "peak 0.50 → 0.75"
    )
    assert found.cause == "converged by iteration 2"
    weights = (np.nan, *np.linspace(2, 0.2, len(ITERATIONS) - 1))
    path = seen(record=replace(made_record(), weights=weights))
    assert "from weight 1.8 σ to weight 0.4 σ the sharpness" in gain(path, len(ITERATIONS) - 2).evidence


@pytest.mark.parametrize(("end", "verdict"), [(105.2, "unchanged"), (105.4, "contrast restored")])
def test_a_gain_is_more_than_a_twentieth_of_the_sharpness_at_the_end(end, verdict):
    assert gain(seen(cross_gradient=ending(end))).verdict == verdict


@pytest.mark.parametrize(("share", "verdict"), [(0.9, "contrast restored"), (0.91, "noisy")])
def test_more_than_nine_parts_of_noise_in_ten_drown_what_was_gained(share, verdict):
    found = gain(seen(cross_gradient=ending(200.0), noise_share=ending(share)))
    assert found.verdict == verdict
    assert found.evidence.startswith(
        "noisy: what was gained drowns in noise; from" if share > 0.9 else "contrast"
    )


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (-0.048, "contrast restored"),
        (-0.052, "sharper"),
        (0.052, "contrast restored"),
        (0.5, "contrast restored"),
    ],
)
def test_a_width_that_fell_by_a_twentieth_is_detail(change, verdict):
    """The geometric mean of both: one direction changes by twice as much."""
    width = np.r_[np.nan, np.nan, np.full(len(ITERATIONS) - 3, 2.0), 2.0 * (1 + change) ** 2]
    found = gain(seen(cross_gradient=ending(200.0), fwhm_y=width))
    assert found.verdict == verdict
    assert f"PSF width 2.00 → {2 * (1 + change):.2f} px" in found.evidence


@pytest.mark.parametrize(("fall", "verdict"), [(0.102, "unchanged"), (0.104, "cleaner")])
def test_an_error_fell_where_it_did_by_five_per_cent(fall, verdict):
    assert gain(seen(risk=ending(1.0, before=1 + fall))).verdict == verdict


def test_without_a_width_the_first_image_after_the_start_is_compared():
    unknown = np.full(len(ITERATIONS), np.nan)
    found = gain(seen(fwhm_x=unknown, cross_gradient=np.r_[9.0, 0.0, np.full(len(ITERATIONS) - 2, 50.0)]))
    assert found.evidence == (
        "sharper: from iteration 1 to iteration 100 the sharpness that noise does not share changed by a "
        "rise from next to nothing, noise share 25 %"
    )


def test_no_sharpness_at_either_end_is_no_rise():
    none = np.full(len(ITERATIONS), -3.0)
    assert "changed by nothing: there is none, noise" in gain(seen(cross_gradient=none)).evidence


def test_a_width_that_is_seen_at_the_end_alone_is_not_compared_with_itself():
    width = np.r_[np.full(len(ITERATIONS) - 1, np.nan), 2.0]
    evidence = gain(seen(fwhm_y=width, cross_gradient=ending(200.0))).evidence
    assert "from iteration 1 to iteration 100" in evidence
    assert "PSF" not in evidence


def test_without_any_width_the_gain_is_told_from_the_first_step_or_from_the_start_where_that_is_all():
    record = made_record()
    curves = Curves(replace(record, psf=np.full_like(record.psf, np.nan)))
    assert (_first_seen(curves, 5), _first_seen(curves, 0)) == (1, 0)
