"""PNG: all slices beside one another in 8-bit grey, at the voxels' scale."""

import math
from pathlib import Path

import numpy as np
from PIL.PngImagePlugin import PngInfo

from sharpfit.exporting.picture import Picture
from sharpfit.reporting.grey import grey_window
from sharpfit.reporting.preview import grey_picture


def write(path: Path, picture: Picture) -> str:
    """Write the montage, the first slice at its upper left; returns what is white."""
    magnitude = picture.magnitude
    white = grey_window(magnitude)
    scale = f"8-bit grey, black 0, white {white:.6g}"
    notes = PngInfo()
    for name, sentence in (picture.said() | {"scale": scale}).items():
        notes.add_text(name, sentence)
    grey_picture(_montage(magnitude), white, picture.spacing_mm).save(path, format="PNG", pnginfo=notes)
    return scale


def _montage(slices: np.ndarray) -> np.ndarray:
    """(slice, y, x) as rows of pictures, about as many as columns; what is left over is black."""
    n, height, width = slices.shape
    n_columns = math.ceil(math.sqrt(n))
    n_rows = math.ceil(n / n_columns)
    padded = np.concatenate([slices, np.zeros((n_rows * n_columns - n, height, width), slices.dtype)])
    grid = padded.reshape(n_rows, n_columns, height, width)
    return grid.transpose(0, 2, 1, 3).reshape(n_rows * height, n_columns * width)
