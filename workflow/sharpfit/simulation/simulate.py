"""Simulated scans: fully sampled noisy k-space, a noise scan and the noise-free twin, from known physics."""

from typing import Any, NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.physics.kspace import to_images
from sharpfit.simulation.ellipse_phantom import coil_exponentials, coil_kspace, coil_maps, shepp_logan
from sharpfit.simulation.head_phantom import head_kspace

FIELD_OF_VIEW_MM = 240.0
N_NOISE_SAMPLES = 16384
CORRELATION_PHASE = np.pi / 6


class Simulation(NamedTuple):
    """A simulated scan; all k-space complex64 in image intensities under the centred orthonormal FFT."""

    kspace: np.ndarray
    """(slice, coil, ky, kx), noisy"""
    noise_free: np.ndarray
    """(slice, coil, ky, kx)"""
    noise: np.ndarray
    """(coil, sample), a scan of noise alone"""
    csm: np.ndarray
    """(slice, coil, y, x), the true maps"""
    pixel_spacing_mm: np.ndarray
    """(2,) along y, x"""


def simulate(
    *, object: str, matrix: list[int], n_coils: int, noise_level: float, noise_correlation: float, seed: int
) -> Simulation:
    """Simulate a scan: y = F S x + n with known noise.

    Parameters
    ----------
    object
        ``ellipses`` (analytic phantom) or ``head`` (real MR slice)
    matrix
        ky, kx
    n_coils
        coils on a ring around the field of view
    noise_level
        std per real and imaginary component / 99th percentile of the coils' root sum of squares
    noise_correlation
        modulus ρ of the correlation between neighbouring coils: Ψ_ij = 2 std² ρ^|i−j| exp(iφ(i−j))
    seed
        of the noise

    Raises
    ------
    InputError
        if the object is unknown or does not offer the matrix
    """
    shape = (matrix[0], matrix[1])
    noise_free, csm = _noise_free(object, shape, n_coils)
    std = noise_level * np.percentile(np.linalg.norm(to_images(noise_free), axis=0), 99)
    factor = std * np.linalg.cholesky(coil_covariance(n_coils, 1.0, noise_correlation))
    rng = np.random.default_rng(seed)
    samples = factor @ complex_noise(rng, (n_coils, noise_free[0].size + N_NOISE_SAMPLES))
    in_scan, alone = np.split(samples, [noise_free[0].size], axis=1)
    return Simulation(
        kspace=(noise_free + in_scan.reshape(noise_free.shape)).astype(np.complex64)[None],
        noise_free=noise_free.astype(np.complex64)[None],
        noise=alone.astype(np.complex64),
        csm=csm.astype(np.complex64)[None],
        pixel_spacing_mm=FIELD_OF_VIEW_MM / np.array(shape, np.float64),
    )


def coil_covariance(n_coils: int, std: float, correlation: float) -> np.ndarray:
    """Noise covariance Ψ_ij = E[n_i n_j*] = 2 std² ρ^|i−j| exp(iφ(i−j)): complex128 (coil, coil)."""
    lag = np.subtract.outer(np.arange(n_coils), np.arange(n_coils))
    return 2 * std**2 * correlation ** np.abs(lag) * np.exp(1j * CORRELATION_PHASE * lag)


def complex_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Circular complex Gaussian noise with E|n|² = 1: complex128."""
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)


def as_datasets(simulation: Simulation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Datasets and attributes of a simulated file, as `results.hdf5.write` takes them."""
    attrs = {
        "format": "sharpfit simulation",
        "axes": "slice coil ky kx",
        "units": "image intensities under the centred orthonormal FFT",
    }
    return simulation._asdict(), attrs


def _noise_free(object: str, shape: tuple[int, int], n_coils: int) -> tuple[np.ndarray, np.ndarray]:
    if object == "ellipses":
        weights, frequencies = coil_exponentials(n_coils)
        return coil_kspace(shepp_logan(), weights, frequencies, shape), coil_maps(weights, frequencies, shape)
    if object == "head":
        return head_kspace(n_coils, shape)
    raise InputError(f"simulation object {object!r}: known are 'ellipses' and 'head'")
