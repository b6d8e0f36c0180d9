"""ESPIRiT: coil maps of one slice as eigenvectors of what the calibration samples have in common.

M. Uecker et al., ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI, Magn Reson Med 71, 990
(2014), doi:10.1002/mrm.24751. Every window of w × w calibration samples of all coils is a row of the
calibration matrix; the projection P on its row space keeps what the coils allow. Applied at every position of
k-space alike, P is in the image one Hermitian matrix G(r) of coils × coils for each pixel, and the maps at r
are its eigenvector of eigenvalue 1.

G's Fourier coefficients are sums along P's diagonals, (2w − 1)² of them, so G comes from one small transform
and no kernel is ever transformed by itself.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

# G²⁵⁶, by squaring, is the power method with 256 steps: an eigenvalue 3 % below the largest is left 0.04 %.
_SQUARINGS = 8
# Pixels are worked on so many at a time that their matrices hold so many numbers, 2 MB.
_STRIP = 2**18


class Estimate(NamedTuple):
    """Maps of one slice, and a second set where one is not enough."""

    csm: Tensor
    """complex64 (coil, y, x), Σ|S|² = 1 where the largest eigenvalue is above the crop, else 0; the phase is
    relative to the first coil"""
    second: Tensor
    """the same, orthogonal to ``csm``, where the second eigenvalue is above the crop too, else 0: two places
    of the object lie there, as where the field of view is smaller than the object"""


def coil_maps(
    calibration: Tensor,
    shape: tuple[int, int],
    *,
    width: int,
    threshold: float,
    crop: float,
    noise_variance: float,
) -> Estimate:
    """ESPIRiT maps of one slice; 0 throughout where the calibration holds nothing but noise.

    Parameters
    ----------
    calibration
        the fully sampled centre of k-space, complex64 (coil, ky, kx)
    shape
        (y, x) of the maps
    width
        of the kernel in k-space, samples
    threshold
        singular values of the calibration matrix below this share of the largest count as null space, unless
        the largest of noise alone lies higher
    crop
        maps are 0 where the eigenvalue is not above this
    noise_variance
        E|n|² of a sample, mean over the coils
    """
    n_coils = len(calibration)
    signal = _signal_space(_windows(calibration, width), threshold, noise_variance)
    if not signal.shape[1]:
        nothing = torch.zeros(n_coils, *shape, dtype=torch.complex64)
        return Estimate(nothing, nothing)
    along_y, along_x = (_waves(n, 2 * width - 1, signal) for n in shape)
    lines = torch.einsum("yxij,nx->ynij", _coefficients(signal, n_coils, width), along_x).flatten(1)
    n_rows = max(1, _STRIP // (shape[1] * n_coils**2))
    strips = [
        _eigenvectors((waves @ lines).reshape(-1, n_coils, n_coils), crop) for waves in along_y.split(n_rows)
    ]
    sets = (torch.cat(parts) for parts in zip(*strips, strict=True))
    return Estimate(*(maps.T.reshape(-1, *shape).contiguous() for maps in sets))


def _windows(calibration: Tensor, width: int) -> Tensor:
    """Every window of the calibration samples as a row, (position, coil · w · w)."""
    windows = calibration.unfold(1, width, 1).unfold(2, width, 1)
    return windows.permute(1, 2, 0, 3, 4).reshape(-1, len(calibration) * width**2)


def _signal_space(rows: Tensor, threshold: float, noise_variance: float) -> Tensor:
    """Orthonormal basis of the calibration matrix's row space above the noise, complex64 (coil · w · w, n).

    From the eigenvectors of A Aᴴ, whose size does not grow with the coils; in double precision, because
    squaring squares the ratio of the singular values.
    """
    rows = rows.to(torch.complex128)
    energies, left = torch.linalg.eigh(rows @ rows.mH)
    noise = math.sqrt(noise_variance) * sum(math.sqrt(n) for n in rows.shape)
    floor = max(threshold * math.sqrt(max(float(energies[-1]), 0.0)), noise)
    kept = energies > floor**2
    return (rows.mH @ left[:, kept] / energies[kept].sqrt()).to(torch.complex64)


def _coefficients(signal: Tensor, n_coils: int, width: int) -> Tensor:
    """Fourier coefficients of G, (dy, dx, coil, coil): P = V Vᴴ summed over positions at distance (dy, dx).

    The kernels are the conjugate rows; G is divided by w², so that its largest eigenvalue is at most 1.
    """
    kernels = signal.conj().reshape(n_coils, width, width, -1)
    size = 2 * width - 1
    spectrum = torch.fft.fft2(kernels, s=(size, size), dim=(1, 2))
    power = torch.einsum("iyxn,jyxn->yxij", spectrum, spectrum.conj())
    return torch.fft.ifft2(power, dim=(0, 1)) / width**2


def _waves(n: int, size: int, like: Tensor) -> Tensor:
    """exp(2πi d r / n) for n centred pixels r and the ``size`` distances d in the order of an FFT, (r, d)."""
    distances = torch.fft.fftfreq(size, 1 / size, dtype=torch.float64)
    pixels = torch.arange(n, dtype=torch.float64) - n // 2
    angles = 2 * math.pi / n * torch.outer(pixels, distances)
    return torch.polar(torch.ones_like(angles), angles).to(like)


def _eigenvectors(matrices: Tensor, crop: float) -> tuple[Tensor, Tensor]:
    """Find unit eigenvectors of the two largest eigenvalues, (pixel, coil); 0 of one not above ``crop``."""
    power = matrices
    for n in range(1, _SQUARINGS + 1):
        power = power @ power
        if n % 3 == 0:  # before anything underflows
            power /= _nonzero(power.diagonal(dim1=1, dim2=2).real.sum(1))[:, None, None]
    # Every column is the eigenvector times one of its entries; that of the largest entry is not 0.
    column = power.diagonal(dim1=1, dim2=2).real.argmax(1)[:, None, None].expand(-1, power.shape[1], 1)
    vector = matrices @ _unit(power.gather(2, column))
    eigenvalue = torch.linalg.vector_norm(vector, dim=1)
    first = torch.where(eigenvalue > crop, _unit(vector)[..., 0], 0)
    second = torch.zeros_like(first)
    # √(‖G‖² − λ₁²) bounds the second eigenvalue, so few need to be found.
    near = matrices.abs().square().sum((1, 2)) - eigenvalue[:, 0].square() > crop**2
    if near.any():
        values, vectors = torch.linalg.eigh(matrices[near])
        doubled = (values[:, -2] > crop)[:, None]
        first[near] = torch.where(doubled, vectors[..., -1], first[near])
        second[near] = torch.where(doubled, vectors[..., -2], second[near])
    return _relative_to_first_coil(first), _relative_to_first_coil(second)


def _relative_to_first_coil(maps: Tensor) -> Tensor:
    first = maps[:, :1]
    return maps * torch.where(first == 0, 1, torch.sgn(first)).conj()


def _unit(vector: Tensor) -> Tensor:
    """Divide each item by its norm; 0 stays 0."""
    return vector / _nonzero(torch.linalg.vector_norm(vector, dim=1, keepdim=True))


def _nonzero(values: Tensor) -> Tensor:
    return torch.where(values > 0, values, 1)
