"""Noise of the receive coils: covariance, whitening, and noise added for a study."""

from typing import NamedTuple

import numpy as np

from sharpfit.errors import InputError

# Samples further out than this, in units where each edge of k-space is at 1, count as its edge (its corners).
_EDGE_RADIUS = 1.1
_MIN_SAMPLES_PER_COIL = 8
# The edge is noise where its outer half is no weaker than its inner half and its kurtosis is a Gaussian's.
_MAX_POWER_RATIO = 1.15
_MAX_KURTOSIS_EXCESS = 0.25


class NoiseEstimate(NamedTuple):
    """Noise covariance and how it was found."""

    covariance: np.ndarray
    """Ψ = E[n nᴴ], complex128 (coil, coil), squared units of the k-space"""
    n_samples: int
    """samples per coil it was taken from"""
    source: str
    """a sentence"""

    @property
    def uncertainty(self) -> float:
        """Relative standard error of σ from counting, 1 / (2 √(samples · coils)); NaN for a stated level."""
        n_values = self.n_samples * len(self.covariance)
        return 1 / (2 * np.sqrt(n_values)) if n_values else float("nan")


def covariance(samples: np.ndarray) -> np.ndarray:
    """Sample covariance Ψ = Σ (n − n̄)(n − n̄)ᴴ / (N − 1) of noise (coil, sample): complex128 (coil, coil)."""
    centred = samples - samples.mean(axis=1, keepdims=True)
    return (centred @ centred.conj().T) / (samples.shape[1] - 1)


def from_scan(noise: np.ndarray, where: str) -> NoiseEstimate:
    """Take the covariance from a noise scan (coil, sample).

    Raises
    ------
    InputError
        if there are too few samples for the coils, or a coil is silent
    """
    n_coils, n_samples = noise.shape
    if n_samples < _MIN_SAMPLES_PER_COIL * n_coils:
        raise InputError(
            f"{where}: {n_samples} noise samples are too few for {n_coils} coils; "
            f"give at least {_MIN_SAMPLES_PER_COIL} per coil"
        )
    source = f"noise scan {where}, {n_samples} samples per coil"
    return _checked(NoiseEstimate(covariance(noise.astype(np.complex128)), n_samples, source), where)


def from_edge(kspace: np.ndarray, mask: np.ndarray, where: str) -> NoiseEstimate:
    """Take the covariance from the corners of k-space, if they hold noise and nothing else.

    Parameters
    ----------
    kspace
        (slice, coil, ky, kx)
    mask
        (ky, kx), where samples were taken
    where
        the file, for messages

    Raises
    ------
    InputError
        if too few samples lie there, or they look like signal (power falling outwards, heavy tails)
    """
    radius = np.where(mask, _radius(mask.shape), 0)
    edge = radius > _EDGE_RADIUS
    samples = np.moveaxis(kspace[..., edge], 1, 0).astype(np.complex128)  # (coil, slice, sample)
    n_coils, n_samples = len(samples), samples[0].size
    remedy = "give a noise scan (noise:) or the level (noise_std:)"
    if n_samples < _MIN_SAMPLES_PER_COIL * n_coils:
        raise InputError(
            f"{where}: {n_samples} samples in the corners of k-space, too few for the noise; {remedy}"
        )
    power = (np.abs(samples) ** 2).mean(axis=1)
    inner = radius[edge] < np.median(radius[edge])
    ratio = float(np.median(power[:, inner].mean(1) / np.maximum(power[:, ~inner].mean(1), 1e-300)))
    flat = samples.reshape(n_coils, -1)
    kurtosis = float(
        np.median((np.abs(flat) ** 4).mean(1) / np.maximum((np.abs(flat) ** 2).mean(1) ** 2, 1e-300))
    )
    if ratio > _MAX_POWER_RATIO or kurtosis > 2 + _MAX_KURTOSIS_EXCESS:
        raise InputError(
            f"{where}: the corners of k-space hold signal (power inwards/outwards {ratio:.2f}, noise has "
            f"1; kurtosis {kurtosis:.2f}, noise has 2); {remedy}"
        )
    source = (
        f"corners of k-space (radius > {_EDGE_RADIUS} of the edge), {n_samples} samples per coil; "
        f"power ratio inwards/outwards {ratio:.2f}, kurtosis {kurtosis:.2f} (noise: 1, 2)"
    )
    return _checked(NoiseEstimate(covariance(flat), n_samples, source), where)


def stated(std: float, n_coils: int, original: float) -> NoiseEstimate:
    """Take the user's word: the same std per real and imaginary component in every coil, uncorrelated."""
    return NoiseEstimate(
        2 * std**2 * np.eye(n_coils, dtype=np.complex128), 0, f"stated: std {original} per component"
    )


def add_noise(kspace: np.ndarray, std: float, seed: int) -> np.ndarray:
    """Add white noise of this std per real and imaginary component, in raw coil space; returns a new array.

    Its covariance, 2 std² I, is to be added to Ψ.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(kspace.shape) + 1j * rng.standard_normal(kspace.shape)
    return (kspace + std * noise).astype(kspace.dtype)


def whitener(noise_cov: np.ndarray) -> np.ndarray:
    """L⁻¹ of Ψ = L Lᴴ, so that E[L⁻¹n (L⁻¹n)ᴴ] = I: σ = 1/√2 per component. complex128 (coil, coil)."""
    return np.linalg.inv(np.linalg.cholesky(noise_cov))


def whiten(whitening: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Apply L⁻¹ over the coil axis of (slice, coil, …)."""
    return np.einsum("ij,sj...->si...", whitening, values)


def _radius(shape: tuple[int, ...]) -> np.ndarray:
    y, x = (np.abs(np.arange(n) - n // 2) / (n / 2) for n in shape)
    return np.hypot(y[:, None], x[None, :])


def _checked(estimate: NoiseEstimate, where: str) -> NoiseEstimate:
    level = np.diag(estimate.covariance).real
    silent = np.flatnonzero(level <= 1e-12 * level.max())
    if silent.size or level.max() <= 0:
        raise InputError(
            f"{where}: coil {list(map(int, silent))} holds no noise, so it cannot be weighted; leave it out"
        )
    if np.linalg.cond(estimate.covariance) > 1e10:
        raise InputError(f"{where}: the noise of the coils is linearly dependent; combine or leave out coils")
    return estimate
