"""Judge a fit, and compare its images with a reference where there is one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.judge import Judgement, judge
from sharpfit.judging.noise_check import calibrated, misjudged
from sharpfit.judging.record import Curves, Record
from sharpfit.measuring import quality

QUALITY_UNITS = {"nrmse": "1", "ssim": "1", "hfen": "1"}


@dataclass(frozen=True)
class Evaluation:
    """A judged fit: figures at the picked and the last checkpoint, and along the way."""

    judgement: Judgement
    curves: Curves
    picked_quality: Mapping[str, float]
    last_quality: Mapping[str, float]
    noise: Mapping[str, Any]


def evaluate(
    record: Record,
    image_at: Callable[[int], np.ndarray],
    reference: np.ndarray | None,
    sigma_uncertainty: float = np.nan,
) -> Evaluation:
    """Judge a fit and compare its images with the reference, where there is one.

    image_at: maps a checkpoint to its image (slice, y, x), in the reference's units.
    sigma_uncertainty: relative standard error of the noise level, NaN where it was stated.
    """
    record = replace(record, sigma_uncertainty=sigma_uncertainty)
    judgement = judge(record)
    nothing = dict.fromkeys(QUALITY_UNITS, np.nan)
    picked_quality, last_quality = (
        quality.compare(image_at(checkpoint), reference) if reference is not None else nothing
        for checkpoint in (judgement.picked, judgement.last)
    )
    noise = _noise(record, judgement)
    return Evaluation(judgement, Curves(calibrated(record)), picked_quality, last_quality, noise)


def _noise(record: Record, judgement: Judgement) -> dict[str, Any]:
    """Say what the residual makes of the noise level, and what its bounds (2 SE) would change."""
    bounds, uncertainty = {}, record.sigma_uncertainty
    for name, sign in (("lower", -1), ("upper", 1)):
        if np.isfinite(uncertainty):
            at_bound = misjudged(record, 1 + sign * thresholds.STANDARD_ERRORS * uncertainty)
            other = judge(at_bound)
            bounds[name] = {
                "verdict": other.verdict,
                "picked_iteration": int(record.iterations[other.picked]),
            }
    return {
        "sigma": record.sigma,
        "relative_uncertainty": uncertainty,
        "believed_over_stated": judgement.noise_ratio,
        "at_bounds": bounds,
    }
