import re

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.physics import noise
from sharpfit.physics.kspace import radius
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


def test_whitening_acts_on_the_coils_of_every_slice():
    values = complex_noise(RNG, (2, 3, 4, 5))
    factor = np.linalg.cholesky(coil_covariance(3, 2.0, 0.6))
    coloured_values = np.stack([np.einsum("ij,jyx->iyx", factor, one) for one in values])
    white = noise.whiten(noise.whitener(factor @ factor.conj().T), coloured_values)
    np.testing.assert_allclose(white, values, atol=1e-12)


def test_the_uncertainty_is_what_repeating_the_noise_scan_shows():
    """σ from 40 samples of 3 coils scatters by 1 / (2 √120)."""
    drawn = [noise.from_scan(complex_noise(RNG, (3, 40)), "n") for _ in range(1000)]
    sigmas = [np.sqrt(np.diag(one.covariance).real.mean() / 2) for one in drawn]
    assert drawn[0].uncertainty == pytest.approx(np.std(sigmas) / np.mean(sigmas), rel=0.1)


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


@pytest.mark.parametrize(("reach", "limit"), [(1.3, 1.25), (1.2, 1.1), (1.0, 0.95), (0.9, 0.85)])
def test_the_edge_is_the_outermost_that_was_sampled(reach, limit):
    mask = radius((64, 48)) <= reach
    estimate = noise.from_edge(complex_noise(RNG, (2, 1, 64, 48)), mask, "k")
    assert f"(radius > {limit}, sides at 1)" in estimate.source
    assert estimate.n_samples == 2 * ((radius((64, 48)) > limit) & mask).sum()


def shell(inner, outer):
    """Two slices of two coils of constant modulus and any phase, another in the inner half of the edge."""
    distance = radius((40, 32))
    edge = distance > 1.25
    inside = distance < np.median(distance[edge])
    phases = np.exp(2j * np.pi * RNG.random((2, 2, 40, 32)))
    amplitude = [np.where(inside, inner, outer), np.full(distance.shape, 3.0)]
    return np.stack(amplitude) * phases


def test_the_power_of_the_edge_may_rise_outwards_but_not_fall():
    """Coil 0 has a ratio of inner² / outer² and coil 1 of 1; their median is the mean of both."""
    full = np.ones((40, 32), bool)
    assert "inwards/outwards 1.21," in noise.from_edge(shell(1.192, 1), full, "k").source  # (1.42 + 1) / 2
    assert "inwards/outwards 0.68," in noise.from_edge(shell(0.6, 1), full, "k").source
    assert not noise.from_edge(shell(1.192, 1), full, "k").doubt
    assert re.search(
        r"inwards/outwards 1\.30, .*kurtosis 1\.", noise.from_edge(shell(1.265, 1), full, "k").doubt
    )


@pytest.mark.parametrize("n", [128, 256])
def test_an_edge_of_noise_alone_is_known_nearly_as_by_counting(n):
    """To counting comes what signal may hide in so few samples: half of what the power happens to fall by."""
    told = []
    for seed in range(20):
        kspace = complex_noise(np.random.default_rng(seed), (1, 4, n, n))
        estimate = noise.from_edge(kspace, np.ones((n, n), bool), "k")
        told.append(estimate.uncertainty * 2 * np.sqrt(4 * estimate.n_samples))
    assert min(told) > 0.999
    assert np.mean(told) < 3


