import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.physics import noise
from sharpfit.simulation.simulate import coil_covariance, complex_noise

RNG = np.random.default_rng(12)


def coloured(covariance, shape):
    factor = np.linalg.cholesky(covariance)
    return np.einsum("ij,j...->i...", factor, complex_noise(RNG, (len(covariance), *shape)))


def test_whitened_noise_has_the_identity_as_covariance():
    estimate = noise.from_scan(coloured(coil_covariance(4, 3.0, 0.5), (20000,)), "n")
    fresh = coloured(coil_covariance(4, 3.0, 0.5), (20000,))
    white = noise.whiten(noise.whitener(estimate.covariance), fresh[None])[0]
    np.testing.assert_allclose(noise.covariance(white), np.eye(4), atol=0.05)
    np.testing.assert_allclose(white.real.std(), 1 / np.sqrt(2), rtol=0.01)


def test_covariance_is_of_n_with_its_conjugate():
    samples = np.array([[1, 1j, -1, -1j], [1j, -1, -1j, 1]])  # n₁ = i n₀, so E[n₀ n₁*] = −i
    np.testing.assert_allclose(noise.covariance(samples), np.array([[4, -4j], [4j, 4]]) / 3)


def test_covariance_leaves_its_argument_alone():
    samples = RNG.standard_normal((2, 50)) + 3j
    before = samples.copy()
    noise.covariance(samples)
    np.testing.assert_array_equal(samples, before)


def decaying_kspace(n=96, level=0.02):
    k = np.hypot(*np.meshgrid(np.arange(n) - n // 2, np.arange(n) - n // 2))
    signal = np.exp(-k / 3) * np.exp(2j * np.pi * RNG.random((n, n)))
    return (signal + coloured(coil_covariance(2, level, 0.3), (n, n)))[None]


def test_the_edge_gives_the_covariance_and_its_uncertainty():
    estimate = noise.from_edge(decaying_kspace(), np.ones((96, 96), bool), "k")
    expected = coil_covariance(2, 0.02, 0.3)
    np.testing.assert_allclose(estimate.covariance, expected, atol=0.2 * expected[0, 0].real)
    measured_std = np.sqrt(np.diag(estimate.covariance).real.mean() / 2)
    assert abs(measured_std / 0.02 - 1) < 4 * estimate.uncertainty
    assert "edge of k-space" in estimate.source


def test_an_edge_without_corners_falls_back():
    k = np.hypot(*np.meshgrid(np.arange(96) - 48, np.arange(96) - 48))
    estimate = noise.from_edge(decaying_kspace(), k <= 47, "k")
    assert "radius > 0.95" in estimate.source


def test_an_edge_that_holds_signal_is_refused():
    kspace = decaying_kspace(level=1e-9)
    with pytest.raises(InputError, match=r"k: the edge of k-space holds signal.*noise_std"):
        noise.from_edge(kspace, np.ones((96, 96), bool), "k")


def test_a_spiky_edge_is_refused():
    kspace = decaying_kspace()
    kspace[0, :, :3, :3] *= 40
    with pytest.raises(InputError, match="kurtosis"):
        noise.from_edge(kspace, np.ones((96, 96), bool), "k")


def test_too_few_samples_are_refused():
    with pytest.raises(InputError, match="20 noise samples are too few for 4 coils"):
        noise.from_scan(np.ones((4, 20), complex), "n")
    with pytest.raises(InputError, match="edge of k-space tell no noise"):
        noise.from_edge(np.ones((1, 2, 6, 6), complex), np.ones((6, 6), bool), "k")


def test_a_silent_or_dependent_coil_is_refused():
    samples = coloured(coil_covariance(3, 1.0, 0.1), (500,))
    samples[1] = 0
    with pytest.raises(InputError, match=r"coil \[1\] holds no noise"):
        noise.from_scan(samples, "n")
    samples[1] = samples[0]
    with pytest.raises(InputError, match="linearly dependent"):
        noise.from_scan(samples, "n")


def test_a_dead_coil_or_a_silent_scan_is_refused():
    kspace = decaying_kspace()
    kspace[:, 1] = 0
    with pytest.raises(InputError, match=r"k: coil \[1\] holds no noise"):
        noise.from_edge(kspace, np.ones((96, 96), bool), "k")
    with pytest.raises(InputError, match="n: holds no noise at all; state the level"):
        noise.from_scan(np.zeros((2, 500), complex), "n")


def test_a_stated_level_is_taken_per_component():
    estimate = noise.stated(3.0, 2, 3.0)
    np.testing.assert_allclose(estimate.covariance, 18 * np.eye(2))
    assert np.isnan(estimate.uncertainty)


def test_added_noise_has_its_level_is_new_and_repeats():
    kspace = np.zeros((1, 2, 80, 80), np.complex64)
    noisy = noise.add_noise(kspace, 0.5, seed=3)
    assert noisy.dtype == np.complex64
    assert not kspace.any()
    np.testing.assert_allclose([noisy.real.std(), noisy.imag.std()], 0.5, rtol=0.03)
    np.testing.assert_array_equal(noisy, noise.add_noise(kspace, 0.5, seed=3))
