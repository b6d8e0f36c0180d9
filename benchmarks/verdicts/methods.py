"""Ways to choose the iteration where a fit should have stopped: each is one function of the trajectory.

A method returns a score for every checkpoint, (checkpoint,); it picks the smallest. To add one, write such a
function and list it in `METHODS` with what it needs beside the fit itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sharpfit.judging.curves import Curves
from sharpfit.measuring.estimates import risk
from sharpfit.measuring.quorum import agreed_minimum


@dataclass(frozen=True)
class Trajectory:
    """A fit at its checkpoints: images (checkpoint, slice, y, x), input units, and every measured figure."""

    images: np.ndarray
    curves: Curves
    made_beside: Mapping[str, np.ndarray]
    """scores of `published.py`, which need fits or samples of their own"""


def last_iterate(fit: Trajectory) -> np.ndarray:
    """Run to the end: the loss."""
    return -np.arange(len(fit.images), dtype=float)


def discrepancy_principle(fit: Trajectory) -> np.ndarray:
    """Stop where the residual first reaches the noise, χ² ≤ 1 (Morozov 1966); else at the end."""
    reached = np.flatnonzero(fit.curves.chi2 <= 1)
    stop = int(reached[0]) if reached.size else len(fit.images) - 1
    return np.abs(np.arange(len(fit.images)) - stop).astype(float)


def sure(fit: Trajectory) -> np.ndarray:
    """Stein's unbiased estimate of the error at the samples, by one probe (Ramani 2008)."""
    return fit.curves.sure


def held_out(fit: Trajectory) -> np.ndarray:
    """Residual at samples that a fit of its own never saw, as in SSDU and ZS-SSL (Yaman 2020, 2022)."""
    return fit.curves.held_out


def windowed_variance(fit: Trajectory, window: int = 5) -> np.ndarray:
    """ES-WMV: variance of the iterate over a sliding window (Wang 2023), here of checkpoints."""
    scores = np.full(len(fit.images), np.inf)
    for t in range(window, len(fit.images) + 1):
        seen = fit.images[t - window : t]
        scores[t - 1] = (np.abs(seen - seen.mean(0)) ** 2).mean()
    return scores


def halves_correlation(fit: Trajectory) -> np.ndarray:
    """Normalised cross-correlation of the gradients of two independent halves, from fission."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return -fit.curves.cross_gradient / fit.curves.gradient_energy


def mean_frc(fit: Trajectory) -> np.ndarray:
    """Mean Fourier ring correlation of the same halves (van Heel & Schatz 2005)."""
    return -fit.curves.mean_frc


def risk_at_the_samples(fit: Trajectory) -> np.ndarray:
    """(SURE − v_data) + v_image."""
    curves = fit.curves
    return np.asarray(risk(curves.sure, curves.v_data, curves.v_image))


def from_the_surrogate(fit: Trajectory) -> np.ndarray:
    """Squared distance from an image of total variation, which is made once for all fits of a scan."""
    return fit.curves.surrogate_distance


def filtered_risk(fit: Trajectory) -> np.ndarray:
    """J: bias in all modes worth fitting, and the image's variance."""
    return fit.curves.risk


def middle_of_three(fit: Trajectory) -> np.ndarray:
    """Count from the judge's pick, by the middle one of J, the distance from the surrogate and held-out."""
    return np.abs(np.arange(len(fit.images)) - agreed_minimum(fit.curves.estimates)).astype(float)


def k_fold(fit: Trajectory) -> np.ndarray:
    """Residual of all samples, each predicted by one of four fits that never saw it."""
    return fit.made_beside["k_fold"]


def second_copy(fit: Trajectory) -> np.ndarray:
    """Residual against a second acquisition of the same object."""
    return fit.made_beside["second_copy"]


def gsure(fit: Trajectory) -> np.ndarray:
    """Estimate the error of the image itself by the least squares image and one probe (Eldar 2009)."""
    return fit.made_beside["gsure"]


Method = Callable[[Trajectory], np.ndarray]

JUDGE = "the judge: middle of three"

#: Name → method, and how many fits it needs in all.
METHODS: dict[str, tuple[Method, int]] = {
    JUDGE: (middle_of_three, 3),
    "risk J": (filtered_risk, 2),
    "distance from the surrogate": (from_the_surrogate, 1),
    "risk at the samples": (risk_at_the_samples, 2),
    "SURE at the samples": (sure, 2),
    "mean FRC of halves": (mean_frc, 2),
    "cross-correlation of halves": (halves_correlation, 2),
    "GSURE": (gsure, 2),
    "held-out samples": (held_out, 2),
    "four-fold cross-validation": (k_fold, 5),
    "second acquisition": (second_copy, 1),
    "discrepancy principle": (discrepancy_principle, 1),
    "ES-WMV": (windowed_variance, 1),
    "last iterate": (last_iterate, 1),
}


def picked(scores: np.ndarray) -> int:
    """Return the checkpoint of the smallest score, the last one where none is finite."""
    finite = np.isfinite(scores)
    return int(np.where(finite, scores, np.inf).argmin()) if finite.any() else len(scores) - 1
