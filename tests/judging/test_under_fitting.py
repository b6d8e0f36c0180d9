"""Bias that going on would remove: the way that was left, the causes, and the error predicted ahead."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, made_record, with_history

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.diagnosis import travel, under_fitted_cause
from sharpfit.judging.judge import judge
from sharpfit.judging.under_fitting import Ahead, _slope, look_ahead

LR = 0.1 * 0.5 ** np.arange(5)


def walked(lr=LR, *, last_step=0.01, needed=0.1, **changes):
    """Five steps of 0.2, 0.4, … and a sixth row that took none."""
    record = made_record(iterations=ITERATIONS[:5], last_step=last_step, travel_needed=needed, **changes)
    steps = np.r_[np.nan, 0.2 * np.arange(1, 6)]
    return replace(record, history=with_history(record, pace=np.r_[lr, 99.0], step=steps))


def test_travel_is_read_from_the_steps_that_were_taken():
    way = travel(walked())
    assert way.pace_sum == pytest.approx(LR.sum())
    assert (way.pace_largest, way.pace_last) == (0.1, pytest.approx(0.1 / 16))
    assert way.made == pytest.approx(0.2 * 15)
    assert way.left == pytest.approx(5 * 0.01)
    assert way.needed == 0.1


@pytest.mark.parametrize(
    ("changes", "left", "cause"),
    [
        ({}, 0.6, "learning rate exhausted"),
        ({"needed": 0.049}, 0.6, "too few iterations"),
        ({"lr": 0.1 * np.array([1, 1, 1, 1, 0.49])}, 0.6, "learning rate exhausted"),
        ({"lr": 0.1 * np.array([1, 1, 1, 1, 0.51])}, 0.51, "learning rate too small"),
        ({"lr": 0.1 * np.array([1, 1, 1, 1, 0.51])}, 0.49, "ill-conditioning"),
        ({"has_learning_rate": False}, 0.51, "too few iterations"),
        ({"has_learning_rate": False}, 0.49, "ill-conditioning"),
    ],
)
def test_a_cause_is_named_by_what_was_left_and_needed(changes, left, cause):
    found, numbers, advice = under_fitted_cause(walked(**changes), left, go_on=70)
    assert found == cause
    assert ": 3 travelled; from here 0.05 is left in as many iterations again, " in numbers
    assert f"{changes.get('needed', 0.1):.2g} is needed" in numbers
    if "has_learning_rate" in changes:
        assert advice == "iterate longer, for about 70 iterations"
    else:
        assert "go on for about 70 iterations at lr 0.1" in advice


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        (np.ones(100), 2.0),  # half of Σ pace lies at 50: J falls from there with the second power
        (np.r_[np.ones(50), np.zeros(50)], 2.0),
    ],
)
def test_a_slope_is_that_of_the_last_half_of_the_clock(pace, expected):
    record = made_record(iterations=np.arange(101))
    record = replace(record, history=with_history(record, pace=np.r_[pace, 1.0]))
    spent = np.r_[0, np.cumsum(pace)]
    values = np.where(spent < spent[-1] / 2, 7.0, spent**expected)
    assert _slope(Curves(record), values) == pytest.approx(expected)
    assert _slope(Curves(record), -values) == 0
    for low, high in ((0, 60), (90, 101)):  # below 0 at the half, or at the end alone
        spoilt = values.copy()
        spoilt[low:high] *= -1
        assert _slope(Curves(record), spoilt) == 0


def going_on(bias_power, variance_power, *, bias=1.0, variance=1.0, gradient=0.1):
    """Bias and variance along powers of the iteration, as they stand at the last of a hundred."""
    record = made_record(iterations=ITERATIONS)
    t = np.maximum(ITERATIONS, 1)[:, None] / 100
    v = variance * t**variance_power
    return replace(
        record,
        filtered_rss=bias * t**bias_power,
        v_image=v[..., None],
        gradient_norm=np.where(ITERATIONS == 0, 1.0, gradient)[:, None],
    )


def predicted(bias_power, variance_power, bias=1.0, variance=1.0):
    """Least error up to three times the iterations."""
    further = np.linspace(1, 3, 2001)
    squared = bias * further**bias_power + variance * further**variance_power
    return np.sqrt(squared.min() / (bias + variance))


@pytest.mark.parametrize(
    ("powers", "shares"),
    [
        ((-0.5, 0.2), (1.0, 0.1)),
        ((-0.2, 0.0), (1.0, 0.1)),
        ((-0.9, 0.6), (1.0, 1.0)),
        ((-2.0, 1.5), (0.3, 1.0)),
        ((-0.1, 0.0), (1.0, 0.1)),
    ],
)
def test_the_error_of_going_on_is_predicted_from_the_powers_of_bias_and_variance(powers, shares):
    record = going_on(*powers, bias=shares[0], variance=shares[1])
    expected = predicted(*powers, *shares)
    assert look_ahead(Curves(record)).error == pytest.approx(expected, rel=1e-3)


def test_an_image_of_nothing_has_nothing_to_gain():
    assert look_ahead(Curves(going_on(-1.0, 1.0, bias=0.0, variance=0.0))) == Ahead(1.0, 0)


def test_a_schedule_that_decayed_is_asked_what_its_largest_rate_would_bring():
    """As many steps again twice over, at the largest rate: the clock goes on from 50 to 50 + 2 · 100 · 1."""
    record = going_on(-1.0, 0.0, variance=0.1)
    pace = np.r_[np.full(50, 0.5), np.full(50, 0.49), 1.0]
    pace[10] = 1.0
    record = replace(record, history=with_history(record, pace=pace))
    clock = np.r_[0, np.cumsum(pace[:-1])]
    t = clock[ITERATIONS]
    half = int(np.flatnonzero(t <= t[-1] / 2)[-1])
    bias = record.filtered_rss[:, 0]
    power = np.log(bias[-1] / bias[half]) / np.log(t[-1] / t[half])
    further = 1 + 2 * 100 * 1.0 / t[-1]
    expected = np.sqrt((further**power + 0.1) / 1.1)
    assert look_ahead(Curves(record)).error == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("record", "under"),
    [
        (going_on(-0.3, 0.0, bias=1.0, variance=0.1), True),
        (going_on(-0.08, 0.0, bias=1.0, variance=0.1), False),  # going on gains less than 5 %
        (going_on(-2.0, 0.0, bias=0.10, variance=1.0), False),  # less than 9.75 % of J is bias
        (going_on(-2.0, 0.0, bias=0.13, variance=1.0), True),  # 11.5 %
        (going_on(-0.03, 0.0, variance=0.1, gradient=0.6), True),  # the gradient is hardly touched
        (going_on(-0.03, 0.0, variance=0.1, gradient=0.4), False),
        (going_on(-0.01, 0.0, variance=0.1, gradient=0.6), False),  # and J rests
        (going_on(-0.03, -0.3, bias=0.05, variance=1.0, gradient=0.6), False),  # only noise falls
        (going_on(-0.3, 0.3, bias=1.0, variance=0.2), True),  # noise grew, to a sixth of J
    ],
)
def test_a_fit_is_under_fitted_where_going_on_would_gain(record, under):
    found = judge(record)
    assert (found.verdict == "under-fitted") == under
    curves = Curves(record)
    share = 1 - curves.v_image[-1] / curves.risk[-1]
    assert (f"{100 * share:.0f} % of J is bias" in found.evidence) == under


def test_the_evidence_quotes_the_last_of_every_curve():
    record = going_on(-0.3, 0.0, variance=0.1)
    chi2 = np.geomspace(9.0, 2.5, len(ITERATIONS))
    left = np.geomspace(1.0, 0.2, len(ITERATIONS))
    record = replace(
        record,
        rss=(chi2 * record.n_real * record.sigma**2)[:, None],
        gradient_norm=7 * left[:, None],
    )
    evidence = judge(record).evidence
    assert evidence.startswith(
        "under-fitted: 91 % of J is bias, χ² stands at 2.5 (1 is the noise floor) "
        "with 20 % of the gradient left; "
    )


@pytest.mark.parametrize(("power", "under"), [(-0.11, True), (-0.09, False)])
def test_a_loss_that_still_falls_is_on_its_way_whatever_the_error_does(power, under):
    """As Adam on wavelet coefficients, whose first hundred steps put in more noise than image."""
    record = going_on(0.01, 0.0, variance=0.1, gradient=0.6)
    rss = record.n_real * record.sigma**2 * np.maximum(ITERATIONS, 1)[:, None] ** power
    assert (judge(replace(record, rss=rss)).verdict == "under-fitted") == under


def test_the_gradient_that_a_penalty_holds_up_is_no_beginning():
    record = going_on(-0.03, 0.0, variance=0.1, gradient=0.6)
    assert judge(record).verdict == "under-fitted"
    assert judge(replace(record, is_penalised=True)).verdict != "under-fitted"


def went_on(*shares, **changes):
    """A fit at rest that went on: by which shares of its squared error it came nearer, and after how long."""
    record = made_record(**changes)
    distance = float(record.surrogate_distance[-1].sum())
    error = max(distance, *(float(values[-1]) for values in (Curves(record).risk, Curves(record).v_image)))
    after = 10 * np.arange(1, len(shares) + 1)
    return replace(
        record, went_on=tuple((t, distance - s * error) for t, s in zip(after, shares, strict=True))
    )


@pytest.mark.parametrize(
    ("shares", "iterations"),
    [
        ((0.02, 0.07), 20),
        ((0.08, 0.02), 10),  # the best on the way counts
        ((0.02, 0.05), 0),
        ((-0.3, -0.5), 0),
    ],
)
@pytest.mark.parametrize("n_slices", [1, 2])
def test_a_fit_that_went_on_is_under_fitted_where_that_brought_it_nearer(shares, iterations, n_slices):
    record = went_on(*shares, n_slices=n_slices)
    found, curves = judge(record), Curves(record)
    assert curves.further[0] == pytest.approx(max(shares))
    assert (found.verdict == "under-fitted", found.go_on) == (iterations > 0, iterations)
    said = f"{iterations} more iterations were tried and take about {100 * max(shares):.0f} % off"
    assert (said in found.evidence) == (iterations > 0)


def test_what_going_on_showed_counts_and_not_what_was_expected_of_it():
    expected = going_on(-0.3, 0.0, bias=1.0, variance=0.1)
    assert judge(expected).verdict == "under-fitted"
    away = float(expected.surrogate_distance[-1].sum())
    assert judge(replace(expected, went_on=((50.0, away),))).verdict != "under-fitted"


def test_errors_count_in_shares_of_j_where_a_fit_lies_nearer_to_the_surrogate():
    record = went_on(0.1)
    near = replace(record, surrogate_distance=record.surrogate_distance / 1e3)
    off = float(near.surrogate_distance[-1].sum()) * 0.5
    assert Curves(replace(near, went_on=((10.0, off),))).further[0] == pytest.approx(
        off / Curves(near).risk[-1]
    )


def test_a_verdict_of_a_fit_that_went_on_is_the_surer_the_more_that_changed():
    under = [judge(went_on(share)).confidence for share in (0.07, 0.2, 0.6)]
    fine = [judge(went_on(share)).confidence for share in (0.05, 0.0, -0.1)]
    for chances in (under, fine):
        assert chances == sorted(chances)
        assert 0.35 < chances[0] < chances[-1] <= thresholds.SURE


@pytest.mark.parametrize("distance", [np.nan, np.inf, 1e9])
def test_a_try_that_tells_nothing_leaves_what_was_expected(distance):
    """It diverged at once, or no surrogate is known: J's slope tells, as of a fit that did not go on."""
    record = going_on(-0.3, 0.0, bias=1.0, variance=0.1)
    tried = replace(record, went_on=((1.0, distance), (9.0, distance)))
    assert Curves(tried).further is None
    assert judge(tried) == judge(record)
    assert judge(record).verdict == "under-fitted"
