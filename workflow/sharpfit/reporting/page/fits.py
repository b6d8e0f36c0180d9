"""What a page shows of one fit: the judge's words beside the images of the middle slice."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sharpfit.results.evaluation import Evaluation
from sharpfit.results.history import read_history
from sharpfit.results.reconstruction_file import MiddleSlice, read_middle_slice, read_thinned
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
    file
        reconstruction.h5
    model_errs
        whether more is left of the data than noise, so that J counts well-determined modes alone
    """

    label: str
    evaluation: Evaluation
    seen: MiddleSlice
    history: dict[str, np.ndarray]
    reference: np.ndarray | None
    file: Path
    model_errs: bool

    @property
    def picked(self) -> int:
        """Index of the picked checkpoint: that of `picked_iteration`, or the nearest saved one."""
        return int(np.argmin(np.abs(self.seen.iterations - self.evaluation.picked_iteration)))

    @property
    def last(self) -> int:
        """Index of the last checkpoint."""
        return len(self.seen.iterations) - 1

    @property
    def ends_of_path(self) -> tuple[int, int] | tuple[()]:
        """Checkpoints of the smallest and the largest weight; empty where the fit is no path of weights."""
        weights = np.array(self.evaluation.weights, float)
        if not np.isfinite(weights).any():
            return ()
        return int(np.nanargmin(weights)), int(np.nanargmax(weights))

    def slices(self, step: int) -> np.ndarray:
        """Read every slice at the picked and the last checkpoint, thinned: complex (2, slice, y, x)."""
        return np.stack([read_thinned(self.file, at, step) for at in (self.picked, self.last)])

    @property
    def image_norm(self) -> float:
        """‖x‖ of the picked image, fitted units."""
        return float(self.seen.image_norm[self.picked])

    @property
    def estimated_error(self) -> float:
        """√ of the picked image's squared error, fitted units; NaN where that is not positive."""
        squared = self.evaluation.squared_error
        return float(np.sqrt(squared)) if squared > 0 else np.nan

    @property
    def error_interval(self) -> tuple[float, float]:
        """√ of J two standard errors below and above, fitted units; NaN: unknown.

        The standard error is that of the data's noise and of the replicas', so it is not that of J where the
        model errs or many modes are not seen. J holds the image's variance, which is known far better than
        the bias, so the lower end is never below √ of that.
        """
        picked, two_errors = self.evaluation.picked, 2 * self.evaluation.picked_risk_error
        leaves_out = self.model_errs or self.evaluation.leaves_modes_out
        if leaves_out or not np.isfinite([two_errors, self.estimated_error]).all():
            return np.nan, np.nan
        least = min(np.nan_to_num(picked.v_image), picked.risk)
        lower = max(picked.risk - two_errors, least, 0.0)
        return float(np.sqrt(lower)), float(np.sqrt(picked.risk + two_errors))


def read_fit(label: str, scan: Scan, evaluation: Evaluation, reconstruction: Path, history: Path) -> ShownFit:
    """Read the images and history of a judged fit; the scan's reference serves for its errors."""
    seen, model_errs = read_middle_slice(reconstruction), bool(scan.facts.get("model_errs", False))
    return ShownFit(
        label, evaluation, seen, read_history(history), scan.reference, reconstruction, model_errs
    )
