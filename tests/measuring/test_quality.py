from dataclasses import astuple

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sharpfit.measuring import quality
from sharpfit.measuring.quality import Reference


def reference():
    image = np.zeros((2, 40, 40), complex)
    image[:, 10:30, 8:32] = 1 + 0.5j
    image[:, 18:22, 18:22] = 0.2
    return image


def compared():
    return Reference(reference(), reference() != 0)


def test_a_perfect_image():
    assert astuple(quality.against_reference(reference(), compared())) == pytest.approx((0, 1, 0))


def test_nrmse_is_complex_and_taken_inside_the_object():
    image = reference()
    assert quality.nrmse(1j * image, compared()) == pytest.approx(2**0.5)
    assert quality.nrmse(image + 5 * (image == 0), compared()) == 0
    one = quality.nrmse(image + 0.1 * (np.arange(40) == 12), compared())
    assert one == pytest.approx(0.1 * 40**0.5 / np.linalg.norm(image))  # 20 rows of 2 slices


def test_nothing_is_no_reference():
    empty = Reference(np.zeros((1, 4, 4), complex), np.ones((1, 4, 4), bool))
    assert np.isnan(quality.nrmse(np.ones((1, 4, 4), complex), empty))


def test_nrmse_does_not_depend_on_the_units():
    image = 1.1 * reference()
    fifty = Reference(50 * reference(), reference() != 0)
    assert quality.nrmse(50 * image, fifty) == pytest.approx(quality.nrmse(image, compared()))


def test_noise_shared_with_the_reference_is_taken_out():
    """x and r hold the same noise in half of the samples' modes: 400 draws of both."""
    rng = np.random.default_rng(0)
    truth, inside = np.ones((1, 30, 30), complex), np.ones((1, 30, 30), bool)
    errors, naive = [], []
    for _ in range(100):
        n, m = (0.2 * rng.standard_normal((1, 30, 30, 2)).view(complex)[..., 0] for _ in "ab")
        half = n * (np.arange(30) < 15)
        image = 0.9 * truth + 0.5 * half + 0.5 * m
        told = Reference(truth + n, inside, noise_variance=0.04, noise_energy=2 * 0.04 * 900)
        errors.append(quality.nrmse(image, told, shared=0.5 * 2 * 450))
        naive.append(quality.nrmse(image, Reference(truth + n, inside)))
    true = (0.1**2 + 0.25 * 0.08 * 1.5) ** 0.5
    assert np.mean(errors) == pytest.approx(true, rel=0.02)
    assert abs(np.mean(naive) / true - 1) > 0.2


def test_an_error_below_the_references_noise_is_not_told():
    told = Reference(reference(), reference() != 0, noise_variance=0.1, noise_energy=1.0)
    assert np.isnan(quality.nrmse(reference(), told))
    assert np.isnan(quality.against_reference(1.5 * reference(), told).ssim)
    error = quality.against_reference(1.5 * reference(), told).nrmse
    energy = np.linalg.norm(reference()) ** 2
    assert error == pytest.approx(np.sqrt((0.25 * energy - 1.0) / (energy - 1.0)), rel=1e-6)


def test_ssim_is_the_mean_of_wangs_formula_under_a_gaussian_of_one_and_a_half_pixels():
    rng = np.random.default_rng(3)
    truth = np.abs(reference()) + 0.2 * rng.random((2, 40, 40))
    image = np.abs(truth + 0.1 * rng.standard_normal((2, 40, 40)))

    def local(values):
        return np.stack([gaussian_filter(one, 1.5, truncate=3.5) for one in values])

    mean, expected = local(image), local(truth)
    covariance = local(image * truth) - mean * expected
    variances = local(image**2) - mean**2 + local(truth**2) - expected**2
    c1, c2 = ((k * truth.max()) ** 2 for k in (0.01, 0.03))
    values = (2 * mean * expected + c1) * (2 * covariance + c2)
    values /= (mean**2 + expected**2 + c1) * (variances + c2)
    inside = reference() != 0
    assert quality.ssim(image, truth) == pytest.approx(values[:, 5:-5, 5:-5].mean(), rel=1e-6)
    assert quality.ssim(image, truth, inside) == pytest.approx(values[inside].mean(), rel=1e-6)


def test_hfen_is_what_a_gaussian_of_one_and_a_half_pixels_lets_see():
    """A wave along x: the Laplacian of Gaussian takes k² exp(−σ² k² / 2) of it, and of its error."""
    x = np.arange(64)
    slow, fast = (2 * np.pi * n / 64 for n in (2, 8))
    reference = np.tile(1 + 0.3 * np.cos(slow * x), (1, 64, 1))
    image = reference + np.tile(0.1 * np.cos(fast * x), (1, 64, 1))
    passed = [k**2 * np.exp(-(1.5**2) * k**2 / 2) for k in (slow, fast)]
    expected = 0.1 * passed[1] / (0.3 * passed[0])
    assert quality.hfen(image, reference) == pytest.approx(expected, rel=0.02)


def test_hfen_sees_a_blur_and_not_an_offset():
    image = np.abs(reference())
    blurred = (image + np.roll(image, 1, -1) + np.roll(image, -1, -1)) / 3
    assert quality.hfen(image + 1, image) == pytest.approx(0, abs=0.01)
    assert quality.hfen(blurred, image) > 0.05
    assert quality.ssim(blurred, image) < 0.99


def test_values_that_are_not_finite_have_no_quality():
    image = reference()
    image[0, 0, 0] = np.nan
    assert np.isnan(astuple(quality.against_reference(image, compared()))).all()


def test_a_reference_of_noise_alone_is_none():
    """Samples of air: of 20 draws none tells an error, though half hold more than the mean energy."""
    rng = np.random.default_rng(5)
    inside = np.ones((1, 30, 30), bool)
    for _ in range(20):
        air = rng.standard_normal((1, 30, 30, 2)).view(complex)[..., 0]
        told = Reference(air, inside, noise_variance=1.0, noise_energy=2.0 * 900)
        assert np.isnan(quality.nrmse(np.zeros_like(air), told))
    faint = Reference(air + 0.7, inside, noise_variance=1.0, noise_energy=2.0 * 900)
    assert quality.nrmse(np.zeros_like(air), faint) == pytest.approx(1)
