"""The noise that preprocess counts with: measured, stated, added; white in fitted units."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_scan import HELD_OUT, LINES, as_raw, in_coils

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.operators import Fourier
from sharpfit.preparing.preprocess import preprocess


def test_noise_in_fitted_units_is_white_and_has_std_sigma(scan, result):
    datasets, attrs = result
    noise_only = RawScan(scan.kspace - scan.noise_free, "n", "", noise=as_raw(scan).noise, csm=None)
    clean = RawScan(scan.noise_free, "c", "", noise=as_raw(scan).noise)
    whitening = np.linalg.inv(np.linalg.cholesky(datasets["noise_cov"]))
    white = attrs["data_scale"] * np.einsum("ij,sjyx->iyxs", whitening, noise_only.kspace).reshape(4, -1)
    np.testing.assert_allclose(white.real.std(1), attrs["sigma"], rtol=0.05)
    np.testing.assert_allclose(np.cov(white) / (2 * attrs["sigma"] ** 2), np.eye(4), atol=0.08)
    fitted = attrs["data_scale"] * np.einsum("ij,sjyx->siyx", whitening, clean.kspace + noise_only.kspace)
    where = datasets["mask"]
    np.testing.assert_allclose(datasets["kspace"][..., where], fitted[..., where], atol=1e-4)


def test_added_noise_counts_in_sigma_and_covariance(scan):
    added = {"level": 0.05, "seed": 6}
    datasets, attrs = preprocess(
        as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES, added_noise=added
    )
    plain = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)[0]
    difference = datasets["noise_cov"] - plain["noise_cov"]
    np.testing.assert_allclose(difference, 2 * attrs["added_noise_std"] ** 2 * np.eye(4), atol=1e-7)
    images = np.abs(Fourier().adjoint(torch.from_numpy(scan.kspace)).numpy())
    assert attrs["added_noise_std"] == pytest.approx(
        0.05 * np.percentile(np.linalg.norm(images, axis=1), 99), rel=1e-5
    )
    assert attrs["seed"] == 6


def test_noise_is_added_as_a_share_of_the_image_that_the_sampled_lines_make(scan):
    kspace = scan.kspace.copy()
    kspace[..., 1:24:2, :] = kspace[..., 41::2, :] = 0
    added = {"level": 0.05, "seed": 6}
    attrs = preprocess(replace(as_raw(scan), kspace=kspace), held_out=HELD_OUT, added_noise=added)[1]
    brightness = np.linalg.norm(Fourier().adjoint(torch.from_numpy(kspace)).numpy(), axis=1)
    assert attrs["added_noise_std"] == pytest.approx(0.05 * np.percentile(brightness, 99), rel=1e-5)


def test_noise_may_be_stated(scan):
    datasets, attrs = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES, noise_std=0.04)
    np.testing.assert_allclose(datasets["noise_cov"], 2 * 0.04**2 * np.eye(4))
    assert attrs["noise_source"] == "stated: std 0.04 per component"


@pytest.mark.parametrize("true_maps", [True, False])
def test_the_least_squares_fit_of_a_full_scan_has_a_chi_squared_of_one(scan, true_maps):
    """RSS / σ² over the real numbers measured less those fitted; a little more where maps are estimated."""
    maps = FileArray(scan.csm, "maps", None) if true_maps else None
    datasets, attrs = preprocess(replace(as_raw(scan), csm=maps), held_out=HELD_OUT)
    images = Fourier().adjoint(torch.from_numpy(datasets["kspace"])).numpy()
    power = (np.abs(datasets["csm"]) ** 2).sum(1)
    support = power > 0
    fitted = np.where(support, (datasets["csm"].conj() * images).sum(1) / np.where(support, power, 1), 0)
    residual = datasets["kspace"] - in_coils(datasets, fitted)
    n_free = 2 * (images.size - support.sum())
    chi2 = (np.abs(residual) ** 2).sum() / (attrs["sigma"] ** 2 * n_free)
    assert chi2 == pytest.approx(1, abs=0.03) if true_maps else 0.95 < chi2 < 1.15
