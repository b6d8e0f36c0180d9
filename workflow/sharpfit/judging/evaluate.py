"""Judge a fit, and compare its images with a reference where there is one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import Judgement, judge
from sharpfit.judging.record import Record
from sharpfit.measuring import quality
from sharpfit.measuring.quality import Reference
from sharpfit.measuring.table import UNKNOWN_QUALITY, Quality


@dataclass(frozen=True)
class AtBound:
    """What the judge would say if the noise level were another one."""

    verdict: str
    picked_iteration: int


@dataclass(frozen=True)
class NoiseLevel:
    """The noise level of a scan, the same for all its fits, and what hangs on it.

    Attributes
    ----------
    sigma
        std per real and imaginary component, fitted units
    given
        the same as it was measured or stated, before the residual was asked
    relative_uncertainty
        standard error of `sigma` over it, NaN where somebody stated it and nothing could check it
    check
        what the residual says of the given level, a sentence
    lower, upper
        the judgement two standard errors below and above; None where the uncertainty is not known
    """

    sigma: float
    given: float
    relative_uncertainty: float
    check: str
    lower: AtBound | None = None
    upper: AtBound | None = None

    @property
    def over_given(self) -> float:
        """What it was corrected by."""
        return self.sigma / self.given


@dataclass(frozen=True, eq=False)
class JudgedFit:
    """A judged fit: its curves, and what a reference says of the picked and the last image."""

    judgement: Judgement
    curves: Curves
    picked_quality: Quality
    last_quality: Quality
    nrmse: np.ndarray
    """at every checkpoint, (checkpoint,)"""
    noise: NoiseLevel


def evaluate(
    record: Record,
    image_at: Callable[[int], np.ndarray],
    reference: Reference | None,
    noise: NoiseLevel,
) -> JudgedFit:
    """Judge a fit and compare its images with the reference, where there is one.

    Parameters
    ----------
    record
        what reconstruct measured
    image_at
        maps a checkpoint to its image (slice, y, x), in the reference's units
    reference
        None where there is none
    noise
        the level of the scan; the bounds are found here
    """
    judgement, curves = judge(record), Curves(record)
    best, last, nrmse = UNKNOWN_QUALITY, UNKNOWN_QUALITY, np.full(len(record.iterations), np.nan)
    if reference is not None:
        shared = curves.shared_noise
        best, last = (
            quality.against_reference(image_at(t), reference, shared[t])
            for t in (judgement.picked, judgement.last)
        )
        nrmse = np.array([quality.nrmse(image_at(t), reference, shared[t]) for t in range(len(nrmse))])
    return JudgedFit(
        judgement,
        curves,
        best,
        last,
        nrmse,
        replace(noise, lower=_at_bound(record, noise, -1), upper=_at_bound(record, noise, 1)),
    )


def _at_bound(record: Record, noise: NoiseLevel, sign: int) -> AtBound | None:
    """Judge at a noise level two standard errors away."""
    if not np.isfinite(noise.relative_uncertainty):
        return None
    other = judge(record.at_noise(1 + sign * thresholds.STANDARD_ERRORS * noise.relative_uncertainty))
    return AtBound(other.verdict, int(record.iterations[other.picked]))
