"""The class that a fit belongs to, from its errors along the checkpoints and going on."""

import itertools

import numpy as np

from sharpfit.judging.record import Record
from sharpfit.judging.thresholds import ROUNDING

WORSE, BETTER_ON = 1.05, 0.95
MARGIN = 0.01  # of error, on both sides of a border: two standard deviations over draws of the noise
BLOWN_UP = 1.5  # times the error of the start or of an empty image: a fit that goes on to there diverged


def truth_of(
    record: Record, error: np.ndarray, further: np.ndarray, worse: float = WORSE, better_on: float = BETTER_ON
) -> str:
    """Return the class that the images belong to, from the noise-free reference."""
    if not record.is_finite or not np.isfinite(further).all():
        return "diverging"
    at_rest = record.gradient_norm.max() <= ROUNDING * record.image_norm.max()
    if np.nansum(record.history["step"]) == 0 and not at_rest:  # which begins at its solution
        return "frozen"
    chi2 = np.asarray(record.history["chi2"], float)
    climbs = (np.diff(chi2[-6:]) > 0).all() and chi2[-1] > WORSE * chi2.min()
    blown = max(error[-1], *further[-3:]) if further.size else error[-1]
    if error[-1] > error.min() * worse and (climbs or blown > BLOWN_UP * max(error[0], 1.0)):
        return "diverging"
    if error[-1] > worse * error.min():
        return "over-fitting"
    return "under-fitted" if further.size and further.min() < better_on * error[-1] else "fine"


def acceptable(record: Record, error: np.ndarray, further: np.ndarray) -> frozenset[str]:
    """Return every class whose border lies within ``MARGIN``, the strict one among them.

    A fit that over-fits while its loss ends 5 % above its minimum, but for fewer than five steps, may be
    called diverging too: which it is, its next steps would show.
    """
    borders = [
        (WORSE + a * MARGIN, BETTER_ON + b * MARGIN) for a, b in itertools.product((-1, 0, 1), repeat=2)
    ]
    classes = {truth_of(record, error, further, *pair) for pair in borders}
    chi2 = np.asarray(record.history["chi2"], float)
    if "over-fitting" in classes and chi2[-1] > WORSE * chi2.min():
        classes.add("diverging")
    return frozenset(classes)
