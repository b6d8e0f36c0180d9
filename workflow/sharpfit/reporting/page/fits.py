"""What a page shows of one fit: the judge's words beside the images of the middle slice."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sharpfit.results.evaluation_file import Evaluation
from sharpfit.results.history import read_history
from sharpfit.results.reconstruction_file import MiddleSlice, read_image, read_middle_slice
from sharpfit.results.scan_file import Scan

MONTAGE_WIDTH = 512  # pixels


@dataclass(frozen=True, eq=False)
class ShownFit:
    """One fit of a scan.

    Attributes
    ----------
    label
        what the page calls it
    evaluation
        what the judge found; its trajectory holds the curves
    seen
        images and noise of the middle slice, and how far the halves agree
    history
        the columns of history.csv
    reference
        complex (y, x) of the middle slice, input units, or None
    montage
        every slice of the picked image side by side, (y, x), thinned to `MONTAGE_WIDTH`; None for one slice
    """

    label: str
    evaluation: Evaluation
    seen: MiddleSlice
    history: dict[str, np.ndarray]
    reference: np.ndarray | None
    montage: np.ndarray | None

    @property
    def picked(self) -> int:
        """Index of the picked checkpoint: that of `picked_iteration`, or the nearest saved one."""
        return int(np.argmin(np.abs(self.seen.iterations - self.evaluation.picked_iteration)))

    @property
    def last(self) -> int:
        """Index of the last checkpoint."""
        return len(self.seen.iterations) - 1

    @property
    def estimated_error(self) -> float:
        """√J / ‖x‖ of the picked image, relative; NaN where J is not positive."""
        risk, norm = self.evaluation.picked.risk, self.seen.image_norm[self.picked]
        return float(np.sqrt(risk) / norm) if risk > 0 and norm > 0 else np.nan

    @property
    def error_uncertainty(self) -> float:
        """Two standard errors of `estimated_error`, from the draws of what noise adds to J; NaN: unknown."""
        draws = np.asarray(self.evaluation.risk_noise, float)
        if not draws.size or not np.isfinite(self.estimated_error):
            return np.nan
        spread = float(np.sqrt(np.mean(draws**2)))
        return self.estimated_error * spread / self.evaluation.picked.risk


def tiled(image: np.ndarray) -> np.ndarray:
    """Return |image| (slice, y, x) as tiles in rows, every n-th pixel of each, (y, x)."""
    n, width = image.shape[0], image.shape[2]
    columns = int(np.ceil(np.sqrt(n)))
    step = max(1, int(np.ceil(columns * width / MONTAGE_WIDTH)))
    small = np.abs(image[:, ::step, ::step])
    rows = int(np.ceil(n / columns))
    padded = np.zeros((rows * columns, *small.shape[1:]), small.dtype)
    padded[:n] = small
    tiles = padded.reshape(rows, columns, *small.shape[1:])
    return np.asarray(tiles.transpose(0, 2, 1, 3).reshape(rows * small.shape[1], columns * small.shape[2]))


def _montage(reconstruction: Path, checkpoint: int) -> np.ndarray | None:
    image = read_image(reconstruction, checkpoint)
    return tiled(image) if len(image) > 1 else None


def read_fit(label: str, scan: Scan, evaluation: Evaluation, reconstruction: Path, history: Path) -> ShownFit:
    """Read the images and history of a judged fit; the scan's reference serves for its errors."""
    seen = read_middle_slice(reconstruction)
    picked = int(np.argmin(np.abs(seen.iterations - evaluation.picked_iteration)))
    montage = _montage(reconstruction, picked)
    return ShownFit(label, evaluation, seen, read_history(history), scan.reference, montage)
