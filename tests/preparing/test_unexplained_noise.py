"""Noise whose covariance is known, under objects with sharp borders, whose signal reaches the edge."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks, noise
from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing import samples
from sharpfit.preparing.noisy_data import noisy_data, scaled
from sharpfit.preparing.preprocess import preprocess
from sharpfit.preparing.unexplained_noise import N_SLICES, refined

SIZE, N_COILS = 64, 5
Y, X = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
DISC = 1.0 * (X**2 + (Y / 0.8) ** 2 < 0.6)
SMOOTH = np.exp(-(X**2 + Y**2) / 0.1)
ANGLES = 2 * np.pi * np.arange(N_COILS) / N_COILS
COILS = np.stack([np.exp(-((X - np.cos(a)) ** 2 + (Y - np.sin(a)) ** 2) / 1.5 + 1j * a) for a in ANGLES])
LINES = masks.make_mask((SIZE, SIZE), pattern="lines", acceleration=2, n_calibration=24, seed=0)
FULL = np.ones((SIZE, SIZE), bool)


def mixing(seed=1):
    rng = np.random.default_rng(seed)
    mixed = np.eye(N_COILS) + 0.25 * (
        rng.standard_normal((N_COILS, N_COILS)) + 1j * rng.standard_normal((N_COILS, N_COILS))
    )
    return 0.02 * mixed


def scan(n_slices=1, sampled=FULL, seed=0, image=DISC):
    """k-space with signal at its edge, and the true covariance of its noise."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((n_slices, N_COILS, SIZE, SIZE, 2)).view(complex)[..., 0]
    coloured = np.einsum("ij,sjyx->siyx", mixing(), drawn)
    kspace = ((to_kspace(COILS * image) + coloured) * masks.over_coils(sampled)).astype(np.complex64)
    return RawScan(kspace, "scan", "as made", sampled=None), 2 * mixing() @ mixing().conj().T


def found(raw, acquired=FULL, **options):
    data = scaled(raw.kspace)
    sampling = samples.Sampling(acquired, acquired, "all")
    first = noisy_data(raw, data, sampling, options.get("added_noise"), options.get("noise_std"))
    return first, refined(raw, data, acquired, first), data.unit


def over(estimate, truth, unit):
    """Variance of each pattern of the coils over the true one, ascending."""
    white = noise.whitener(truth)
    return np.linalg.eigvalsh(white @ (estimate * unit**2) @ white.conj().T)


@pytest.mark.parametrize("sampled", [FULL, LINES], ids=["all samples", "lines"])
def test_noise_is_told_from_signal_at_the_edge_in_every_pattern_of_the_coils(sampled):
    raw, truth = scan(sampled=sampled, seed=1)
    first, noisy, unit = found(raw, sampled)
    assert over(first.covariance, truth, unit)[-1] > 5
    ratios = over(noisy.covariance, truth, unit)
    assert ratios[0] > 0.85
    assert ratios[-1] < 1.6
    assert noisy.estimate.uncertainty < 0.03
    assert "of what no image explains beyond 0.5 of the radius" in noisy.estimate.source


def test_an_edge_without_signal_tells_the_same():
    raw, truth = scan(image=SMOOTH)
    _, noisy, unit = found(raw)
    np.testing.assert_allclose(over(noisy.covariance, truth, unit), 1, atol=0.12)


def test_what_the_model_leaves_of_a_strong_signal_is_not_taken_for_noise():
    """ESPIRiT's maps leave a hundred times this noise at half the radius, and none of it at the edge."""
    raw, truth = scan(image=2000 * SMOOTH, seed=3)
    first, noisy, unit = found(raw)
    assert over(first.covariance, truth, unit)[-1] < 2
    ratios = over(noisy.covariance, truth, unit)
    assert ratios[0] > 0.5
    assert ratios[-1] < 2
    assert "beyond 0.5 of" not in noisy.estimate.source


def test_a_few_slices_tell_it_for_all_and_may_be_sampled_differently():
    block = masks.make_mask((SIZE, SIZE), pattern="lines", acceleration=30, n_calibration=24, seed=0)
    apart = np.stack([np.roll(LINES, shift, axis=0) | block for shift in range(N_SLICES + 2)])
    raw, truth = scan(n_slices=len(apart), sampled=apart)
    _, noisy, unit = found(raw, apart)
    ratios = over(noisy.covariance, truth, unit)
    assert ratios[0] > 0.8
    assert ratios[-1] < 1.4


def test_noise_that_was_added_stays_added():
    raw, truth = scan()
    added = {"level": 0.05, "seed": 3}
    first, noisy, unit = found(raw, added_noise=added)
    np.testing.assert_allclose(
        noisy.covariance - noisy.estimate.covariance, 2 * first.added_std**2 * np.eye(N_COILS), atol=1e-12
    )
    assert over(noisy.estimate.covariance, truth, unit)[-1] < 1.4


def unchanged(first, noisy):
    return noisy.estimate is first.estimate and noisy.covariance is first.covariance


def test_what_was_measured_or_stated_stays():
    raw, _ = scan()
    assert unchanged(*found(raw, noise_std=0.02)[:2])
    measured = FileArray(np.random.default_rng(0).standard_normal((N_COILS, 500)) + 0j, "noise", None)
    assert unchanged(*found(RawScan(raw.kspace, "scan", "as made", noise=measured))[:2])


def two_coils_of_half_the_lines(image, seed):
    sparse = masks.make_mask((SIZE, SIZE), pattern="lines", acceleration=2, n_calibration=2, seed=0)
    kspace = scan(image=image, seed=seed)[0].kspace[:, :2] * sparse
    return RawScan(kspace, "scan", "as made", csm=FileArray(COILS[None, :2], "maps", None)), sparse


def test_where_an_image_explains_nearly_all_the_edge_stays():
    one = RawScan(scan(image=SMOOTH, seed=3)[0].kspace[:, :1], "scan", "as made")
    assert unchanged(*found(one)[:2])
    assert unchanged(*found(*two_coils_of_half_the_lines(SMOOTH, seed=3))[:2])


def test_an_edge_that_holds_signal_is_refused_only_where_nothing_else_tells_the_noise():
    raw, truth = scan(sampled=LINES)
    first, noisy, unit = found(raw, LINES)
    assert first.estimate.doubt
    assert not noisy.estimate.doubt
    assert over(noisy.covariance, truth, unit)[-1] < 1.6
    with pytest.raises(InputError, match=r"^scan: the edge of k-space holds signal .* give a noise scan"):
        found(*two_coils_of_half_the_lines(DISC, seed=0))


def test_preprocess_whitens_with_it_and_says_so():
    raw, truth = scan()
    datasets, attrs = preprocess(raw, held_out={"fraction": 0.08, "seed": 1})
    assert over(datasets["noise_cov"], truth, 1.0)[-1] < 1.4
    assert "pattern by pattern of the coils" in attrs["noise_source"]
    assert attrs["noise_check"].startswith("agrees")
