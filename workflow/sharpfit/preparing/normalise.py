"""Bring data and operator into the units of the fit: white noise, ‖A‖ = 1, an image of order 1."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics import noise
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.masks import each_slice
from sharpfit.physics.operators import largest_singular_value

_POWER_STEPS = 100


class Normalised(NamedTuple):
    """The problem y = A c + n in fitted units, and the scales that lead back."""

    kspace: np.ndarray
    """y, complex64 (slice, coil, ky, kx), 0 where nothing was sampled"""
    csm: np.ndarray
    """L⁻¹S / operator_norm, complex64 (slice, coil, y, x)"""
    operator_norm: float
    """largest singular value of M F L⁻¹S over all slices"""
    data_scale: float
    """fitted units per whitened unit"""

    @property
    def sigma(self) -> float:
        """Std of the noise per real and imaginary component, fitted units."""
        return self.data_scale / float(np.sqrt(2))

    @property
    def image_scale(self) -> float:
        """Input image units per fitted unit: image = image_scale · c."""
        return 1 / (self.data_scale * self.operator_norm)


def normalise(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, noise_cov: np.ndarray) -> Normalised:
    """Whiten, divide A by its largest singular value, and scale the data to an image of order 1.

    That image is the first steepest-descent step from zero, α Aᴴy with α = ‖Aᴴy‖² / ‖A Aᴴy‖² over all slices;
    the 99th percentile of its modulus becomes 1. One slice is worked on at a time.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), 0 where nothing was sampled; overwritten by the result
    csm
        S, complex64 (slice, coil, y, x), Σ|S|² = 1; overwritten by the result
    mask
        bool (ky, kx) or (slice, ky, kx)
    noise_cov
        Ψ = L Lᴴ, (coil, coil), in squared units of ``kspace``

    Returns
    -------
        with infinite values where the maps see nothing of the data
    """
    whitening = noise.whitener(noise_cov).astype(np.complex64)
    for values in (*np.split(csm, len(csm)), *np.split(kspace, len(kspace))):
        values[...] = noise.whiten(whitening, values)
    model, white = torch.from_numpy(csm), torch.from_numpy(kspace)
    sampled = torch.from_numpy(np.array(each_slice(mask, len(csm))))
    operator_norm = max(_operator_norm(*one) for one in zip(model.split(1), sampled, strict=True))
    model /= operator_norm
    brightness = _brightness(model, white, sampled)
    data_scale = 1 / brightness if brightness > 0 else float("inf")
    white *= data_scale
    return Normalised(white.numpy(), model.numpy(), operator_norm, data_scale)


def _operator_norm(model: Tensor, mask: Tensor) -> float:
    """Largest singular value for one slice, by the power method from a fixed start; 0 without maps."""
    if not model.any():
        return 0.0
    start = torch.randn(model[:, 0].shape, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    A = acquisition(model, mask)
    return float(largest_singular_value(A, A.encoding.stage_image(start), _POWER_STEPS))


def _brightness(model: Tensor, white: Tensor, sampled: Tensor) -> float:
    """99th percentile of |α Aᴴy| over all slices."""
    energy = energy_seen = 0.0
    moduli = []
    for maps, samples, mask in zip(model.split(1), white.split(1), sampled, strict=True):
        A = acquisition(maps, mask)
        gradient = A.adjoint(A.encoding.stage(samples))
        energy += _energy(gradient)
        energy_seen += _energy(A(gradient))
        moduli.append(gradient.abs().numpy().ravel())
    return energy / energy_seen * float(np.percentile(np.concatenate(moduli), 99)) if energy_seen else 0.0


def _energy(values: Tensor) -> float:
    return float(torch.linalg.vector_norm(values, dtype=torch.complex128).real) ** 2
