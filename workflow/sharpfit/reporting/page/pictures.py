"""The images of a page: 8-bit grey PNGs as base64 text, one grey scale per scan."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sharpfit.reporting.grey import gain_for, grey_window
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.scan_file import Scan


class Album:
    """Collects the pictures of one page, each stored once and named by its number.

    Parameters
    ----------
    step
        every so-many-th pixel along each axis is kept
    """

    def __init__(self, step: int = 1) -> None:
        self.step = step
        self.images: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, image: np.ndarray, white: float) -> int:
        """Store |image| (y, x), black at 0 and white at `white`; return its number."""
        scaled = np.nan_to_num(np.abs(image[:: self.step, :: self.step]), nan=0.0, posinf=0.0) / white
        grey = np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, format="PNG", optimize=True)
        text = base64.b64encode(buffer.getvalue()).decode()
        if text not in self._numbers:
            self._numbers[text] = len(self.images)
            self.images.append(text)
        return self._numbers[text]


@dataclass(frozen=True)
class Scale:
    """How the pictures of one scan become grey: what is white, and by what errors and noise are magnified."""

    white: float
    gains: Mapping[str, float]
    album: Album

    def add(self, image: np.ndarray, kind: str = "") -> int:
        """Store a picture (y, x), magnified where its kind is; return its number."""
        return self.album.add(self.gains.get(kind, 1.0) * image, self.white)


def scan_white(scan: Scan, fits: Sequence[ShownFit]) -> float:
    """Return what a scan's pictures show as white: the window of its reference, else of a picked image."""
    return grey_window(scan.reference if scan.reference is not None else fits[0].seen.images[fits[0].picked])


def kept_checkpoints(fit: ShownFit, most: int) -> list[int]:
    """Return `most` checkpoints to show (three at least): start, picked, last, the rest spread evenly."""
    spread = np.linspace(0, fit.last, max(most - 1, 2)).round().astype(int)
    return sorted({*spread.tolist(), fit.picked})


def error_image(fit: ShownFit, checkpoint: int) -> np.ndarray:
    """Return the complex error against the reference (y, x); 0 without one."""
    image = fit.seen.images[checkpoint]
    return np.zeros_like(image) if fit.reference is None else np.asarray(image - fit.reference)


def change_image(fit: ShownFit) -> np.ndarray:
    """Return the complex difference last − picked (y, x)."""
    return np.asarray(fit.seen.images[fit.last] - fit.seen.images[fit.picked])


def error_gain(fits: Sequence[ShownFit], white: float) -> float:
    """Return by what all errors of a scan are magnified: none of its fits saturates.

    A fit that diverges is left out, or its error would leave nothing to see of the others.
    """
    shown = [fit for fit in fits if fit.evaluation.verdict != "diverging"] or list(fits)
    return gain_for([error_image(fit, at) for fit in shown for at in (fit.picked, fit.last)], white)


def noise_gain(fits: Sequence[ShownFit], white: float) -> float:
    """Return by what all noise maps of a scan are magnified."""
    shown = [fit for fit in fits if fit.evaluation.verdict != "diverging"] or list(fits)
    return gain_for([fit.seen.noise_map[at] for fit in shown for at in (fit.picked, fit.last)], white)
