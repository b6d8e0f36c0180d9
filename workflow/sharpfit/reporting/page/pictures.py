"""The images of a page: 8-bit grey PNGs as base64 text, one grey scale per scan."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from sharpfit.reporting.grey import ERROR_GAIN, grey_window
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.scan_file import Scan


class Album:
    """Collects the pictures of one page, each stored once and named by its number."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, image: np.ndarray, white: float) -> int:
        """Store |image| (y, x), black at 0 and white at `white`; return its number."""
        scaled = np.nan_to_num(np.abs(image), nan=0.0, posinf=0.0) / white
        grey = np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, format="PNG", optimize=True)
        text = base64.b64encode(buffer.getvalue()).decode()
        if text not in self._numbers:
            self._numbers[text] = len(self.images)
            self.images.append(text)
        return self._numbers[text]


def scan_white(scan: Scan, fits: Sequence[ShownFit]) -> float:
    """Return what a scan's pictures show as white: the window of its reference, else of a picked image."""
    return grey_window(scan.reference if scan.reference is not None else fits[0].seen.images[fits[0].picked])


def kept_checkpoints(fit: ShownFit, most: int) -> list[int]:
    """Return `most` checkpoints to show (three at least): start, picked, last, the rest spread evenly."""
    spread = np.linspace(0, fit.last, max(most - 1, 2)).round().astype(int)
    return sorted({*spread.tolist(), fit.picked})


def error_image(fit: ShownFit, checkpoint: int) -> np.ndarray:
    """Return the complex error against the reference (y, x), magnified by `ERROR_GAIN`; 0 without one."""
    error = np.zeros_like(fit.seen.images[checkpoint])
    if fit.reference is not None:
        error = fit.seen.images[checkpoint] - fit.reference
    return np.asarray(ERROR_GAIN * error)


def noise_image(fit: ShownFit, checkpoint: int) -> np.ndarray:
    """Return the standard deviation per pixel (y, x), magnified by `ERROR_GAIN`."""
    return np.asarray(ERROR_GAIN * fit.seen.noise_map[checkpoint])
