"""The reference that preprocess finds, in input units, and the noise that it shares with the fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_scan import HELD_OUT, LINES, as_raw

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.physics.operators import Fourier
from sharpfit.preparing.preprocess import preprocess
from sharpfit.preparing.reference import combine


def test_the_reference_is_the_noise_free_object(scan, result):
    brightness = np.linalg.norm(Fourier().adjoint(torch.from_numpy(scan.noise_free)).numpy(), axis=1)
    inside = brightness > 0.1 * np.percentile(brightness, 99)
    np.testing.assert_allclose(np.abs(result[0]["reference"])[inside], brightness[inside], rtol=0.05)


def test_a_measured_full_scan_is_its_own_reference_before_noise_is_added(scan):
    raw = replace(as_raw(scan), noise_free=None)
    added = {"level": 0.3, "seed": 6}
    maps = FileArray(scan.csm, "maps", None)
    datasets, attrs = preprocess(
        replace(raw, csm=maps), held_out=HELD_OUT, sampling_parameters=LINES, added_noise=added
    )
    unit_maps = scan.csm / np.linalg.norm(scan.csm, axis=1, keepdims=True)
    expected = combine(scan.kspace, unit_maps.astype(np.complex64), datasets["noise_cov"])
    np.testing.assert_allclose(datasets["reference"], expected, atol=1e-5)
    assert attrs["reference_source"].startswith("all samples as measured")
    assert attrs["reference_noise_variance"] > 0  # of the noise that it shares with the fit


def test_a_reference_of_its_own_shares_no_noise_with_the_fit(result):
    assert result[1]["reference_noise_variance"] == result[1]["reference_noise_energy"] == 0


def test_a_given_image_is_turned_by_the_smooth_phase_that_the_maps_leave_free(scan, result):
    truth = result[0]["reference"]
    magnitude = FileArray(np.abs(truth), "image.npy", None)
    datasets, attrs = preprocess(
        replace(as_raw(scan), reference=magnitude), held_out=HELD_OUT, sampling_parameters=LINES
    )
    inside = np.abs(truth) > 0.5
    np.testing.assert_allclose(datasets["reference"][inside], truth[inside], rtol=0.15)
    assert attrs["reference_source"].startswith("given as magnitude (image.npy)")
    y, x = np.mgrid[-1:1:64j, -1:1:56j]
    whole = FileArray(truth * np.exp(1j * (2.5 + x - y + 0.5 * x * y)), "image.npy", None)
    datasets, attrs = preprocess(
        replace(as_raw(scan), reference=whole), held_out=HELD_OUT, sampling_parameters=LINES
    )
    error = np.linalg.norm((datasets["reference"] - truth)[inside]) / np.linalg.norm(truth[inside])
    assert error < 0.03
    np.testing.assert_allclose(np.abs(datasets["reference"]), np.abs(truth), rtol=1e-5)
    assert attrs["reference_source"].startswith("given (image.npy), up to a smooth phase")


def test_combining_recovers_any_image_exactly():
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((2, 3, 8, 8)) + 1j * rng.standard_normal((2, 3, 8, 8))
    image = rng.standard_normal((2, 8, 8)) + 1j * rng.standard_normal((2, 8, 8))
    kspace = Fourier().forward(torch.from_numpy(maps * image[:, None])).numpy()
    factor = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    np.testing.assert_allclose(combine(kspace, maps, factor @ factor.conj().T), image, atol=1e-5)


@pytest.mark.parametrize("sampling", [None, LINES])
def test_a_reference_in_other_units_is_refused_with_the_factor(scan, result, sampling):
    kspace = np.where(result[0]["mask"], scan.kspace, 0) if sampling is None else scan.kspace
    raw = replace(as_raw(scan), kspace=kspace, noise_free=None)
    truth = np.abs(result[0]["reference"])
    for factor in (0.6, 1, 1.8):
        given = FileArray(factor * truth, "image.npy", None)
        preprocess(replace(raw, reference=given), held_out=HELD_OUT, sampling_parameters=sampling)
    given = FileArray(1000 * truth, "image.npy", None)
    with pytest.raises(
        InputError, match=r"image\.npy: the measured samples are (0\.0009\d*|0\.001\d*) times"
    ):
        preprocess(replace(raw, reference=given), held_out=HELD_OUT, sampling_parameters=sampling)


def test_a_reference_holds_the_share_of_the_noise_that_was_measured(scan):
    """2 σ² Σ 1 / Σ|S|² over the object in units of the file, and of it what was not added."""
    maps = FileArray(scan.csm, "maps", None)
    raw = replace(as_raw(scan), noise_free=None, csm=maps)
    for added in (None, {"level": 0.05, "seed": 6}):
        datasets, attrs = preprocess(raw, held_out=HELD_OUT, added_noise=added)
        psi = datasets["noise_cov"]
        own = psi - 2 * attrs["added_noise_std"] ** 2 * np.eye(4)
        share = np.trace(np.linalg.solve(psi, own)).real / 4
        variance = share * (attrs["sigma"] * attrs["image_scale"]) ** 2
        assert attrs["reference_noise_variance"] == pytest.approx(variance, rel=1e-4)
        power = (np.abs(datasets["csm"]) ** 2).sum(1)[datasets["support"]]
        assert attrs["reference_noise_energy"] == pytest.approx(2 * variance * (1 / power).sum(), rel=1e-4)
        assert (share < 0.9) == bool(added)
