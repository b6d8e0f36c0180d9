"""Where the noise comes from, and what is added: in units of the scaled data."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.kspace import to_images
from sharpfit.physics.noise import NoiseEstimate
from sharpfit.preparing import plausible
from sharpfit.preparing.noisy_data import NoisyData, noisy_data, scaled
from sharpfit.preparing.samples import Sampling
from sharpfit.preparing.true_replicas import contrast

RNG = np.random.default_rng(4)
SHAPE = (2, 3, 12, 10)
KSPACE = 1000 * (RNG.standard_normal(SHAPE) + 1j * RNG.standard_normal(SHAPE))
MASK = np.zeros(SHAPE[2:], bool)
MASK[::2] = True
ALL = np.ones(SHAPE[2:], bool)


def made(added=None, std=None, mask=MASK, acquired=ALL, **parts):
    data = scaled(KSPACE)
    raw = RawScan(KSPACE, "scan", "as made", **parts)
    return data, noisy_data(raw, data, Sampling(acquired, mask, "made"), added, std)


@pytest.mark.parametrize(
    ("largest", "unit"), [(1.0, 1.0), (1.4, 1.0), (1.5, 2.0), (1000.0, 1024.0), (0.3, 0.25)]
)
def test_data_are_divided_by_the_power_of_two_next_to_their_largest(largest, unit):
    data = scaled(np.array([[[[0.1 * largest, -1j * largest]]]]))
    assert data.unit == unit
    np.testing.assert_allclose(data.kspace.ravel(), [0.1 * largest / unit, -1j * largest / unit])
    assert data.kspace.dtype == np.complex64


def test_a_stated_level_goes_before_a_noise_scan_and_that_before_averages():
    samples = 7 * (RNG.standard_normal((3, 500)) + 1j * RNG.standard_normal((3, 500)))
    averages = np.stack([KSPACE, KSPACE + 1, KSPACE - 2])
    parts = {"noise": FileArray(samples, "noise.npy", None), "averages": averages}
    data, found = made(std=3.0, **parts)
    np.testing.assert_allclose(found.covariance * data.unit**2, 2 * 3.0**2 * np.eye(3))
    assert found.estimate.source == "stated: std 3.0 per component"
    data, found = made(**parts)
    np.testing.assert_allclose(found.covariance * data.unit**2, np.cov(samples), rtol=1e-6)
    assert "noise.npy" in found.estimate.source
    data, found = made(averages=averages + 50 * RNG.standard_normal(averages.shape))
    assert found.estimate.source.startswith("differences of 3 averages")
    data, found = made(averages=averages, std=3.0)
    np.testing.assert_allclose(found.contrast * data.unit, contrast(averages), rtol=1e-4, atol=1e-3)
    assert made(std=3.0)[1].contrast is None


def test_what_is_not_fitted_is_zero():
    data, found = made(std=3.0)
    np.testing.assert_array_equal(found.kspace, data.kspace * MASK)
    assert (found.added_std, found.seed) == (0.0, -1)


def test_added_noise_is_a_share_of_the_99th_percentile_of_the_brightness():
    """Of what was acquired, whatever of it is fitted; both parts count in the covariance."""
    acquired = ALL.copy()
    acquired[5] = False
    data, found = made({"level": 0.2, "seed": 8}, std=30.0, acquired=acquired, mask=MASK & acquired)
    brightness = np.linalg.norm(to_images(data.kspace * acquired), axis=1)
    assert found.added_std == pytest.approx(0.2 * np.percentile(brightness, 99), rel=1e-5)
    assert found.seed == 8
    variance = (30.0 / data.unit) ** 2 + found.added_std**2
    np.testing.assert_allclose(found.covariance, 2 * variance * np.eye(3))
    drawn = (found.kspace - data.kspace)[..., MASK & acquired]
    assert np.std(drawn.real) == pytest.approx(found.added_std, rel=0.15)
    assert found.share_measured == pytest.approx((30.0 / data.unit) ** 2 / variance)


def test_the_share_measured_is_the_mean_over_coils_of_what_was_not_added():
    measured = np.diag([1.0, 3.0])
    noisy = NoisyData(KSPACE, measured + 2 * np.eye(2), NoiseEstimate(measured, 10, "made"), None, 1.0, 3)
    assert noisy.share_measured == pytest.approx((1 / 3 + 3 / 5) / 2)


@pytest.mark.parametrize(("std", "fits"), [(9.9, True), (10.1, False), (1.1e-12, True), (0.9e-12, False)])
@pytest.mark.parametrize("largest", [1.0, 1.7])
def test_noise_is_at_most_ten_times_the_largest_sample_and_not_next_to_nothing(std, fits, largest):
    """The std per component of the mean over the coils' variances."""
    covariance = 2 * (std * largest) ** 2 * np.diag([0.5, 1.5])
    if fits:
        plausible.check_noise_level("scan", covariance, largest)
        return
    with pytest.raises(InputError) as caught:
        plausible.check_noise_level("scan", covariance, largest)
    assert str(caught.value) == (
        f"scan: its noise is {std:.1g} of its largest sample; are both in the units of the file?"
    )
