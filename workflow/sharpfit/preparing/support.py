"""Where the object is, found from the data: what is judged, since noise in air is nobody's image."""

import numpy as np
import torch
from scipy import ndimage

from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.conjugate_gradient import conjugate_gradient
from sharpfit.physics.masks import each_slice
from sharpfit.physics.white_noise import white_noise

N_STEPS = 6
"""Conjugate gradient steps: they unfold the aliasing and hardly fit noise yet."""

SMOOTHING = 1.5
"""Pixels, std of the Gaussian over |x|², which takes single pixels of noise away."""

CLEAR = 3 / np.sqrt(4 * np.pi) / SMOOTHING
"""Times the noise's power: three of the smoothed noise's standard errors, 1 / √(4π) / SMOOTHING each."""

SHARE = 0.1
"""Of the object's brightness, the 99th percentile: where it ends."""

MARGIN = 2
"""Pixels added all around: the edge, where blurring and ringing show, belongs to the object."""


def support(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, sigma: float) -> np.ndarray:
    """Find the pixels of the object.

    A few conjugate gradient steps give an image x; where its smoothed power exceeds that of its noise by
    (10 % of the brightness)², and clearly, is object, and so are holes in it and a margin. The noise's power
    is that of the same steps on noise alone, so what coils and sampling do to it is known where it is.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), white, 0 where nothing was sampled
    csm
        complex64 (slice, coil, y, x), as the model uses them
    mask
        bool (ky, kx) or (slice, ky, kx)
    sigma
        std per real and imaginary component

    Returns
    -------
        bool (slice, y, x); a slice in which nothing stands out holds no object, and where nothing does in any
        slice, all is object
    """
    power, noise = _powers(kspace, csm, mask, sigma)
    bright = np.percentile(np.clip(power - noise, 0, None), 99)
    found = power - noise > np.maximum(SHARE**2 * bright, CLEAR * noise)
    solid = np.stack([_solid(one) if one.any() else one for one in found])
    return (solid if solid.any() else ~solid) & (np.abs(csm).max(1) > 0)


def _powers(
    kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed |x|² of the data and of noise alone, (slice, y, x)."""
    sampled = torch.from_numpy(np.array(each_slice(mask, len(csm))))
    powers = []
    for i in range(len(kspace)):
        E = acquisition(torch.from_numpy(csm[i : i + 1]), sampled[i]).encoding
        data = [kspace[i : i + 1], sigma * white_noise((1, i), kspace[i : i + 1].shape)]
        back = torch.stack([E.adjoint(E.stage(torch.from_numpy(np.asarray(y, np.complex64)))) for y in data])
        image = E.unstage_image(conjugate_gradient(E.gram, back, N_STEPS))[:, 0]
        powers.append([ndimage.gaussian_filter(np.abs(one) ** 2, SMOOTHING) for one in image.numpy()])
    stacked = np.array(powers)
    return stacked[:, 0], ndimage.gaussian_filter(stacked[:, 1], (0, 8, 8))


def _solid(found: np.ndarray) -> np.ndarray:
    """Drop specks, close gaps and holes, add the margin: bool (y, x)."""
    closed = ndimage.binary_fill_holes(ndimage.binary_closing(found, iterations=2) | found)
    parts, n_parts = ndimage.label(closed)
    sizes = ndimage.sum_labels(closed, parts, np.arange(1, n_parts + 1))
    large = np.isin(parts, 1 + np.flatnonzero(sizes >= 0.01 * sizes.max()))
    return ndimage.binary_dilation(large, iterations=MARGIN)