@pytest.mark.parametrize("n", [160, 400])
def test_signal_in_an_edge_of_few_samples_is_counted_as_in_one_of_many(n):
    distance = radius((n, n))
    inside = distance < np.median(distance[distance > 1.25])
    power = 1 + 0.15 * np.where(inside, 1, 1 / 3)
    told = [
        noise.from_edge(
            np.sqrt(power) * complex_noise(np.random.default_rng(seed), (1, 4, n, n)),
            np.ones((n, n), bool),
            "k",
        ).uncertainty
        for seed in range(20)
    ]
    assert np.mean(told) == pytest.approx(0.05, abs=0.02)  # of σ, by a tenth of the variance


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_an_edge_with_some_signal_does_not_pass_for_a_level_known_by_counting(share):
    """Signal in the inner half, a third of it in the outer one: σ is too large by two of them at most."""
    distance = radius((1200, 1200))
    inside = distance < np.median(distance[distance > 1.25])
    power = 1 + share * np.where(inside, 1, 1 / 3)
    kspace = np.sqrt(power) * complex_noise(np.random.default_rng(3), (2, 1, 1200, 1200))
    estimate = noise.from_edge(kspace, np.ones((1200, 1200), bool), "k")
    too_large = np.sqrt(np.diag(estimate.covariance).real.mean()) - 1
    assert 0.7 * estimate.uncertainty < too_large < 2 * estimate.uncertainty


def test_an_edge_that_holds_signal_is_doubted():
    estimate = noise.from_edge(decaying_kspace(level=1e-9), np.ones((96, 96), bool), "k")
    assert re.match(r"k: the edge of k-space holds signal.*noise_std", estimate.doubt)


def test_a_spiky_edge_is_doubted():
    kspace = decaying_kspace()
    assert not noise.from_edge(kspace, np.ones((96, 96), bool), "k").doubt
    kspace[0, :, :3, :3] *= 40
    assert "kurtosis" in noise.from_edge(kspace, np.ones((96, 96), bool), "k").doubt


def test_too_few_samples_are_refused():
    with pytest.raises(InputError, match="20 noise samples are too few for 4 coils"):
        noise.from_scan(np.ones((4, 20), complex), "n")
    assert noise.from_scan(complex_noise(RNG, (4, 32)), "n").n_samples == 32
    with pytest.raises(
        InputError, match="31 noise samples are too few for 4 coils; give at least 8 per coil"
    ):
        noise.from_scan(complex_noise(RNG, (4, 31)), "n")
    with pytest.raises(InputError, match="under 32 samples at the edge of k-space tell no noise"):
        noise.from_edge(np.ones((1, 2, 6, 6), complex), np.ones((6, 6), bool), "k")
    few = complex_noise(np.random.default_rng(0), (2, 2, 7, 7))
    assert noise.from_edge(few, np.ones((7, 7), bool), "k").n_samples >= 32  # the edges of both slices
    with pytest.raises(InputError, match="under 32 samples at the edge"):
        noise.from_edge(few[:1], np.ones((7, 7), bool), "k")
    each = np.ones((2, 2, 6, 6), complex), np.ones((2, 6, 6), bool)
    with pytest.raises(InputError, match="under 32 samples at the edge"):
        noise.from_edge(*each, "k")
    with pytest.raises(InputError, match="under 40 samples at the edge"):
        noise.from_edge(np.ones((1, 5, 6, 6), complex), np.ones((6, 6), bool), "k")


def test_a_silent_or_dependent_coil_is_refused():
    samples = coloured(coil_covariance(3, 1.0, 0.1), (500,))
    samples[1] = 0
    with pytest.raises(InputError, match=r"coil \[1\] holds no noise"):
        noise.from_scan(samples, "n")
    samples[1] = 1e-4 * complex_noise(RNG, (500,))  # weak, but heard
    assert noise.from_scan(samples, "n").covariance[1, 1].real == pytest.approx(1e-8, rel=0.3)
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
    assert not np.array_equal(noisy, noise.add_noise(kspace, 0.5, seed=4))
    found = noise.covariance(noisy[0].reshape(2, -1))
    np.testing.assert_allclose(found, 2 * 0.5**2 * np.eye(2), atol=0.03)
    np.testing.assert_allclose((noisy**2).mean(), 0, atol=0.03)  # both components, independent
    np.testing.assert_array_equal(noise.add_noise(noisy, 0.5, seed=3) - noisy, noisy)
