"""A head from a real MR image: matplotlib's sample slice, through smooth coils, on a finer grid."""

import gzip
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError
from sharpfit.physics.kspace import to_kspace
from sharpfit.simulation.ellipse_phantom import birdcage, fov_grid

FULL_MATRIX = (256, 256)


def head_image() -> np.ndarray:
    """Return matplotlib's s1045.ima.gz (sagittal T1, superior at row 0): float64 (256, 256), maximum 1.

    Raises
    ------
    InputError
        if the installed matplotlib has no such sample
    """
    from matplotlib import get_data_path  # slow to import

    sample = Path(get_data_path()) / "sample_data" / "s1045.ima.gz"
    if not sample.is_file():
        raise InputError("object head: this matplotlib has no sample s1045.ima.gz; take object: ellipses")
    image = np.frombuffer(gzip.decompress(sample.read_bytes()), ">u2").reshape(FULL_MATRIX)
    return image / image.max()


def smooth_phase(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Phase (rad) of a plausible off-resonance field: low-order polynomials and one broad bump."""
    return 0.8 * y - 0.5 * x + 1.5 * x * y + 1.2 * np.exp(-((y - 0.15) ** 2 + (x + 0.1) ** 2) / 0.06)


def head_kspace(n_coils: int, matrix: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """k-space of the head through birdcage coils, cropped to ``matrix`` from a simulation at 256 × 256.

    Coil images are made at the full grid and cut in k-space, so that a smaller matrix holds what no
    image on its own grid explains exactly: no inverse crime. Pixels keep the object's intensities.

    Returns
    -------
        kspace complex128 (coil, ky, kx) and maps complex128 (coil, y, x) on the smaller grid, Σ|S|² = 1

    Raises
    ------
    InputError
        if ``matrix`` exceeds 256 × 256
    """
    if max(matrix) > FULL_MATRIX[0] or min(matrix) < 1:
        raise InputError(f"matrix {list(matrix)}: object 'head' offers 1 to {FULL_MATRIX[0]} along each axis")
    y, x = fov_grid(FULL_MATRIX)
    coil_images = head_image() * np.exp(1j * smooth_phase(y, x)) * birdcage(n_coils, y, x)
    kspace = to_kspace(coil_images)
    window = tuple(
        slice(full // 2 - n // 2, full // 2 - n // 2 + n) for full, n in zip(FULL_MATRIX, matrix, strict=True)
    )
    scale = np.sqrt(np.prod(matrix) / np.prod(FULL_MATRIX))
    return kspace[:, *window] * scale, birdcage(n_coils, *fov_grid(matrix))
