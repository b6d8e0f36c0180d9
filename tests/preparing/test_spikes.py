"""Samples that hold many times their surroundings are named, and nothing else is."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks
from sharpfit.preparing import spikes
from sharpfit.preparing.inspection import inspect
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

SHAPE = (60, 47)
SAMPLINGS = [{"pattern": "full"}]
SAMPLINGS += [{"pattern": "lines", "acceleration": r, "n_calibration": 12} for r in (2, 6)]
SAMPLINGS += [{"pattern": "poisson", "acceleration": r, "n_calibration": 12} for r in (2, 6)]
SAMPLINGS += [{"pattern": "poisson_uniform", "acceleration": 6}]


def head(n_coils=4, noise_level=0.01):
    """k-space of a head (1, coil, ky, kx), its largest modulus 1, and of a noise scan (coil, sample)."""
    scan = simulate(
        object="head",
        matrix=list(SHAPE),
        n_coils=n_coils,
        noise_level=noise_level,
        noise_correlation=0,
        seed=1,
    )
    largest = np.abs(scan.kspace).max()
    return scan.kspace / largest, scan.noise / largest


def noise(n_coils, n_slices=1):
    rng = np.random.default_rng(n_coils)
    return rng.standard_normal((n_slices, n_coils, *SHAPE, 2)).view(complex)[..., 0]


def places(found):
    return [one[:3] for one in found]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_spike_is_found_in_any_sampling_and_nothing_where_there_is_none(sampling):
    mask = masks.make_mask(SHAPE, **sampling, seed=0)
    kspace, _ = head()
    assert spikes.spikes(kspace, mask) == []
    far = np.argwhere(mask & (np.hypot(*np.indices(SHAPE) - np.reshape(SHAPE, (2, 1, 1)) // 2) > 8))
    for (ky, kx), size in zip(far[:: len(far) // 5], (10, 3, 1, 0.5, 10, 1), strict=False):
        spoilt = kspace.copy()
        spoilt[0, :, ky, kx] = size * np.array([1, 1j, -1, 0.5])
        (one,) = spikes.spikes(spoilt, mask)
        assert one[:3] == (0, ky, kx)
        assert one.times > 5


@pytest.mark.parametrize("n_coils", [1, 2, 8])
def test_noise_alone_holds_no_spike(n_coils):
    for sampling in SAMPLINGS:
        assert spikes.spikes(noise(n_coils, 3), masks.make_mask(SHAPE, **sampling, seed=1)) == []


def test_the_centre_is_no_spike_wherever_it_lies():
    kspace, _ = head(n_coils=2, noise_level=0.001)
    for shift in ((0, 0), (-30, -23), (7, -9)):
        rolled = np.roll(kspace, shift, axis=(2, 3))
        assert spikes.spikes(rolled, np.ones(SHAPE, bool)) == []
        ky, kx = (np.array((12, 40)) + shift) % SHAPE
        rolled[0, :, ky, kx] = 4
        assert places(spikes.spikes(rolled, np.ones(SHAPE, bool))) == [(0, ky, kx)]


def test_the_peaks_of_a_grating_come_in_pairs_and_are_none():
    kspace = 0.01 * noise(1)
    kspace[0, 0, 30, 23] = 10
    kspace[0, 0, 30, 38] = kspace[0, 0, 30, 8] = 1
    assert spikes.spikes(kspace, np.ones(SHAPE, bool)) == []
    kspace[0, 0, 30, 8] = 0.3
    assert places(spikes.spikes(kspace, np.ones(SHAPE, bool))) == [(0, 30, 38)]


def test_single_counts_among_zeros_are_none():
    """Of samples that are whole numbers, as of a scanner's converter."""
    counts = np.round(40 * head(n_coils=1)[0])
    assert np.median(np.abs(counts)) == 0
    assert spikes.spikes(counts, np.ones(SHAPE, bool)) == []


def test_a_spike_that_lost_its_oversampling_is_found():
    """Halving the field of view along kx puts it between two samples."""
    kspace, _ = head()
    at = np.arange(SHAPE[1]) - (SHAPE[1] // 2 + 12.5)
    kspace[0, :, 20] += 10 * np.sinc(at)
    found = spikes.spikes(kspace, np.ones(SHAPE, bool))
    assert {one.ky for one in found} == {20}
    assert {35, 36} <= {one.kx for one in found}


def test_each_slice_is_held_against_its_own_samples():
    kspace = noise(2, 2)
    mask = np.stack(
        [masks.make_mask(SHAPE, pattern="poisson_uniform", acceleration=3, seed=n) for n in (0, 1)]
    )
    ky, kx = np.argwhere(mask[1] & ~mask[0])[40]
    kspace[:, :, ky, kx] = 100
    assert places(spikes.spikes(kspace, mask)) == [(1, ky, kx)]
    assert spikes.spikes(kspace, mask[:1].repeat(2, axis=0)) == []


def test_what_is_found_is_said_in_one_sentence():
    kspace, _ = head()
    mask = np.ones(SHAPE, bool)
    assert spikes.said(kspace, mask) == ""
    kspace[0, :, 12, 40] = 10
    (one,) = spikes.spikes(kspace, mask)
    where = f"slice 0, ky 12, kx 40 holds {one.times:.0f} times its surroundings"
    rest = "fitted as measured, and may spoil noise level and maps"
    assert spikes.said(kspace, mask) == f"1 sample looks like a spike: {where}; it is {rest}"
    kspace[0, :, 50, 5] = 1
    one, _ = spikes.spikes(kspace, mask)
    where = f"slice 0, ky 12, kx 40 holds {one.times:.0f} times its surroundings"
    assert spikes.said(kspace, mask) == (
        f"2 samples look like spikes: the strongest, {where}; they are {rest}"
    )


@pytest.mark.parametrize("compressed", [None, 2])
def test_a_spike_is_told_before_anything_is_fitted_and_stays(compressed):
    kspace, measured = head()
    kspace = kspace.astype(np.complex64)
    settings = {"held_out": {"fraction": 0.05, "seed": 0}, "n_virtual_coils": compressed}
    told = []
    for size in (None, 10):
        if size is not None:
            kspace[0, :, 12, 40] = size
        raw = RawScan(kspace.copy(), "here", "measured", noise=FileArray(measured, "noise", None))
        facts = inspect(raw).facts
        datasets, attrs = preprocess(raw, **settings)
        assert facts.get("warning") == attrs.get("spikes")
        told.append(attrs.get("spikes"))
    assert told[0] is None
    assert told[1].startswith("1 sample looks like a spike: slice 0, ky 12, kx 40 holds ")
    strongest = np.abs(datasets["kspace"][0]).sum(axis=0).argmax()
    assert np.unravel_index(strongest, SHAPE) == (12, 40)


def test_a_sample_is_held_against_so_many_neighbours_that_are_not_beside_it():
    """The nearest 24 outside the square of 7 × 7 around it count, and no sample further out."""
    sampled = np.argwhere(np.ones((31, 31), bool))
    place = np.array([[15, 15]])
    outside = sampled[np.abs(sampled - place).max(axis=1) > spikes.BESIDE]
    distance = np.linalg.norm(outside - place, axis=1)
    counted = sampled[:0]
    for ky, kx in outside:
        power = np.zeros((31, 31))
        power[ky, kx] = 2
        found = spikes._largest_around(place, power, sampled)
        assert found in (0, 2)
        counted = np.concatenate([counted, [[ky, kx]]]) if found else counted
    assert len(counted) == spikes.N_AROUND
    assert np.linalg.norm(counted - place, axis=1).max() <= np.sort(distance)[spikes.N_AROUND - 1]
