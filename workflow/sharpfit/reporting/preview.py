"""A grey PNG whose pixels are square, whatever the voxels are."""

from pathlib import Path

import numpy as np
from PIL import Image

from sharpfit.reporting.grey import grey_window


def save_preview(path: Path, image: np.ndarray, spacing_mm: tuple[float, float] | None) -> None:
    """Write |image| (y, x), black at 0, at its scale: the finer spacing is that of the picture.

    `spacing_mm` is along y, x; without it a voxel is a pixel.
    """
    shown = np.nan_to_num(np.abs(image), nan=0.0, posinf=0.0) / grey_window(image)
    picture = Image.fromarray(np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8))
    if spacing_mm is not None:
        height, width = image.shape
        y, x = (spacing / min(spacing_mm) for spacing in spacing_mm)
        picture = picture.resize((round(width * x), round(height * y)), Image.Resampling.BICUBIC)
    picture.save(path, format="PNG")
