"""The steps of ESPIRiT, each written out: windows, signal space, matrices of pixels, their eigenvectors."""

import numpy as np
import pytest
import torch

from sharpfit.preparing import espirit

RNG = np.random.default_rng(7)


def drawn(*shape):
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


def test_every_window_of_all_coils_is_a_row():
    samples = drawn(2, 5, 4)
    rows = espirit._windows(torch.from_numpy(samples), 3).numpy()
    wanted = [samples[:, y : y + 3, x : x + 3].ravel() for y in range(3) for x in range(2)]
    np.testing.assert_array_equal(rows, wanted)


@pytest.mark.parametrize(
    ("threshold", "noise_variance", "kept"),
    [
        (0.0, 0.0, 4),
        (0.19, 0.0, 3),
        (0.21, 0.0, 2),
        (0.51, 0.0, 1),
        (0.0, (4.9 / 5) ** 2, 2),
        (0.0, 1.02**2, 1),
    ],
)
def test_the_signal_space_is_that_of_the_singular_values_above_threshold_and_noise(
    threshold, noise_variance, kept
):
    """Of 4 rows in 9 columns; noise alone reaches √4 + √9 of its std."""
    left, right = np.linalg.qr(drawn(4, 4))[0], np.linalg.qr(drawn(9, 4))[0]
    rows = left * np.array([10.0, 5.0, 2.0, 1.0]) @ right.conj().T
    found = espirit._signal_space(torch.from_numpy(rows), threshold, noise_variance).numpy()
    assert found.shape == (9, kept)
    wanted = right[:, :kept] @ right[:, :kept].conj().T
    np.testing.assert_allclose(found @ found.conj().T, wanted, atol=1e-5)


@pytest.mark.parametrize("shape", [(7, 6), (4, 9)])
def test_the_matrix_of_a_pixel_is_what_the_kernels_make_there(shape):
    """G = Σ_n K_n K_nᴴ / w², K_n(r) = Σ_d conj(V_n)(d) exp(2πi d · r / n) of every coil."""
    n_coils, width = 2, 3
    signal = np.linalg.qr(drawn(n_coils * width**2, 4))[0].astype(np.complex64)
    coefficients = espirit._coefficients(torch.from_numpy(signal), n_coils, width)
    waves = [espirit._waves(n, 2 * width - 1, coefficients).numpy() for n in shape]
    found = np.einsum("ya,xb,abij->yxij", *waves, coefficients.numpy())
    kernels = signal.conj().reshape(n_coils, width, width, -1)
    d = np.arange(width)
    for y, x in np.ndindex(*shape):
        along = [np.exp(2j * np.pi * d * (at - n // 2) / n) for at, n in zip((y, x), shape, strict=True)]
        K = np.einsum("cabn,a,b->cn", kernels, *along)
        np.testing.assert_allclose(found[y, x], K @ K.conj().T / width**2, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "n_found"),
    [
        ((0.99, 0.5, 0.1), 1),
        ((0.91, 0.89, 0.0), 1),
        ((0.95, 0.93, 0.2), 2),
        ((0.95, 0.85, 0.6), 1),
        ((0.89, 0.85, 0.8), 0),
        ((0.97, 0.97, 0.3), 2),
        ((0.0, 0.0, 0.0), 0),
    ],
)
def test_eigenvectors_above_the_crop_are_kept(values, n_found):
    """Of many pixels at once; relative to the first coil. Of two equal ones, any two of their plane are."""
    turns = [np.linalg.qr(drawn(3, 3))[0] for _ in range(4)]
    matrices = np.stack([turn * np.array(values) @ turn.conj().T for turn in turns])
    found = espirit._eigenvectors(torch.from_numpy(matrices.astype(np.complex64)), 0.9)
    sets = [one.numpy() for one in found]
    for k, one in enumerate(sets):
        assert one.any(axis=1).all() == (k < n_found)
        if k >= n_found:
            assert not one.any()
            continue
        np.testing.assert_allclose(one[:, 0].imag, 0, atol=1e-6)
        assert (one[:, 0].real >= 0).all()
        np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
        for vector, turn in zip(one, turns, strict=True):
            own = turn[:, k : k + 1] if values[0] != values[1] else turn[:, :2]
            np.testing.assert_allclose(np.linalg.norm(own.conj().T @ vector), 1, atol=1e-3)


def test_pixels_are_the_same_however_many_are_worked_on_at_once(monkeypatch):
    calibration = torch.from_numpy(drawn(3, 8, 8).astype(np.complex64))
    settings = {"width": 3, "threshold": 0.3, "crop": 0.5, "noise_variance": 0.0}
    whole = espirit.coil_maps(calibration, (9, 7), **settings)
    assert whole.csm.shape == whole.second.shape == (3, 9, 7)
    assert whole.csm.any()
    for strip in (1, 3 * 7 * 9):
        monkeypatch.setattr(espirit, "_STRIP", strip)
        parts = espirit.coil_maps(calibration, (9, 7), **settings)
        torch.testing.assert_close(parts.csm, whole.csm, atol=1e-4, rtol=1e-4)


def test_noise_alone_makes_no_maps():
    calibration = torch.from_numpy(drawn(3, 8, 8).astype(np.complex64))
    settings = {"width": 3, "threshold": 0.02, "crop": 0.9}
    nothing = espirit.coil_maps(calibration, (9, 7), noise_variance=4.0, **settings)
    assert nothing.csm.shape == nothing.second.shape == (3, 9, 7)
    assert not nothing.csm.any()
    assert not nothing.second.any()


def test_maps_of_a_first_coil_that_sees_nothing_are_as_large():
    vectors = np.array([[0, 0.6, 0.8j], [0, 1j, 0]])
    matrices = np.einsum("pi,pj->pij", vectors, vectors.conj())
    found, _ = espirit._eigenvectors(torch.from_numpy(matrices.astype(np.complex64)), 0.9)
    np.testing.assert_allclose(np.linalg.norm(found.numpy(), axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.abs(found.numpy()), np.abs(vectors), atol=1e-6)
