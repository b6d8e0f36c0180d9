"""Averages are replicas that nobody had to make: they must tell the noise that is there, and motion."""

import numpy as np
import pytest
import torch

from sharpfit.files.raw_scan import RawScan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.judging.curves import Curves
from sharpfit.preparing import true_replicas
from sharpfit.preparing.preprocess import preprocess
from sharpfit.results import hdf5
from sharpfit.results.history import write_history
from sharpfit.results.reconstruction_file import read_record
from sharpfit.simulation.simulate import simulate

STD = 0.05
HELD_OUT = {"fraction": 0.08, "seed": 11}
REGIME = {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 6}
MEASURES = {"n_checkpoints": 6, "n_replicas": 2, "seed": 7}


def scan(n_averages, drift=0.0):
    """A phantom acquired several times; its brightness drifts from one average to the next."""
    made = simulate(
        object="ellipses", matrix=[64, 64], n_coils=4, noise_level=0.0, noise_correlation=0, seed=3
    )
    rng = np.random.default_rng(5)
    shape = (n_averages, *made.noise_free.shape)
    gain = 1 + drift * np.arange(n_averages).reshape(-1, 1, 1, 1, 1)
    noise = STD * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    averages = (gain * made.noise_free + noise).astype(np.complex64)
    return RawScan(averages.mean(axis=0), "made", "axes as made", averages=averages)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_the_contrast_holds_no_signal_and_the_noise_of_the_mean(n):
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((n, 200_000)) + 1j * rng.standard_normal((n, 200_000))
    d, mean = true_replicas.contrast(noise), noise.mean(axis=0)
    np.testing.assert_allclose(np.var(d), np.var(mean), rtol=0.02)
    assert abs(np.vdot(d, mean)) / (np.linalg.norm(d) * np.linalg.norm(mean)) < 0.01
    assert np.abs(true_replicas.contrast(np.ones((n, 3)))).max() < 1e-6


@pytest.mark.parametrize("n", [2, 3])
def test_without_a_noise_scan_the_averages_tell_the_noise(n):
    datasets, attrs = preprocess(scan(n), held_out=HELD_OUT)
    np.testing.assert_allclose(np.diag(datasets["noise_cov"]).real, 2 * STD**2 / n, rtol=0.1)
    assert attrs["noise_source"].startswith(f"differences of {n} averages in the outer half of k-space")
    assert "motion" not in attrs["averages_check"]
    lines = {"pattern": "lines", "acceleration": 2, "n_calibration": 20, "seed": 0}
    fewer = preprocess(scan(n), held_out=HELD_OUT, sampling_parameters=lines)[0]
    assert not fewer["measured_noise"][..., ~fewer["mask"]].any()
    assert fewer["measured_noise"][..., fewer["mask"]].all()
    power = np.mean(np.abs(datasets["measured_noise"]) ** 2) / (2 * attrs["sigma"] ** 2)
    np.testing.assert_allclose(power, 1, atol=0.1)


def test_motion_between_averages_is_told_from_noise():
    _, attrs = preprocess(scan(2, drift=0.4), held_out=HELD_OUT, noise_std=STD / np.sqrt(2))
    assert attrs["averages_check"].endswith("more at the centre is motion or drift")


def test_noise_added_for_a_study_leaves_no_true_replicas():
    datasets, attrs = preprocess(scan(2), held_out=HELD_OUT, added_noise={"level": 0.05, "seed": 1})
    assert "measured_noise" not in datasets
    assert "averages_check" not in attrs


def judged(tmp_path, raw, **settings):
    datasets, attrs = with_surrogate(*preprocess(raw, held_out=HELD_OUT, **settings))
    arrays, attributes, rows = reconstruct(datasets, attrs, REGIME, MEASURES, device=torch.device("cpu"))
    hdf5.write(tmp_path / "reconstruction.h5", arrays, attributes)
    write_history(tmp_path / "history.csv", rows)
    return Curves(read_record(tmp_path / "reconstruction.h5", tmp_path / "history.csv"))


