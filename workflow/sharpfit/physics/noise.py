"""Noise of the receive coils: covariance, whitening, and noise added for a study."""

from typing import NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.physics.kspace import radius
from sharpfit.physics.masks import samples_at

# The edge of k-space is what lies further out than this, the sides being at 1; a sampling that leaves out the
# corners falls back to the next. On measured heads the power still falls between 1.1 and 1.25.
_EDGE_RADII = (1.25, 1.1, 0.95, 0.85)
_MIN_SAMPLES_PER_COIL = 8
_MIN_SAMPLES = 32
# Noise is no weaker in the outer half than in the inner one, and has the kurtosis of a complex Gaussian, 2.
_MAX_POWER_RATIO = 1.25
_MAX_KURTOSIS = 2.5
_REMEDY = "give a noise scan (noise:) or the level (noise_std:)"


class NoiseEstimate(NamedTuple):
    """Noise covariance and how it was found."""

    covariance: np.ndarray
    """Ψ = E[n nᴴ], complex128 (coil, coil), squared units of the k-space"""
    n_samples: int
    """samples per coil it was taken from"""
    source: str
    """a sentence"""
    bias: float = 0.0
    """by how much of itself σ may be too large, since the samples may hold signal"""
    may_hold_signal: bool = False
    """whether it was taken from samples that may hold signal beside noise"""
    doubt: str = ""
    """why it is no noise, and what to do, in one line; empty where it may be"""

    @property
    def uncertainty(self) -> float:
        """Relative standard error of σ, and what signal may add to it; NaN for a stated level.

        From counting it is 1 / (2 √(samples · coils)).
        """
        n_values = self.n_samples * len(self.covariance)
        return float(np.hypot(1 / (2 * np.sqrt(n_values)), self.bias)) if n_values else float("nan")


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
    with np.errstate(over="ignore", invalid="ignore"):  # said by the check
        noise_cov = covariance(noise.astype(np.complex128))
    _check(noise_cov, where)
    return NoiseEstimate(noise_cov, n_samples, source)


def from_edge(kspace: np.ndarray, mask: np.ndarray, where: str) -> NoiseEstimate:
    """Take the covariance from the edge of k-space, with a doubt where that looks like signal.

    That is where power falls outwards, or tails are heavy.

    Parameters
    ----------
    kspace
        (slice, coil, ky, kx)
    mask
        (ky, kx), or (slice, ky, kx), where samples were taken
    where
        the file, for messages

    Raises
    ------
    InputError
        if too few samples lie there
    """
    distance = np.where(mask, radius(mask.shape[-2:]), 0)
    n_coils = kspace.shape[1]
    n_alike = len(kspace) if mask.ndim == 2 else 1
    enough = max(_MIN_SAMPLES_PER_COIL * n_coils, _MIN_SAMPLES)
    limit = next((limit for limit in _EDGE_RADII if n_alike * (distance > limit).sum() >= enough), None)
    if limit is None:
        raise InputError(f"{where}: under {enough} samples at the edge of k-space tell no noise; {_REMEDY}")
    edge = distance > limit
    samples = samples_at(kspace, edge).astype(np.complex128)  # (coil, slice, sample)
    noise_cov = covariance(samples.reshape(n_coils, -1))
    _check(noise_cov, where)
    ratio, kurtosis = _power_ratio(samples, distance[edge]), _kurtosis(samples)
    doubt = ""
    if ratio > _MAX_POWER_RATIO or kurtosis > _MAX_KURTOSIS:
        doubt = (
            f"{where}: the edge of k-space holds signal (power inwards/outwards {ratio:.2f}, noise has 1; "
            f"kurtosis {kurtosis:.2f}, noise has 2); {_REMEDY}"
        )
    n_samples = samples[0].size
    source = (
        f"edge of k-space (radius > {limit}, sides at 1), {n_samples} samples per coil; power "
        f"inwards/outwards {ratio:.2f}, kurtosis {kurtosis:.2f} (noise has 1 and 2)"
    )
    # Signal that fell to a third from the inner to the outer half would have added as much to the variance as
    # the power fell by, which is half as much of σ. Of few samples that of noise alone may fall as far.
    bias = max(ratio - 1, 0.0) / 2
    return NoiseEstimate(noise_cov, n_samples, source, bias, may_hold_signal=True, doubt=doubt)


def stated(std: float, n_coils: int, original: float) -> NoiseEstimate:
    """Take the user's word: the same std per real and imaginary component in every coil, uncorrelated."""
    return NoiseEstimate(
        2 * np.square(std) * np.eye(n_coils, dtype=np.complex128), 0, f"stated: std {original} per component"
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


def _power_ratio(samples: np.ndarray, distance: np.ndarray) -> float:
    """Median over coils of the power in the inner half of the samples over that in the outer half."""
    power = (np.abs(samples) ** 2).mean(axis=1)
    inner = distance < np.median(distance)
    return float(np.median(power[:, inner].mean(1) / power[:, ~inner].mean(1)))


def _kurtosis(samples: np.ndarray) -> float:
    """Median over coils of E|n|⁴ / (E|n|²)²."""
    power = np.abs(samples.reshape(len(samples), -1)) ** 2
    return float(np.median((power**2).mean(1) / power.mean(1) ** 2))


def _check(noise_cov: np.ndarray, where: str) -> None:
    if not np.isfinite(noise_cov).all():
        raise InputError(f"{where}: its noise is too large to be squared; give it in the k-space's units")
    level = np.diag(noise_cov).real
    if level.max() <= 0:
        raise InputError(f"{where}: holds no noise at all; state the level (noise_std:)")
    silent = np.flatnonzero(level <= 1e-12 * level.max())
    if silent.size:
        raise InputError(
            f"{where}: coil {list(map(int, silent))} holds no noise, so it cannot be weighted; state the "
            "level of all (noise_std:) instead"
        )
    if np.linalg.cond(noise_cov) > 1e10:
        raise InputError(f"{where}: the noise of the coils is linearly dependent; combine or leave out coils")
