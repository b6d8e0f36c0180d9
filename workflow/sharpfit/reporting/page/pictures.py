"""The images of a page: 8-bit grey PNGs as base64 text, one grey scale per scan."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sharpfit.reporting.grey import gain_for, grey_window
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.scan_file import Scan


def png(image: np.ndarray, white: float) -> bytes:
    """Return |image| (y, x) as a PNG, black at 0 and white at `white`."""
    scaled = np.nan_to_num(np.abs(image), nan=0.0, posinf=0.0) / white
    grey = np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG")  # optimised they take three times as long for 3 %
    return buffer.getvalue()


class Album:
    """Collects the pictures of one scan, each stored once and named by its number."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, image: np.ndarray, white: float) -> int:
        """Store |image| (y, x), black at 0 and white at `white`; return its number."""
        text = base64.b64encode(png(image, white)).decode()
        if text not in self._numbers:
            self._numbers[text] = len(self.images)
            self.images.append(text)
        return self._numbers[text]


@dataclass(frozen=True)
class Scale:
    """How the pictures of one scan become grey.

    Attributes
    ----------
    white
        the magnitude shown as white
    gains
        by what errors, noise maps and changes are magnified
    album
        where the pictures go
    step
        every so-many-th pixel along each axis is kept
    """

    white: float
    gains: Mapping[str, float]
    album: Album
    step: int = 1

    def add(self, image: np.ndarray, kind: str = "") -> int:
        """Store a picture (y, x), magnified where its kind is; return its number."""
        kept = image[:: self.step, :: self.step]
        return self.album.add(self.gains.get(kind, 1.0) * kept, self.white)


def scan_white(scan: Scan, fits: Sequence[ShownFit]) -> float:
    """Return what a scan's pictures show as white: the window of its reference, else of a picked image."""
    return grey_window(scan.reference if scan.reference is not None else fits[0].seen.images[fits[0].picked])


def kept_checkpoints(fit: ShownFit, most: int) -> list[int]:
    """Return `most` checkpoints to show: start, picked, last, the ends of a path, the rest spread evenly."""
    spread = np.linspace(0, fit.last, max(most - 1, 2)).round().astype(int)
    return sorted({*spread.tolist(), fit.picked, *fit.ends_of_path})


def error_image(fit: ShownFit, checkpoint: int) -> np.ndarray:
    """Return the complex error against the reference (y, x); 0 without one."""
    image = fit.seen.images[checkpoint]
    return np.zeros_like(image) if fit.reference is None else np.asarray(image - fit.reference)


def change_image(fit: ShownFit) -> np.ndarray:
    """Return the complex difference last − picked (y, x)."""
    return np.asarray(fit.seen.images[fit.last] - fit.seen.images[fit.picked])


def gains(fits: Sequence[ShownFit], slices: Iterable[np.ndarray], white: float) -> dict[str, float]:
    """Return by what all errors, noise maps and changes of a scan are magnified: none saturates.

    A fit that diverges is left out, or its error would leave nothing to see of the others.

    Parameters
    ----------
    fits
        of one scan
    slices
        of every fit, complex (end, slice, y, x): picked and last
    white
        the magnitude shown as white
    """
    shown = [
        (fit, ends) for fit, ends in zip(fits, slices, strict=True) if fit.evaluation.verdict != "diverging"
    ]
    shown = shown or list(zip(fits, slices, strict=True))
    two = [(fit, at) for fit, _ in shown for at in (fit.picked, fit.last)]
    changes = [change for _, ends in shown for change in ends[1] - ends[0]]
    return {
        "error": gain_for([error_image(fit, at) for fit, at in two], white),
        "noise": gain_for([fit.seen.noise_map[at] for fit, at in two], white),
        "change": gain_for([*changes, *(change_image(fit) for fit, _ in shown)], white),
    }
