"""A grey PNG whose pixels are square, whatever the voxels are."""

from pathlib import Path

import numpy as np
from PIL import Image

from sharpfit.reporting.grey import grey_window

ENOUGH = 600
"""Pixels along the longer side at which a preview is looked at without a magnifying glass."""


def save_preview(path: Path, image: np.ndarray, spacing_mm: tuple[float, float] | None) -> None:
    """Write |image| (y, x) as `grey_picture`, white at its own window, enlarged where it is small.

    By a whole factor and in blocks, so that pixels stay square and voxels what they are.
    """
    picture = grey_picture(image, grey_window(image), spacing_mm)
    times = max(ENOUGH // max(picture.size), 1)
    width, height = picture.size
    picture.resize((times * width, times * height), Image.Resampling.NEAREST).save(path, format="PNG")


def grey_picture(image: np.ndarray, white: float, spacing_mm: tuple[float, float] | None) -> Image.Image:
    """Draw |image| (y, x), black at 0, at its scale: the finer spacing is that of the picture.

    `spacing_mm` is along y, x; without it a voxel is a pixel.
    """
    shown = np.nan_to_num(np.abs(image), nan=0.0, posinf=0.0) / white
    picture = Image.fromarray(np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8))
    if spacing_mm is None:
        return picture
    height, width = image.shape
    y, x = (spacing / min(spacing_mm) for spacing in spacing_mm)
    return picture.resize((round(width * x), round(height * y)), Image.Resampling.BICUBIC)
