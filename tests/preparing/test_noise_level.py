"""One noise level per scan: what the residual of a fit says of the one that was given."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing import noise_level
from sharpfit.preparing.noise_level import Residual, residual, settle
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

LINES = {"pattern": "lines", "acceleration": 2, "n_calibration": 16, "seed": 3}
HELD_OUT = {"fraction": 0.08, "seed": 2}


def prepared(*, n_coils=4, level=0.02, sampling=LINES, stated=1.0, measured=True, own_maps=True):
    """A preprocessed scan whose noise was given `stated` times too large; by a noise scan, or in words."""
    made = simulate(
        object="head", matrix=[48, 40], n_coils=n_coils, noise_level=level, noise_correlation=0.0, seed=1
    )
    noise = FileArray(stated * made.noise, "noise", ("coil", "sample")) if measured else None
    csm = FileArray(made.csm, "maps", ("slice", "coil", "y", "x")) if own_maps else None
    raw = RawScan(made.kspace, "scan", "as known", noise=noise, noise_free=made.noise_free, csm=csm)
    std = None if measured else stated * float(made.noise.real.std())
    return preprocess(raw, held_out=HELD_OUT, sampling_parameters=sampling, noise_std=std)


@pytest.mark.parametrize("measured", [True, False])
def test_a_right_level_is_kept_as_given(measured):
    _, attrs = prepared(measured=measured)
    assert attrs["sigma"] == attrs["sigma_given"]
    assert attrs["noise_check"].startswith("agrees")
    assert not attrs["model_errs"]
    assert np.isfinite(attrs["sigma_uncertainty"]) == measured


@pytest.mark.parametrize(("stated", "measured"), [(1.2, True), (1.2, False), (0.8, False)])
def test_a_wrong_level_is_corrected_to_the_true_one(stated, measured):
    _, attrs = prepared(stated=stated, measured=measured)
    assert attrs["sigma"] / attrs["sigma_given"] == pytest.approx(1 / stated, rel=0.03)
    assert attrs["noise_check"].startswith(f"corrected by {attrs['sigma'] / attrs['sigma_given']:.2f}")
    assert attrs["sigma_uncertainty"] < 0.03
    assert not attrs["model_errs"]


@pytest.mark.parametrize(("stated", "measured"), [(0.8, True), (0.5, True), (0.5, False)])
def test_a_measured_level_stands_and_so_does_one_that_is_too_low_to_be_a_slip(stated, measured):
    _, attrs = prepared(stated=stated, measured=measured)
    assert attrs["sigma"] == attrs["sigma_given"]
    assert "by the model's error" in attrs["noise_check"]
    assert attrs["model_errs"]
    assert ("look at the coil maps, the axes and where" in attrs["noise_check"]) == (stated == 0.5)


@pytest.mark.parametrize(("n_coils", "acceleration"), [(2, 2), (4, 3), (8, 2)])
def test_wrong_maps_do_not_raise_a_measured_level(n_coils, acceleration):
    made = simulate(
        object="head", matrix=[48, 40], n_coils=n_coils, noise_level=0.003, noise_correlation=0.0, seed=1
    )
    wrong = made.csm * (1 + 0.05j * np.arange(n_coils)[:, None, None] * np.linspace(-1, 1, 40))
    raw = RawScan(
        made.kspace,
        "scan",
        "as known",
        noise=FileArray(made.noise, "noise", ("coil", "sample")),
        noise_free=made.noise_free,
        csm=FileArray(wrong, "maps", ("slice", "coil", "y", "x")),
    )
    sampling = {**LINES, "acceleration": acceleration}
    _, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=sampling)
    assert attrs["sigma"] == attrs["sigma_given"]
    assert attrs["noise_check"].startswith("stands: the residual of a fit has ")


@pytest.mark.parametrize("seed", range(4))
def test_maps_that_explain_noise_of_their_calibration_lower_no_level(seed):
    """At R = 6 half of all samples are calibration, whose residual is well below the noise."""
    sampling = {"pattern": "poisson", "acceleration": 6, "n_calibration": 16, "seed": seed}
    datasets, attrs = prepared(n_coils=8, level=0.05, sampling=sampling, own_maps=False)
    assert attrs["sigma"] >= attrs["sigma_given"]
    block = np.zeros_like(datasets["mask"])
    block[16:32, 12:28] = True
    arrays = [datasets[name] for name in ("kspace", "csm", "mask")]
    rest, inside = (residual(*arrays, attrs["sigma"], part)[1].variance[-1] for part in (block, ~block))
    assert inside < 0.85 < rest


def test_without_redundancy_nothing_is_said():
    _, attrs = prepared(n_coils=1, sampling=None, stated=1.2, measured=False)
    assert attrs["sigma"] == attrs["sigma_given"]
    assert attrs["noise_check"].startswith("not checked")
    assert np.isnan(attrs["sigma_uncertainty"])


def test_the_same_data_at_two_stated_levels_are_judged_at_one():
    low, high = (prepared(stated=stated, measured=False)[1] for stated in (0.8, 1.25))
    true = [stated * one["sigma"] / one["sigma_given"] for stated, one in ((0.8, low), (1.25, high))]
    assert true[0] == pytest.approx(true[1], rel=1e-3)


def test_what_is_left_of_noise_alone_is_its_variance_at_every_step():
    datasets, _ = prepared()
    drawn = np.random.default_rng(5).standard_normal((*datasets["kspace"].shape, 2), np.float32)
    noise = 0.3 * np.where(datasets["mask"], drawn.view(np.complex64)[..., 0], 0)
    pair = [np.concatenate([one, two]) for one, two in ((noise, 2 * noise), (datasets["csm"],) * 2)]
    one, _ = residual(noise, datasets["csm"], datasets["mask"], 0.3)
    np.testing.assert_allclose(one.variance, 1, atol=0.05)
    assert one.left[0] > one.left[3] > one.left[-1]
    two, rest = residual(*pair, datasets["mask"], 0.3)
    np.testing.assert_allclose(two.variance, 2.5, rtol=0.05)
    np.testing.assert_allclose(two.n_left, 2 * one.n_left, rtol=0.05)
    np.testing.assert_array_equal(two.variance, rest.variance)


def test_settling_leaves_its_arguments_alone():
    datasets, attrs = prepared()
    before = datasets["kspace"].copy()
    settle(datasets["kspace"], datasets["csm"], datasets["mask"], attrs["sigma"], 0.01)
    np.testing.assert_array_equal(datasets["kspace"], before)


def seen(variance, n_left, left=None):
    """What a residual says, step by step; all of it counts unless `left` says otherwise."""
    shares = np.ones(len(variance)) if left is None else np.array(left)
    return Residual(np.array(variance, float), shares, np.array(n_left, float))


def settled(monkeypatch, whole, rest=None, *, uncertainty=0.01):
    """What is taken for σ = 2 where the residual is this."""
    monkeypatch.setattr(noise_level, "residual", lambda *_: (whole, whole if rest is None else rest))
    return settle(np.empty(0), np.empty(0), np.empty(0), 2.0, uncertainty)


MANY, FEW = 4e6, 400  # standard errors of the variance: 0.001 and 0.1


@pytest.mark.parametrize("variance", [0.91, 1.0, 1.09])
def test_a_residual_within_a_tenth_agrees(monkeypatch, variance):
    level = settled(monkeypatch, seen([variance], [MANY]))
    assert (level.sigma, level.uncertainty) == (2.0, 0.01)
    assert level.check == f"agrees: the residual of a fit has {variance:.2f} of its variance"


@pytest.mark.parametrize("variance", [0.72, 1.28])
def test_with_few_samples_a_residual_within_three_standard_errors_agrees(monkeypatch, variance):
    assert settled(monkeypatch, seen([variance], [FEW])).check.startswith("agrees")
    many = settled(monkeypatch, seen([variance], [MANY]), uncertainty=np.nan)
    assert many.check.startswith("corrected")


@pytest.mark.parametrize("n_left", [MANY, FEW])
@pytest.mark.parametrize("uncertainty", [0.01, np.nan])
def test_a_residual_below_the_level_is_the_level(monkeypatch, n_left, uncertainty):
    level = settled(monkeypatch, seen([0.64], [n_left]), uncertainty=uncertainty)
    assert level.sigma == pytest.approx(2 * 0.8)
    assert level.uncertainty == pytest.approx(np.sqrt(4 / n_left) / 2)
    assert level.check == "corrected by 0.80: the residual of a fit has 0.64 of its variance"


def test_the_lowest_of_what_was_not_learnt_convicts_a_level_that_is_too_high(monkeypatch):
    low, fine = seen([0.64, 0.7], [MANY] * 2), seen([1.0, 1.0], [MANY] * 2)
    assert settled(monkeypatch, fine, low).sigma == pytest.approx(1.6)
    assert settled(monkeypatch, low, fine).check.startswith("agrees")


def test_the_last_of_all_samples_convicts_a_level_that_is_too_low(monkeypatch):
    falling, fine = seen([4.0, 2.25], [MANY] * 2), seen([1.0, 1.0], [MANY] * 2)
    assert settled(monkeypatch, falling, fine, uncertainty=np.nan).sigma == pytest.approx(3)
    assert settled(monkeypatch, fine, falling, uncertainty=np.nan).check.startswith("agrees")


def test_a_measured_level_stands_where_the_residual_is_above_it(monkeypatch):
    level = settled(monkeypatch, seen([1.6], [FEW]))
    assert (level.sigma, level.uncertainty) == (2.0, 0.01)
    assert level.check == (
        "stands: the residual of a fit has 1.60 of its variance, by the model's error, so J counts "
        "well-determined modes alone"
    )


def test_a_stated_level_takes_all_that_is_left_unless_the_model_is_to_blame(monkeypatch):
    just = settled(monkeypatch, seen([2.4], [MANY]), uncertainty=np.nan)
    assert just.sigma == pytest.approx(2 * np.sqrt(2.4))
    assert just.check.endswith("2.40 of its variance")
    for uncertainty in (np.nan, 0.01):
        above = settled(monkeypatch, seen([2.6], [MANY]), uncertainty=uncertainty)
        assert above.sigma == 2.0
        assert above.check.endswith(
            "modes alone; look at the coil maps, the axes and where the level is from"
        )


def test_steps_that_leave_too_little_say_nothing(monkeypatch):
    some = seen([0.64, 9.0], [FEW, 4], left=[0.2, 0.05])
    level = settled(monkeypatch, some)
    assert level.sigma == pytest.approx(1.6)
    assert level.uncertainty == pytest.approx(0.05)
    level = settled(monkeypatch, seen([0.64], [FEW], left=[0.1]))
    assert (level.sigma, level.uncertainty) == (2.0, 0.01)
    assert level.check.startswith("not checked")


@pytest.mark.parametrize("n_slices", [1, 2])
def test_what_is_left_is_counted_in_real_numbers(n_slices):
    """Of a full scan of 4 coils, an image explains a quarter; samples that maps were learnt from stay out."""
    rng = np.random.default_rng(3)
    shape = (n_slices, 4, 24, 20)
    csm, noise = (rng.standard_normal((*shape, 2), np.float32).view(np.complex64)[..., 0] for _ in range(2))
    csm /= np.linalg.norm(csm, axis=1, keepdims=True)
    mask, learnt = np.ones((24, 20), bool), np.zeros((24, 20), bool)
    learnt[:8] = True
    whole, rest = residual(noise, csm, mask, 1.0, learnt)
    n_real = 2 * n_slices * 4 * 24 * 20
    assert whole.left[-1] == pytest.approx(0.75, abs=0.02)
    np.testing.assert_allclose(whole.n_left, whole.left * n_real)
    np.testing.assert_allclose(rest.n_left, rest.left * n_real * 2 / 3)
    assert rest.left[-1] == pytest.approx(0.75, abs=0.03)
    each, _ = residual(noise, csm, np.stack([mask] * n_slices), 1.0)
    np.testing.assert_allclose(each.n_left, whole.n_left, rtol=0.05)
    half, _ = residual(noise, csm, mask, 0.5, learnt)
    np.testing.assert_allclose(half.variance, 4 * whole.variance)
