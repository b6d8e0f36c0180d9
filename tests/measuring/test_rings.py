"""Reading a ring correlation, with numbers that can be added up by hand."""

import numpy as np
import pytest

from sharpfit.measuring import rings
from sharpfit.measuring.measures import ring_index

NAN = np.nan


def test_the_mean_over_halves_leaves_out_what_is_not_known():
    frc = np.array([[[[0.2, NAN, NAN], [0.4, 0.5, NAN]], [[0.6, NAN, NAN], [0.8, NAN, NAN]]]])
    np.testing.assert_allclose(rings.mean_over_halves(frc), [[0.5, 0.5, NAN]])


def test_rings_weigh_by_their_samples():
    counts = np.array([1, 4, 5])
    found = rings.mean(np.array([[1, 0.5, 0.2], [NAN, 0.5, 0.2], [NAN, NAN, NAN]]), counts)
    np.testing.assert_allclose(found, [4 / 10, 3 / 9, NAN])


def test_half_a_bit_is_a_ratio_of_signal_to_noise_of_the_square_root_of_two_less_one():
    """That of the whole image; each half has R, half of it, and their correlation R / (1 + R)."""
    ratio = (np.sqrt(2) - 1) / 2
    assert rings.half_bit(np.array([10**12])) == pytest.approx(ratio / (1 + ratio), abs=1e-4)
    np.testing.assert_allclose(rings.half_bit(np.array([0, 1])), 1)  # one sample tells nothing
    many = np.array([4, 100])
    noise = 1 / np.sqrt(many)  # a correlation by chance, of the noise and of the signal with the noise
    expected = (ratio + (2 * np.sqrt(ratio) + 1) * noise) / (1 + ratio + 2 * np.sqrt(ratio) * noise)
    np.testing.assert_allclose(rings.half_bit(many), expected, rtol=1e-3)


def test_the_resolution_is_where_the_correlation_first_falls_below_the_curve():
    counts = np.array([1, 8, 16, 24, 32, 40, 48, 56])
    curve = rings.half_bit(counts)
    frc = np.ones((4, 8))
    frc[0, 5:] = curve[5:] - 0.01
    frc[1, :3] = frc[1, 6] = 0  # the first three rings hold a few samples and say nothing
    frc[2, 3] = curve[3] - 1e-6
    np.testing.assert_allclose(rings.resolution(frc, counts, 16), [8 / 5, 8 / 6, 8 / 3, NAN])


@pytest.mark.parametrize("shape", [(32, 32), (21, 21), (27, 40), (44, 23)])
def test_the_resolution_is_half_a_period_of_the_ring_whatever_the_side(shape):
    """Held against the mean frequency of the samples that each ring holds, in the mean over rings."""
    members = ring_index(shape, "cpu").numpy()
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(n)) for n in shape)
    frequency = np.hypot(fy[:, None], fx[None]).ravel()
    counts = (members >= 0).sum(1)
    ratios = []
    for ring in range(3, len(members)):
        frc = (np.arange(len(members)) < ring).astype(float)[None]
        half = 0.5 / frequency[members[ring][members[ring] >= 0]].mean()
        ratios.append(rings.resolution(frc, counts, min(shape)) / half)
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)