def test_fits_of_true_replicas_vary_as_those_of_made_ones_where_noise_is_all_there_is(tmp_path):
    curves = judged(tmp_path, scan(4))
    assert curves.record.v_image.shape[-1] == MEASURES["n_replicas"] + 1
    np.testing.assert_allclose(curves.averages_over_made[1:], 1, atol=0.12)
    higher = Curves(curves.record.at_noise(2.0)).averages_over_made
    np.testing.assert_allclose(higher, curves.averages_over_made / 4)  # what was measured stays


def test_motion_shows_as_more_variance_than_noise_explains(tmp_path):
    curves = judged(tmp_path, scan(2, drift=0.4), noise_std=STD / np.sqrt(2))
    assert curves.averages_over_made[-1] > 2


def test_a_scan_without_averages_has_no_such_figure(tmp_path):
    raw = scan(2)
    curves = judged(tmp_path, RawScan(raw.kspace, "made", "axes as made"), noise_std=STD / np.sqrt(2))
    assert np.isnan(curves.averages_over_made).all()
    assert curves.record.v_image.shape[-1] == MEASURES["n_replicas"]


SHAPE = (2, 3, 40, 32)


def parted(mask):
    """Bool as the mask: its central tenth and its outer half, by distance with 1 in the middle of a side."""
    y, x = (np.abs(np.arange(n) - n // 2) / (n // 2) for n in SHAPE[2:])
    distance = np.broadcast_to(np.hypot(y[:, None], x), mask.shape)
    order = np.sort(distance[mask])
    return [
        mask & (distance <= order[int(0.1 * (len(order) - 1))]),
        mask & (distance > np.median(order)),
    ]


@pytest.mark.parametrize("per_slice", [False, True])
@pytest.mark.parametrize(("more", "moved"), [(1.2, False), (1.3, True)])
def test_averages_that_differ_more_at_the_centre_than_outside_have_moved(per_slice, more, moved):
    """Numbers are of the noise's variance 2σ²: 1.5 outside, that much more at the centre."""
    mask = np.zeros(SHAPE[2:], bool)
    mask[::2] = True
    if per_slice:
        mask = np.stack([mask, np.roll(mask, 1, axis=0)])
    centre, _ = parted(mask)
    power = np.where(centre, more * 1.5, 1.5) * 2 * 0.3**2
    difference = np.sqrt(power if per_slice else np.broadcast_to(power, (2, *SHAPE[2:])))
    difference = np.repeat(difference[:, None], 3, axis=1) * 1j
    said = true_replicas.check(difference, mask, 0.3, 4)
    why = "; more at the centre is motion or drift" if moved else ""
    assert said == (
        "4 averages differ by 1.50 of the noise's variance in the outer half of k-space, "
        f"by {1.5 * more:.2f} in its central tenth{why}"
    )


def test_the_noise_of_averages_is_taken_in_the_outer_half():
    rng = np.random.default_rng(2)
    mask = np.ones(SHAPE[2:], bool)
    outer = parted(mask)[1]
    difference = rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)
    difference[..., ~outer] *= 100
    found = true_replicas.noise_of(difference, mask, 5)
    samples = np.moveaxis(difference, 1, 0)[..., outer].reshape(3, -1)
    np.testing.assert_allclose(found.covariance, np.cov(samples), rtol=1e-6)
    assert found.n_samples == samples.shape[1]
    assert found.source == (
        f"differences of 5 averages in the outer half of k-space, {samples.shape[1]} samples per coil"
    )


@pytest.mark.parametrize(
    ("n", "weights"),
    [
        (2, [1 / 2, -1 / 2]),
        (3, [2**-0.5 / 3, -(2**0.5) / 3, 2**-0.5 / 3]),
        (5, [(2 / 3) ** 0.5 / 5, -(1.5**0.5) / 5] * 2 + [(2 / 3) ** 0.5 / 5]),
    ],
)
def test_even_averages_are_held_against_odd_ones(n, weights):
    """Their weights add up to 0, and the squares to 1 / N."""
    assert sum(weights) == pytest.approx(0)
    assert sum(w**2 for w in weights) == pytest.approx(1 / n)
    found = true_replicas.contrast(np.eye(n)[:, :, None] * np.ones(4))
    np.testing.assert_allclose(found, np.outer(weights, np.ones(4)), rtol=1e-6)
