"""The image that fits are compared with, in input units: combined from k-space, or given."""

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.physics import masks, noise
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import coil_maps

# A given reference further from the measured samples than this factor is in other units.
_FACTORS = (0.5, 2.0)


def combine(kspace: np.ndarray, csm: np.ndarray, noise_cov: np.ndarray) -> np.ndarray:
    """Coil combination of fully sampled k-space: x = (SᴴΨ⁻¹S)⁻¹ SᴴΨ⁻¹ Fᴴ y, 0 where S is.

    It is what a converged fit of all samples gives (Roemer et al. 1990, doi:10.1002/mrm.1910160203).

    Returns
    -------
        complex64 (slice, y, x)
    """
    whitening = noise.whitener(noise_cov)
    combined = np.empty((len(kspace), *kspace.shape[2:]), np.complex64)
    for n in range(len(kspace)):
        white = noise.whiten(whitening, csm[n : n + 1])[0]
        images = Fourier().adjoint(torch.from_numpy(kspace[n : n + 1])).numpy()
        power = (np.abs(white) ** 2).sum(0)
        matched = (white.conj() * noise.whiten(whitening, images)[0]).sum(0)
        combined[n] = np.where(power > 0, matched / np.where(power > 0, power, 1), 0)
    return combined


def given(
    reference: FileArray,
    kspace: np.ndarray,
    unit: float,
    csm: np.ndarray,
    noise_cov: np.ndarray,
    sampled: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Take a given image as it is, or a magnitude image with the phase of what was measured.

    Parameters
    ----------
    reference
        (slice, y, x), in input image units
    kspace
        as measured, complex64 (slice, coil, ky, kx), 0 where not sampled
    unit
        input k-space units per unit of ``kspace``
    csm
        S, complex64 (slice, coil, y, x), Σ|S|² = 1
    noise_cov
        Ψ, (coil, coil)
    sampled
        bool (ky, kx)

    Returns
    -------
        complex64 (slice, y, x), and a sentence

    Raises
    ------
    InputError
        if its scale is another one than the measured samples'
    """
    _check_scale(reference, kspace, unit, csm, noise_cov, sampled)
    measured = combine(kspace, csm, noise_cov)
    if reference.values.dtype.kind == "c":
        return reference.values.astype(np.complex64), f"given ({reference.where})"
    image = reference.values * np.exp(1j * np.angle(measured))
    source = f"given as magnitude ({reference.where}), phase of the measured samples"
    return image.astype(np.complex64), source


def _check_scale(
    reference: FileArray,
    kspace: np.ndarray,
    unit: float,
    csm: np.ndarray,
    noise_cov: np.ndarray,
    sampled: np.ndarray,
) -> None:
    """Refuse a reference in other units than the k-space, or of another object.

    The factor f of least squares ‖f M F S |x| exp(iφ) − M y‖² must lie in 0.5 … 2; φ is the phase of the
    measured combination and M the centre of k-space, where noise and aliasing matter least.
    """
    centre = np.zeros_like(sampled)
    centre[masks.calibration_block(sampled, coil_maps.MAX_CALIBRATION_WIDTH)] = True
    seen = centre if centre.any() else sampled
    phase = np.angle(combine(np.where(seen, kspace, 0), csm, noise_cov))
    image = np.abs(reference.values) / unit * np.exp(1j * phase)
    predicted = Fourier().forward(torch.from_numpy(csm * image[:, None])).numpy()[..., seen]
    energy = float((np.abs(predicted) ** 2).sum())
    overlap = float((predicted.conj() * kspace[..., seen]).real.sum())
    factor = overlap / energy if energy > 0 else float("inf")
    if not _FACTORS[0] <= factor <= _FACTORS[1]:
        raise InputError(
            f"{reference.where}: the measured samples are {factor:.3g} times this reference (least squares); "
            "give it in the units of the k-space (centred orthonormal FFT, coils combined with Σ|S|² = 1), "
            "or look at its axes"
        )
