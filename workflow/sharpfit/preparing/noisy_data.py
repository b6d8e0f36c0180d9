"""The data at a scale of order 1, the noise added where it is asked for, and its covariance."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import noise
from sharpfit.physics.masks import over_coils
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import samples, true_replicas
from sharpfit.preparing.plausible import check_noise_level


class Data(NamedTuple):
    """k-space at a scale of order 1: physical = unit · kspace."""

    kspace: np.ndarray
    """complex64 (slice, coil, ky, kx), largest modulus between ½ and 2"""
    unit: float
    """a power of two, so that dividing by it loses nothing"""


class NoisyData(NamedTuple):
    """What is fitted, and its noise."""

    kspace: np.ndarray
    """complex64 (slice, coil, ky, kx), 0 where it is not fitted, added noise included"""
    covariance: np.ndarray
    """Ψ = E[n nᴴ], (coil, coil), added noise included"""
    estimate: noise.NoiseEstimate
    """the measured or stated part of it"""
    contrast: np.ndarray | None
    """of averages: measured noise that is independent of the data's, as `true_replicas.contrast`"""
    added_std: float
    """per real and imaginary component; 0 where none was added"""
    seed: int
    """of the added noise; −1 where none was added"""

    @property
    def share_measured(self) -> float:
        """Share of the noise's variance that was not added."""
        measured = np.linalg.solve(self.covariance, self.estimate.covariance)
        return float(np.trace(measured).real) / len(self.covariance)


def scaled(kspace: np.ndarray) -> Data:
    """Divide k-space by the power of two next to its largest modulus."""
    unit = float(2.0 ** np.round(np.log2(np.abs(kspace).max())))
    return Data((kspace / unit).astype(np.complex64), unit)


def noisy_data(
    raw: RawScan,
    data: Data,
    sampling: samples.Sampling,
    added_noise: Mapping[str, Any] | None,
    noise_std: float | None,
) -> NoisyData:
    """Find the noise of a scan and add what is asked for; arguments as in `preprocess.preprocess`.

    Raises
    ------
    InputError
        if the noise cannot be had from this scan, or is out of all proportion to the data
    """
    contrast = None if raw.averages is None else true_replicas.contrast(raw.averages / data.unit)
    estimate = _noise(raw, data, contrast, sampling.acquired, noise_std)
    check_noise_level(raw.where, estimate.covariance, float(np.abs(data.kspace).max()))
    std, seed = _added(data, sampling.acquired, added_noise)
    covariance = estimate.covariance + 2 * std**2 * np.eye(data.kspace.shape[1])
    with_noise = noise.add_noise(data.kspace, std, seed) if std else data.kspace
    kspace = np.where(over_coils(sampling.fitted), with_noise, 0)
    return NoisyData(kspace, covariance, estimate, contrast, std, seed)


def _noise(
    raw: RawScan,
    data: Data,
    contrast: np.ndarray | None,
    acquired: np.ndarray,
    noise_std: float | None,
) -> noise.NoiseEstimate:
    """Take the noise as stated, else from a noise scan, else from the averages, else from the edge."""
    if noise_std is not None:
        return noise.stated(noise_std / data.unit, data.kspace.shape[1], noise_std)
    if raw.noise is not None:
        return noise.from_scan(raw.noise.values / data.unit, raw.noise.where)
    if raw.averages is not None and contrast is not None:
        return true_replicas.noise_of(contrast, acquired, len(raw.averages))
    return noise.from_edge(data.kspace, acquired, raw.where)


def _added(data: Data, sampled: np.ndarray, added_noise: Mapping[str, Any] | None) -> tuple[float, int]:
    """Find the std, in units of the scaled k-space, and the seed of the noise to add; 0 and −1 for none."""
    if added_noise is None:
        return 0.0, -1
    images = Fourier().adjoint(torch.from_numpy(np.where(over_coils(sampled), data.kspace, 0)))
    brightness = torch.linalg.vector_norm(images, dim=1)
    level, seed = float(added_noise["level"]), int(added_noise["seed"])
    return level * float(np.percentile(brightness.numpy(), 99)), seed
