"""One noise level per scan: what the residual of a fit says of the one that was given."""

import numpy as np
import pytest
import torch

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.acquisition import acquisition
from sharpfit.preparing.noise_level import MODEL_WEIGHT, residual, settle
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
    assert np.isfinite(attrs["sigma_uncertainty"]) == measured


@pytest.mark.parametrize(("stated", "measured"), [(1.2, True), (1.2, False), (0.8, False)])
def test_a_wrong_level_is_corrected_to_the_true_one(stated, measured):
    _, attrs = prepared(stated=stated, measured=measured)
    assert attrs["sigma"] / attrs["sigma_given"] == pytest.approx(1 / stated, rel=0.03)
    assert attrs["noise_check"].startswith(f"corrected by {attrs['sigma'] / attrs['sigma_given']:.2f}")
    assert attrs["sigma_uncertainty"] < 0.03


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("stated", [0.8, 0.5])
def test_what_no_image_explains_counts_as_noise_whatever_it_is(stated, measured):
    _, attrs = prepared(stated=stated, measured=measured)
    assert attrs["sigma"] / attrs["sigma_given"] == pytest.approx(1 / stated, rel=0.03)
    assert ("the model's error" in attrs["noise_check"]) == (measured or stated == 0.5)


@pytest.mark.parametrize(("n_coils", "acceleration"), [(2, 2), (4, 3), (8, 2)])
def test_wrong_maps_count_as_much_as_they_leave_of_the_true_image(n_coils, acceleration):
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
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=sampling)
    A = acquisition(torch.from_numpy(datasets["csm"]), torch.from_numpy(datasets["mask"]))
    image = torch.from_numpy((datasets["reference"] / attrs["image_scale"]).astype(np.complex64))
    y = A.encoding.stage(torch.from_numpy(datasets["kspace"]))
    left = y - A.encoding(A.encoding.stage_image(image))
    n_real = 2 * n_coils * datasets["mask"].sum()
    true = float(torch.linalg.vector_norm(left)) / np.sqrt(n_real)
    assert true > 1.3 * attrs["sigma_given"], "the maps are wrong enough to matter"
    added = attrs["sigma"] ** 2 - attrs["sigma_given"] ** 2
    assert added == pytest.approx(MODEL_WEIGHT * (true**2 - attrs["sigma_given"] ** 2), rel=0.3)


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
