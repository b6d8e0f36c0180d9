"""What a page shows of one fit: the judge's words beside the images of the middle slice."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sharpfit.results.evaluation_file import Evaluation
from sharpfit.results.history import read_history
from sharpfit.results.reconstruction_file import MiddleSlice, read_middle_slice
from sharpfit.results.scan_file import Scan


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
    """

    label: str
    evaluation: Evaluation
    seen: MiddleSlice
    history: dict[str, np.ndarray]
    reference: np.ndarray | None

    @property
    def picked(self) -> int:
        """Index of the picked checkpoint: that of `picked_iteration`, or the nearest saved one."""
        return int(np.argmin(np.abs(self.seen.iterations - self.evaluation.picked_iteration)))

    @property
    def last(self) -> int:
        """Index of the last checkpoint."""
        return len(self.seen.iterations) - 1


def read_fit(label: str, scan: Scan, evaluation: Evaluation, reconstruction: Path, history: Path) -> ShownFit:
    """Read the images and history of a judged fit; the scan's reference serves for its errors."""
    return ShownFit(
        label,
        evaluation,
        read_middle_slice(reconstruction),
        read_history(history),
        scan.reference,
    )
