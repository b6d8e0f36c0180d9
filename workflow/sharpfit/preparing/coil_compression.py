"""Fewer, virtual coils that keep nearly all of the signal, and white noise.

Whitened samples L⁻¹y of all coils are turned into Vᴴ L⁻¹ y, V the directions of most energy (Huang et al.
2008, doi:10.1016/j.mri.2007.04.010). VᴴV = I, so the noise stays white at the same σ, and the model is the
same with maps Vᴴ L⁻¹ S. Where the readout is sampled completely, every position along it has a V of its own,
since few coils see anything there, aligned with its neighbour's so that the virtual maps stay smooth (Zhang
et al. 2013, doi:10.1002/mrm.24267).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readouts import to_image, to_kspace
from sharpfit.physics import noise
from sharpfit.physics.masks import over_coils
from sharpfit.preparing.noisy_data import Data, NoisyData
from sharpfit.preparing.samples import Sampling

_AXES = {"ky": -2, "kx": -1}
# Of the whole slice's power in that of a position: enough to choose where there is only noise.
_FILL = 1e-6
# Std of the Gaussian over positions, of the field of view: coil maps vary more slowly.
_SMOOTHING = 1 / 28


@dataclass(frozen=True, eq=False)
class Virtual:
    """What turns coils into virtual ones.

    Attributes
    ----------
    matrices
        Vᴴ L⁻¹, complex64 (slice, position, virtual coil, coil)
    back
        L V, which leads from virtual coils to the coils, complex64 (slice, position, coil, virtual coil)
    along
        the axis of the positions, ky or kx; empty where one matrix serves them all
    source
        a sentence
    """

    matrices: np.ndarray
    back: np.ndarray
    along: str
    source: str

    def of_kspace(self, kspace: np.ndarray) -> np.ndarray:
        """Turn samples (slice, coil, ky, kx) into those of the virtual coils, complex64."""
        if not self.along:
            return _at_each(self.matrices, kspace, -1)
        axis = _AXES[self.along]
        return to_kspace(_at_each(self.matrices, to_image(kspace, axis), axis), axis).astype(np.complex64)

    def of_maps(self, csm: np.ndarray) -> np.ndarray:
        """Turn maps S (slice, coil, y, x) into Vᴴ L⁻¹ S, complex64."""
        return _at_each(self.matrices, csm, _AXES.get(self.along, -1))

    def scaled_maps(self, csm: np.ndarray) -> np.ndarray:
        """Scale virtual maps, known up to a factor at each pixel, so that Σ|S|² = 1 over the coils L V csm.

        Their phase becomes relative to the first coil. So the image is the same as without compression.
        """
        coils = _at_each(self.back, csm, _AXES.get(self.along, -1))
        root = np.linalg.norm(coils, axis=1, keepdims=True)
        first = coils[:, :1]
        modulus = np.abs(first)
        phase = np.where(modulus > 0, first / np.where(modulus > 0, modulus, 1), 1)
        return (csm * phase.conj() / np.where(root > 0, root, 1)).astype(np.complex64)


def find(
    raw: RawScan, noisy: NoisyData, sampling: Sampling, held_out_mask: np.ndarray, n_virtual: int
) -> Virtual:
    """Find the virtual coils from what is fitted, without what is held out.

    Parameters
    ----------
    raw
        for the axis along which lines are encoded
    noisy
        k-space and noise covariance
    sampling
        what was acquired and what is fitted
    held_out_mask
        bool (ky, kx) or (slice, ky, kx)
    n_virtual
        how many are kept

    Raises
    ------
    InputError
        if that are not fewer than there are coils
    """
    n_slices, n_coils = noisy.kspace.shape[:2]
    if n_virtual >= n_coils:
        raise InputError(
            f"{raw.where}: coil_compression: {n_virtual} of {n_coils} coils compresses nothing; leave it "
            "out, or keep fewer"
        )
    readout = "kx" if raw.phase_axis == "ky" else "ky"
    along = readout if _complete(sampling.acquired, readout) and _complete(sampling.fitted, readout) else ""
    seen = sampling.fitted & ~held_out_mask
    white = noise.whiten(noise.whitener(noisy.covariance), np.where(over_coils(seen), noisy.kspace, 0))
    power = _power(white, along)
    n_samples = seen.sum(axis=(-2, -1)) / power.shape[1]
    V = _directions(power, n_samples, n_virtual) if along else np.linalg.eigh(power)[1][..., -n_virtual:]
    factor = np.linalg.cholesky(noisy.covariance)
    chosen = [f"for each position along the readout ({along})"] if along else []
    chosen += ["for each slice"] if n_slices > 1 else []
    said = f", chosen {' and '.join(chosen)}," if chosen else ""
    kept = 100 * _kept(power, V, n_samples)
    return Virtual(
        (V.conj().swapaxes(-1, -2) @ np.linalg.inv(factor)).astype(np.complex64),
        (factor @ V).astype(np.complex64),
        along,
        f"{n_virtual} virtual coils of {n_coils}{said} keep {kept:.2f} % of the signal's energy",
    )


def compressed(
    virtual: Virtual, raw: RawScan, data: Data, noisy: NoisyData
) -> tuple[RawScan, Data, NoisyData]:
    """Turn all samples of a scan into those of the virtual coils, whose noise covariance is I.

    Maps of the user's stay as they are; `Virtual.of_maps` turns them.
    """
    n = virtual.matrices.shape[-2]
    measured = virtual.matrices @ noisy.estimate.covariance @ virtual.matrices.conj().swapaxes(-1, -2)
    twin, contrast = raw.noise_free, noisy.contrast
    return (
        replace(raw, noise_free=None if twin is None else virtual.of_kspace(twin)),
        data._replace(kspace=virtual.of_kspace(data.kspace)),
        noisy._replace(
            kspace=virtual.of_kspace(noisy.kspace),
            covariance=np.eye(n, dtype=np.complex128),
            estimate=noisy.estimate._replace(covariance=measured.mean(axis=(0, 1))),
            contrast=None if contrast is None else virtual.of_kspace(contrast),
        ),
    )


def _at_each(matrices: np.ndarray, values: np.ndarray, axis: int) -> np.ndarray:
    """Apply matrices (slice, position or 1, n, coil) to values (slice, coil, …) at each position."""
    moved = np.moveaxis(values.astype(np.complex64), axis, 1)
    return np.ascontiguousarray(np.moveaxis(matrices @ moved, 1, axis))


def _complete(mask: np.ndarray, axis: str) -> bool:
    """Whether every line along an axis was sampled completely or not at all."""
    lines = mask.any(axis=_AXES[axis], keepdims=True)
    return bool((mask == lines).all())


def _power(white: np.ndarray, along: str) -> np.ndarray:
    """Σ y yᴴ of samples (slice, coil, ky, kx) at each position of an axis: (slice, position, coil, coil)."""
    axis = _AXES.get(along, -1)
    moved = np.moveaxis(to_image(white, axis) if along else white, axis, 1)  # (slice, position, coil, other)
    power = moved @ moved.conj().swapaxes(-1, -2)
    return power if along else power.sum(axis=1, keepdims=True)


def _directions(power: np.ndarray, n_samples: np.ndarray, n_virtual: int) -> np.ndarray:
    """Find aligned V (slice, position, coil, virtual coil) of powers that hold ``n_samples`` of noise each.

    Few samples would fit V to their own noise and raise its level; neighbours see nearly the same, so that
    positions share samples. What still does not rise above the largest eigenvalue of noise alone (Marchenko
    and Pastur) tells no direction; those of the whole slice fill up.
    """
    width = power.shape[1] * _SMOOTHING
    energies, vectors = np.linalg.eigh(gaussian_filter1d(power, width, axis=1, mode="nearest"))
    n_own = np.reshape(n_samples, (-1, 1, 1))
    n_shared = n_own * max(1.0, 2 * np.sqrt(np.pi) * width)
    edge = n_own * (1 + np.sqrt(power.shape[-1] / n_shared)) ** 2
    above = np.clip(energies - edge, 0, None)
    local = (vectors * above[..., None, :]) @ vectors.conj().swapaxes(-1, -2)
    V = np.linalg.eigh(local + _FILL * power.mean(axis=1, keepdims=True))[1][..., -n_virtual:]
    return np.stack([_aligned(one) for one in V])


def _aligned(V: np.ndarray) -> np.ndarray:
    """Turn each V (position, coil, virtual coil) within its own space towards its neighbour's.

    The unitary U nearest to V_xᴴ V_next is that of the SVD (Procrustes); the middle, where signal is, comes
    first.
    """
    aligned = V.copy()
    middle = len(V) // 2
    for step, order in ((-1, range(middle + 1, len(V))), (1, range(middle - 1, -1, -1))):
        for n in order:
            left, _, right = np.linalg.svd(V[n].conj().T @ aligned[n + step])
            aligned[n] = V[n] @ (left @ right)
    return aligned


def _kept(power: np.ndarray, V: np.ndarray, n_samples: np.ndarray) -> float:
    """Share of the signal's energy in the space of V; a noise of ``n_samples`` per coil is in all powers."""
    n_slices, n_positions, n_coils, n_virtual = V.shape
    noise_of_one = n_slices * n_positions * float(np.mean(n_samples))
    signal = float(np.trace(power, axis1=-2, axis2=-1).real.sum()) - n_coils * noise_of_one
    inside = np.einsum("spcv,spcd,spdv->", V.conj(), power, V, optimize=True).real
    return min(max((inside - n_virtual * noise_of_one) / signal, 0.0), 1.0) if signal > 0 else 0.0
