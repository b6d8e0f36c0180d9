"""An object that fills the frame has one place in each pixel, though ESPIRiT sees two near the edges."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing import frame_edges
from sharpfit.preparing.preprocess import preprocess

SHAPE, N_COILS, STD = (60, 47), 5, 0.01


def maps_on(shape):
    """Smooth maps of coils around the frame, (coil, y, x), Σ|S|² = 1, the first coil's phase 0."""
    y, x = np.meshgrid(*((np.arange(n) - n // 2) / (n / 2) for n in shape), indexing="ij")
    turn = 2 * np.pi * np.arange(N_COILS)[:, None, None] / N_COILS
    away = (x - 1.6 * np.cos(turn)) + 1j * (y - 1.6 * np.sin(turn))
    maps = np.exp(1j * turn) * away / np.abs(away) ** 3
    maps = maps * np.exp(-1j * np.angle(maps[:1]))
    return maps / np.linalg.norm(maps, axis=0)


def filling(seed):
    """An object and its noisy k-space (coil, ky, kx): made on twice as fine a grid, it ends at the frame."""
    rng = np.random.default_rng(seed)
    fine = [2 * n for n in SHAPE]
    y, x = (np.linspace(0, 1, n) for n in fine)
    image = 0.6 + 0.2 * np.sin(9 * x + 14 * y[:, None] + seed) + 0.2 * np.cos(25 * x * y[:, None])
    whole = to_kspace(maps_on(fine) * image * np.exp(1j * np.cos(2 * x + y[:, None])))
    first = [n // 2 - side // 2 for n, side in zip(fine, SHAPE, strict=True)]
    clean = whole[:, first[0] : first[0] + SHAPE[0], first[1] : first[1] + SHAPE[1]] / 2
    return clean + STD * rng.standard_normal((*clean.shape, 2)).view(complex)[..., 0]


@pytest.mark.parametrize("sampling", ["full", "poisson"])
def test_an_object_that_fills_the_frame_is_fitted_with_one_set_of_maps(sampling):
    rng = np.random.default_rng(1)
    noise = STD * rng.standard_normal((N_COILS, 4096, 2)).view(complex)[..., 0]
    raw = RawScan(
        filling(0)[None].astype(np.complex64), "here", "measured", noise=FileArray(noise, "noise", None)
    )
    asked = {"pattern": sampling, "acceleration": 2, "n_calibration": 24, "seed": 0}
    datasets, attrs = preprocess(raw, held_out={"fraction": 0.05, "seed": 0}, sampling_parameters=asked)
    assert "two" not in attrs["csm_source"]
    assert "near edges of the frame that the object reaches" in attrs["csm_source"]
    assert "csm_second" not in datasets


def mixed(step, seed=0):
    """Maps, and eigenvectors that span them and the opposite side's within ``step`` pixels of the edges."""
    rng = np.random.default_rng(seed)
    maps = maps_on(SHAPE)
    others = np.roll(maps, [n // 2 for n in SHAPE], axis=(1, 2))
    others = others - maps * (maps.conj() * others).sum(axis=0)
    others /= np.linalg.norm(others, axis=0)
    angle, phase = rng.uniform(0, 2 * np.pi, (2, *SHAPE))
    first = np.cos(angle) * maps + np.sin(angle) * np.exp(1j * phase) * others
    second = -np.sin(angle) * np.exp(-1j * phase) * maps + np.cos(angle) * others
    inside = np.zeros(SHAPE, bool)
    inside[step:-step, step:-step] = True
    return maps, np.where(inside, maps, first), np.where(inside, 0, second)


def agreement(found, maps):
    """|Sᴴ S'| of each pixel, 1 where they are the same up to a phase."""
    return np.abs((found.conj() * maps).sum(axis=-3))


def test_maps_are_continued_from_inside_within_what_two_eigenvectors_span():
    maps, first, second = mixed(8)
    found = frame_edges.continued(first.astype(np.complex64), second.astype(np.complex64))
    assert found.dtype == np.complex64
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1, rtol=1e-5)
    assert agreement(found, maps).min() > 0.97
    assert agreement(first, maps).min() < 0.1
    assert np.abs(np.angle(found[0])).max() < 1e-3


def test_nothing_is_continued_across_the_frame_or_over_pixels_without_maps():
    """Two eigenvectors at one side, parted from the others by pixels without maps, stay as they are."""
    _, first, second = mixed(8)
    first[:, :, 8:12] = second[:, :, 8:12] = 0
    found = frame_edges.continued(first, second)
    np.testing.assert_array_equal(found[:, :, :12][:, 8:-8], first[:, :, :12][:, 8:-8])
    untouched = first.copy()
    np.testing.assert_array_equal(frame_edges.continued(untouched, np.ones_like(first)), first)
    np.testing.assert_array_equal(untouched, first)


@pytest.mark.parametrize("better", [True, False])
def test_of_mixture_and_continuation_the_one_that_explains_the_samples_is_taken(better):
    """In correlated noise, of two slices sampled differently: one whose mixtures hold the object, or none."""
    made = [mixed(8, seed) for seed in (0, 1)]
    maps, first, second = (np.stack(parts).astype(np.complex64) for parts in zip(*made, strict=True))
    rng = np.random.default_rng(3)
    image = rng.standard_normal((2, 1, *SHAPE, 2)).view(complex)[..., 0]
    mask = rng.random((2, *SHAPE)) < 0.8
    kspace = np.where(mask[:, None], to_kspace((maps if better else first) * image), 0).astype(np.complex64)
    steps = np.subtract.outer(np.arange(N_COILS), np.arange(N_COILS))
    found = frame_edges.one_place_each(kspace, first, second, mask, 0.3 ** np.abs(steps))
    assert (found is not None) == better
    if found is not None:
        assert agreement(found, maps).min() > 0.97
