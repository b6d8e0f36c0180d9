"""A field of view smaller than the object, from k-space to the image: two sets of maps."""

import numpy as np
import pytest
import torch

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import surrogate, with_surrogate
from sharpfit.physics.map_sets import parted
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import preprocess as preprocess_module
from sharpfit.preparing.noise_level import SettledLevel
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

HEAD = {"object": "head", "matrix": [96, 96], "n_coils": 8, "noise_correlation": 0.2, "seed": 1}


def raw_scan(step, **changes):
    """A head, every `step`-th of its lines along ky."""
    scan = simulate(noise_level=0.01, **HEAD)
    return RawScan(
        np.ascontiguousarray(scan.kspace[:, :, ::step]),
        "here",
        "measured",
        noise=FileArray(scan.noise, "noise", ("coil", "sample")),
        noise_free=np.ascontiguousarray(scan.noise_free[:, :, ::step]),
        **changes,
    )


def prepared(raw):
    sampling = {"pattern": "lines", "acceleration": 2, "n_calibration": 24, "seed": 0}
    return preprocess(raw, held_out={"fraction": 0.05, "seed": 0}, sampling_parameters=sampling)


@pytest.fixture(scope="module")
def folded():
    """A head preprocessed: with a field of view half as large as it, and with one that holds it."""
    return [prepared(raw_scan(step)) for step in (2, 1)]


def test_a_field_of_view_that_is_too_small_is_said(folded):
    (datasets, attrs), (as_large, said) = folded
    assert "two places of the object" in attrs["csm_source"]
    assert "two sets of maps are fitted" in attrs["csm_source"]
    assert datasets["csm_second"].shape == datasets["csm"].shape
    assert "two" not in said["csm_source"]
    assert "csm_second" not in as_large


def test_two_sets_of_maps_keep_what_one_cannot_explain_out_of_the_image(folded):
    """The same fit with the second set taken away makes image of what the maps cannot tell apart."""
    datasets, attrs = folded[0]
    alone = {name: values for name, values in datasets.items() if name != "csm_second"}
    regime = {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 4}
    measures = {"n_checkpoints": 4, "n_replicas": 1, "seed": 1}
    truth, inside = np.abs(datasets["reference"]), datasets["support"]
    errors, left, near = [], [], []
    for scan in (datasets, alone):
        fitted, _, rows = reconstruct(
            *with_surrogate(scan, attrs),
            regime,
            measures,
            device=torch.device("cpu"),
            state=None,
            on_row=lambda _: None,
            pause=lambda: False,
        )
        assert fitted["images"].shape[1:] == fitted["noise_map"].shape[1:] == truth.shape
        near.append(fitted["measures/surrogate_distance"][-1].sum())
        errors.append(np.linalg.norm((np.abs(fitted["images"][-1]) - truth)[inside]))
        left.append(rows[-1]["chi2"])
    assert errors[0] < 0.75 * errors[1]
    assert left[0] < 1.05 < 1.2 < left[1]
    assert np.isfinite(near).all()
    both = surrogate(datasets, attrs["sigma"])
    shown = np.hypot(*(np.abs(part) for part in parted(both, -2))) * attrs["image_scale"]
    assert np.linalg.norm((shown - truth)[inside]) < errors[0]


def test_the_reference_of_two_sets_is_the_root_sum_of_squares_of_the_coil_images(folded):
    """Where the maps hold all coil images, it is that of the coils, whatever mixture the two sets are of."""
    datasets, _ = folded[0]
    scan = simulate(noise_level=0.01, **HEAD)
    coils = Fourier().adjoint(torch.from_numpy(scan.noise_free[:, :, ::2].copy())).numpy()
    sure = datasets["csm_second"].any(axis=1) & datasets["support"]
    np.testing.assert_allclose(
        np.linalg.norm(datasets["reference"][sure]),
        np.linalg.norm(np.linalg.norm(coils, axis=1)[sure]),
        rtol=0.02,
    )


@pytest.fixture
def asked(monkeypatch):
    """What the noise level and the object are found from; the object is drawn at random."""
    seen = {}

    def settle(kspace, csm, mask, sigma, uncertainty, learnt):
        seen.update(kspace=kspace, csm=csm, mask=mask, sigma=sigma, uncertainty=uncertainty, learnt=learnt)
        return SettledLevel(1.25 * sigma, 0.5, "asked")

    def support(kspace, csm, mask, sigma):
        assert kspace is seen["kspace"]
        assert csm is seen["csm"]
        assert mask is seen["mask"]
        assert sigma == 1.25 * seen["sigma"]
        shape = (len(csm), *csm.shape[-2:])
        seen["inside"] = np.random.default_rng(0).random(shape) < 0.3
        return seen["inside"]

    monkeypatch.setattr(preprocess_module.noise_level, "settle", settle)
    monkeypatch.setattr(preprocess_module, "support", support)
    return seen


@pytest.mark.parametrize("step", [2, 1])
def test_the_level_and_the_object_are_those_of_all_maps_that_are_fitted(asked, step):
    """Of two sets on twice the field of view; of both, where either shows it, on the field of view."""
    datasets, attrs = prepared(raw_scan(step))
    _, coils, n_y, n_x = datasets["kspace"].shape
    block = np.zeros((n_y, n_x), bool)
    block[n_y // 2 - 12 : n_y // 2 + 12, n_x // 2 - 12 : n_x // 2 + 12] = True
    assert (attrs["sigma"], attrs["sigma_uncertainty"], attrs["noise_check"]) == (
        1.25 * attrs["sigma_given"],
        0.5,
        "asked",
    )
    assert asked["sigma"] == attrs["sigma_given"]
    assert np.isfinite(asked["uncertainty"])
    if step == 1:
        np.testing.assert_array_equal(asked["learnt"], block)
        np.testing.assert_array_equal(asked["mask"], datasets["mask"])
        np.testing.assert_array_equal(datasets["support"], asked["inside"])
        return
    assert asked["kspace"].shape == asked["csm"].shape == (1, coils, 2 * n_y, n_x)
    np.testing.assert_array_equal(asked["kspace"][:, :, ::2], datasets["kspace"])
    np.testing.assert_array_equal(asked["mask"][::2], datasets["mask"])
    np.testing.assert_array_equal(asked["learnt"][::2], block)
    assert not asked["kspace"][:, :, 1::2].any()
    assert not asked["mask"][1::2].any()
    assert not asked["learnt"][1::2].any()
    folded = asked["inside"][:, n_y // 2 : -(n_y // 2)]
    around = np.concatenate([asked["inside"][:, -(n_y // 2) :], asked["inside"][:, : n_y // 2]], 1)
    np.testing.assert_array_equal(datasets["support"], folded | around)


def test_lines_that_were_measured_apart_are_no_samples_that_the_maps_learnt(asked):
    scan = simulate(noise_level=0.01, **HEAD | {"seed": 2})
    calibration = np.ascontiguousarray(scan.kspace[:, :, ::2])
    _, attrs = prepared(raw_scan(2, calibration=calibration))
    assert "two sets of maps" in attrs["csm_source"]
    assert asked["learnt"] is None
