"""Maps of an object that fills the frame, told from those of one that folds onto itself.

ESPIRiT's kernel of w samples sees n / w pixels at once, and the frame is periodic: near its edges the kernel
sees one side of the object and, across the edge, the other. So a second eigenvalue is close to 1 there too,
though each pixel holds one place, and the first map is any mixture of the two sides. Where one place lies in
a pixel, its map is the one that goes on smoothly from inside, within what both eigenvectors span, and it
explains the samples better than the mixture. Where two places lie there, it leaves one of them out, and
explains them worse.
"""

import numpy as np
import torch
from scipy import ndimage

from sharpfit.physics import noise
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.conjugate_gradient import conjugate_gradient
from sharpfit.physics.encoding import SAMPLES
from sharpfit.physics.masks import each_slice
from sharpfit.physics.norms import energy

N_STEPS = 10
"""Conjugate gradient steps: what is left then of the samples is noise and the maps' error."""


def one_place_each(
    kspace: np.ndarray, csm: np.ndarray, second: np.ndarray, mask: np.ndarray, noise_cov: np.ndarray
) -> np.ndarray | None:
    """Find one set of maps where a second eigenvector is no second place of the object.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), 0 where nothing was sampled
    csm, second
        of the first and the second eigenvector, complex64 (slice, coil, y, x), Σ|S|² = 1 or 0
    mask
        bool (ky, kx) or (slice, ky, kx)
    noise_cov
        Ψ, (coil, coil), in squared units of ``kspace``

    Returns
    -------
        maps continued from inside, as ``csm``; None where they explain the samples worse than ``csm``
    """
    inside_out = np.stack([continued(*both) for both in zip(csm, second, strict=True)])
    left = [_left_over(kspace, maps, mask, noise_cov) for maps in (inside_out, csm)]
    return inside_out if left[0] < left[1] else None


def continued(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Continue maps from pixels of one eigenvector into those of two, ring by ring.

    A new pixel's map is the one closest to its neighbours', up to their phases, in what its two eigenvectors
    span. The frame ends at its edges here: nothing is continued across them.

    Parameters
    ----------
    first, second
        complex64 (coil, y, x) of one slice; ``second`` is 0 where there is one

    Returns
    -------
        as ``first``, which stands where nothing leads to a pixel
    """
    to_come = second.any(axis=0)
    known = first.any(axis=0) & ~to_come
    maps = np.where(known, first, 0)
    while (ring := to_come & ndimage.binary_dilation(known, np.ones((3, 3)))).any():
        maps[:, ring] = _closest(_around(maps, ring), np.stack([first[:, ring], second[:, ring]]))
        known |= ring
        to_come &= ~ring
    return np.where(to_come, first, maps)


def _around(maps: np.ndarray, these: np.ndarray) -> np.ndarray:
    """Return the maps of the 3 × 3 pixels around these, (neighbour, coil, pixel); 0 beyond the frame."""
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.moveaxis(windows[:, these].reshape(len(maps), -1, 9), -1, 0)


def _closest(maps: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Find unit vectors v of the largest Σ |Sᴴ v|², (coil, pixel), in what each pixel's vectors span.

    maps: S, (neighbour, coil, pixel). span: orthonormal, (2, coil, pixel).
    """
    seen = np.einsum("scp,ncp->pns", span.conj(), maps)
    _, vectors = np.linalg.eigh(np.einsum("pns,pnt->pst", seen, seen.conj()))
    closest = np.einsum("scp,ps->cp", span, vectors[..., -1])
    return closest * np.exp(-1j * np.angle(closest[:1]))


def _left_over(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, noise_cov: np.ndarray) -> float:
    """‖y − A x‖² of whitened samples after a few conjugate gradient steps, over all slices."""
    whitening = noise.whitener(noise_cov).astype(np.complex64)
    left = 0.0
    for i, sampled in enumerate(each_slice(mask, len(csm))):
        maps, samples = (
            torch.from_numpy(noise.whiten(whitening, values[i : i + 1])) for values in (csm, kspace)
        )
        E = acquisition(maps, torch.from_numpy(np.array(sampled))).encoding
        y = E.stage(samples)[None]
        x = conjugate_gradient(E.gram, E.adjoint(y), N_STEPS)
        left += float(energy(y - E(x), SAMPLES).sum())
    return left
