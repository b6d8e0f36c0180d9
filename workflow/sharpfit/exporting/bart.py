"""BART: the complex image, axes (y, x, …, slice as the fourteenth), as `bart` reads k-space of (ky, kx)."""

from pathlib import Path

import numpy as np

from sharpfit.exporting.picture import Picture
from sharpfit.files.cfl import write_cfl

_SLICE_AXIS = 13


def write(path: Path, picture: Picture) -> str:
    """Write .cfl and .hdr; returns how it is scaled. The format holds neither spacing nor orientation."""
    image = np.moveaxis(picture.image, 0, -1)
    height, width, n_slices = image.shape
    write_cfl(path.with_suffix(""), image.reshape(height, width, *(1,) * (_SLICE_AXIS - 2), n_slices))
    return "complex64, not scaled; the format holds neither spacing nor orientation"
