"""An analytic multi-coil phantom: k-space from closed form, so nothing is simulated on the fitted grid.

Lengths are in fields of view (FOV): r = (y, x) ∈ [−½, ½)², y downwards; k = (ky, kx) in cycles/FOV.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import j1

# Spacing (cycles/FOV) and half-count of the complex exponentials that make up a coil map.
_EXPONENTIAL_SPACING = 0.4
_EXPONENTIAL_HALF_COUNT = 3
_BIRDCAGE_RADIUS = 0.75


class Ellipse(NamedTuple):
    """An ellipse of constant intensity; lengths in FOV, the angle in radians from x towards −y (upwards)."""

    intensity: float
    half_width: float
    half_height: float
    x: float
    y: float
    angle: float


def shepp_logan() -> list[Ellipse]:
    """Return the modified Shepp–Logan head (Toft 1996), top of the head at the top of the image (y < 0)."""
    table = [  # intensity, half axes and centre in half FOV (y upwards), angle in degrees
        (1.0, 0.69, 0.92, 0.0, 0.0, 0),
        (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0),
        (-0.2, 0.11, 0.31, 0.22, 0.0, -18),
        (-0.2, 0.16, 0.41, -0.22, 0.0, 18),
        (0.1, 0.21, 0.25, 0.0, 0.35, 0),
        (0.1, 0.046, 0.046, 0.0, 0.1, 0),
        (0.1, 0.046, 0.046, 0.0, -0.1, 0),
        (0.1, 0.046, 0.023, -0.08, -0.605, 0),
        (0.1, 0.023, 0.023, 0.0, -0.606, 0),
        (0.1, 0.023, 0.046, 0.06, -0.605, 0),
    ]
    return [Ellipse(i, a / 2, b / 2, x / 2, -y / 2, np.deg2rad(angle)) for i, a, b, x, y, angle in table]


def ellipse_transform(ellipses: list[Ellipse], ky: np.ndarray, kx: np.ndarray) -> np.ndarray:
    r"""Fourier transform ∫ f(r) exp(−2πi k·r) dr of a sum of ellipses, at any k.

    One ellipse with half axes a, b gives ρ a b J₁(2πκ)/κ · exp(−2πi k·r₀), where κ = |(a k_∥, b k_⊥)| in the
    ellipse's own axes; π a b ρ at κ = 0 (Van de Walle et al. 2000, doi:10.1109/42.870253).

    Returns
    -------
        complex128, of the broadcast shape of ``ky`` and ``kx``
    """
    total = np.zeros(np.broadcast_shapes(ky.shape, kx.shape), np.complex128)
    for e in ellipses:
        along = e.half_width * (np.cos(e.angle) * kx - np.sin(e.angle) * ky)
        across = e.half_height * (np.sin(e.angle) * kx + np.cos(e.angle) * ky)
        kappa = np.hypot(along, across)
        small = kappa < 1e-8
        jinc = np.where(small, np.pi, j1(2 * np.pi * kappa) / np.where(small, 1.0, kappa))
        phase = np.exp(-2j * np.pi * (ky * e.y + kx * e.x))
        total += e.intensity * e.half_width * e.half_height * jinc * phase
    return total


def coil_exponentials(n_coils: int) -> tuple[np.ndarray, np.ndarray]:
    """Coil maps S_j(r) = Σ_m w_jm exp(2πi κ_m·r), fitted by least squares to a birdcage with Σ|S|² = 1.

    Being sums of exponentials, they turn an object's transform f̂(k) into Σ_m w_jm f̂(k − κ_m).

    Returns
    -------
        weights complex128 (coil, exponential) and frequencies float64 (exponential, 2), cycles/FOV
    """
    steps = _EXPONENTIAL_SPACING * np.arange(-_EXPONENTIAL_HALF_COUNT, _EXPONENTIAL_HALF_COUNT + 1)
    frequencies = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    y, x = fov_grid((48, 48))
    target = birdcage(n_coils, y, x).reshape(n_coils, -1)
    basis = np.exp(2j * np.pi * (frequencies @ np.stack([(y + 0 * x).ravel(), (x + 0 * y).ravel()])))
    weights = np.linalg.lstsq(basis.T, target.T, rcond=1e-6)[0].T
    return weights, frequencies


def birdcage(n_coils: int, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return maps of coils on a ring around the FOV: 1 / distance, phase by direction, normalised.

    Returns
    -------
        complex128 (coil, y, x), Σ|S|² = 1
    """
    angles = 2 * np.pi * np.arange(n_coils)[:, None, None] / n_coils
    offset_x = x - _BIRDCAGE_RADIUS * np.cos(angles)
    offset_y = y - _BIRDCAGE_RADIUS * np.sin(angles)
    maps = np.exp(1j * (np.arctan2(offset_x, -offset_y) - angles)) / np.hypot(offset_x, offset_y)
    return maps / np.sqrt((np.abs(maps) ** 2).sum(0))


def coil_maps(weights: np.ndarray, frequencies: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Evaluate Σ_m w_jm exp(2πi κ_m·r) on the pixel grid: complex128 (coil, y, x)."""
    y, x = (axis.ravel() for axis in fov_grid(shape))
    along_y = np.exp(2j * np.pi * np.outer(frequencies[:, 0], y))
    along_x = np.exp(2j * np.pi * np.outer(frequencies[:, 1], x))
    return np.einsum("jm,my,mx->jyx", weights, along_y, along_x)


def coil_kspace(
    ellipses: list[Ellipse], weights: np.ndarray, frequencies: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """k-space of ellipses seen through coils, in the scale of the centred orthonormal FFT.

    y_j(k) = √(N_y N_x) Σ_m w_jm f̂(k − κ_m), so that pixels have the object's own intensities.

    Returns
    -------
        complex128 (coil, ky, kx)
    """
    ky, kx = (np.arange(n) - n // 2 for n in shape)
    kspace = np.zeros((len(weights), *shape), np.complex128)
    for weight, (shift_y, shift_x) in zip(weights.T, frequencies, strict=True):
        kspace += weight[:, None, None] * ellipse_transform(
            ellipses, ky[:, None] - shift_y, kx[None, :] - shift_x
        )
    return kspace * np.sqrt(np.prod(shape))


def fov_grid(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pixel positions (y, 1) and (1, x) in FOV; pixel N // 2 lies at 0, as the centred FFT has it."""
    y, x = ((np.arange(n) - n // 2) / n for n in shape)
    return y[:, None], x[None, :]
