"""Judge a fit, and compare its images with a reference where there is one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import Judgement, judge
from sharpfit.judging.noise_check import calibrated, misjudged
from sharpfit.judging.record import Record
from sharpfit.measuring import quality
from sharpfit.measuring.table import UNKNOWN_QUALITY, Quality


@dataclass(frozen=True)
class AtBound:
    """What the judge would say if the noise level were another one."""

    verdict: str
    picked_iteration: int


@dataclass(frozen=True)
class NoiseLevel:
    """The noise level of a scan and what hangs on it.

    Attributes
    ----------
    sigma
        as stated, std per real and imaginary component, fitted units
    relative_uncertainty
        standard error of `sigma` over it where it was measured, NaN where somebody stated it
    believed_over_stated
        what the residual makes of it
    lower, upper
        the judgement two standard errors below and above; None where the uncertainty is not known
    """

    sigma: float
    relative_uncertainty: float
    believed_over_stated: float
    lower: AtBound | None
    upper: AtBound | None


@dataclass(frozen=True, eq=False)
class JudgedFit:
    """A judged fit: its curves, and what a reference says of the picked and the last image."""

    judgement: Judgement
    curves: Curves
    picked_quality: Quality
    last_quality: Quality
    noise: NoiseLevel


def evaluate(
    record: Record,
    image_at: Callable[[int], np.ndarray],
    reference: np.ndarray | None,
    sigma_uncertainty: float = np.nan,
) -> JudgedFit:
    """Judge a fit and compare its images with the reference, where there is one.

    Parameters
    ----------
    record
        what reconstruct measured
    image_at
        maps a checkpoint to its image (slice, y, x), in the reference's units
    reference
        (slice, y, x), or None
    sigma_uncertainty
        relative standard error of the noise level, NaN where it was stated
    """
    record = replace(record, sigma_uncertainty=sigma_uncertainty)
    judgement = judge(record)

    def quality_at(checkpoint: int) -> Quality:
        if reference is None:
            return UNKNOWN_QUALITY
        return quality.against_reference(image_at(checkpoint), reference)

    return JudgedFit(
        judgement,
        Curves(calibrated(record)),
        quality_at(judgement.picked),
        quality_at(judgement.last),
        _noise(record, judgement),
    )


def _noise(record: Record, judgement: Judgement) -> NoiseLevel:
    """Say what the residual makes of the noise level, and what its bounds (2 SE) would change."""
    lower, upper = (_at_bound(record, sign) for sign in (-1, 1))
    return NoiseLevel(record.sigma, record.sigma_uncertainty, judgement.noise_ratio, lower, upper)


def _at_bound(record: Record, sign: int) -> AtBound | None:
    if not np.isfinite(record.sigma_uncertainty):
        return None
    ratio = 1 + sign * thresholds.STANDARD_ERRORS * record.sigma_uncertainty
    other = judge(misjudged(record, ratio))
    return AtBound(other.verdict, int(record.iterations[other.picked]))
