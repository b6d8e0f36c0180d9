"""Coil sensitivity maps with Σ|S|² = 1: ESPIRiT, the user's own, or ones for one coil."""

import numpy as np

from sharpfit.errors import InputError

KERNEL_WIDTH = 6
MAX_CALIBRATION_WIDTH = 24
_THRESHOLD = 0.02
_CROP = 0.9
_MAX_ITERATIONS = 100


def espirit(kspace: np.ndarray, block: tuple[slice, slice]) -> np.ndarray:
    """ESPIRiT maps of every slice, by SigPy (Uecker et al. 2014, doi:10.1002/mrm.24751).

    Parameters
    ----------
    kspace
        (slice, coil, ky, kx)
    block
        fully sampled centre, slices along ky and kx

    Returns
    -------
        complex64 (slice, coil, y, x), Σ|S|² = 1 where the calibration supports a map, 0 elsewhere; the phase
        is relative to the first coil

    Raises
    ------
    InputError
        if the block is too small for the kernel
    """
    from sigpy.mri.app import EspiritCalib  # slow to import

    height, width = (window.stop - window.start for window in block)
    side = min(height, width)
    if side < 2 * KERNEL_WIDTH:
        raise InputError(
            f"no calibration region: the fully sampled centre of the mask is {height} × {width}, ESPIRiT "
            f"needs {2 * KERNEL_WIDTH} × {2 * KERNEL_WIDTH}; give maps (csm:) or sample the centre"
        )
    maps = np.zeros(kspace.shape, np.complex64)
    for target, samples in zip(maps, kspace, strict=True):
        calibration = np.zeros_like(samples, np.complex128)
        calibration[:, *block] = samples[:, *block]
        calibration /= np.abs(calibration).max()
        target[...] = EspiritCalib(
            calibration, side, _THRESHOLD, KERNEL_WIDTH, _CROP, _MAX_ITERATIONS, show_pbar=False
        ).run()
    return maps


def normalised(csm: np.ndarray, where: str) -> tuple[np.ndarray, str]:
    """Divide maps by their root sum of squares, so that Σ|S|² = 1 where they are not zero.

    Returns
    -------
        complex64 maps of the same shape, and a sentence saying by how much they changed
    """
    root = np.linalg.norm(csm, axis=1, keepdims=True)
    support = root > 1e-3 * root.max()
    maps = np.where(support, csm / np.where(support, root, 1), 0).astype(np.complex64)
    low, high = (float(value) for value in np.percentile(root[support], [1, 99]))
    return (
        maps,
        f"given ({where}), divided by its root sum of squares ({low:.3g} to {high:.3g}) so that Σ|S|² = 1",
    )
