"""Why a fit stopped getting better: travel made and left against what the gradient still asks."""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.record import Record


@dataclass(frozen=True)
class Finding:
    """What a rule found: the verdict's name, its cause, the numbers in one sentence, what to change."""

    verdict: str
    cause: str
    evidence: str
    advice: str = ""


@dataclass(frozen=True)
class Travel:
    """How far the image went and may go, each the 99th percentile over pixels.

    The pace is how far one step advances the fit's clock: its learning rate, or 1 where it has none.

    Steps are summed as lengths, so `made` bounds the way from the start from above; `left` is what as
    many iterations again would add at the last step's length, which is what the schedule ended on.
    """

    pace_sum: float
    pace_largest: float
    pace_last: float
    made: float
    left: float
    needed: float

    @property
    def decayed(self) -> bool:
        """The schedule ended at a small part of its largest learning rate."""
        return self.pace_last < thresholds.DECAYED * self.pace_largest

    @property
    def exhausted(self) -> bool:
        """What is left cannot carry the coefficients as far as the gradient asks."""
        return self.left < self.needed


def travel(record: Record) -> Travel:
    """Read a fit's travel from its history and its last gradient."""
    pace = np.nan_to_num(np.asarray(record.history["pace"], float)[:-1])  # the last row took no step
    steps = np.nan_to_num(np.asarray(record.history["step"], float)[1:])
    return Travel(
        pace_sum=float(pace.sum()),
        pace_largest=float(pace.max(initial=0.0)),
        pace_last=float(pace[-1]) if pace.size else 0.0,
        made=float(steps.sum()),
        left=float(steps.size * record.last_step),
        needed=float(record.travel_needed),
    )


def frozen(record: Record) -> Finding | None:
    """Find parameters that never moved; one that moved and then stood still ran out of learning rate."""
    way = travel(record)
    if way.pace_sum == 0:
        return Finding(
            "frozen",
            "every learning rate is zero",
            f"Σ lr = 0 over {len(record.history['pace']) - 1} iterations, so nothing could move",
            "give the optimizer a learning rate above zero, and check what the schedule multiplies it with",
        )
    if way.made == 0:
        return Finding(
            "frozen",
            record.stopped_because or "the parameters did not move",
            f"no coefficient changed although {_clock(record)} = {way.pace_sum:.3g}",
            "raise lr: its steps are smaller than the coefficients' last digit",
        )
    return None


def under_fitted_cause(record: Record, gradient_left: float) -> tuple[str, str, str]:
    """Name why a fit that still has signal to fit stopped short: cause, numbers, what to change.

    gradient_left: the last gradient's norm over the first's.
    """
    way = travel(record)
    numbers = (
        f"{_clock(record)} = {way.pace_sum:.3g}: {way.made:.2g} travelled, {way.left:.2g} available in "
        f"as many iterations again, {way.needed:.2g} needed"
    )
    raised = way.pace_largest * (way.made + way.needed) / max(way.made, 1e-12)
    if record.has_learning_rate and way.exhausted and way.decayed:
        advice = (
            f"raise lr to {raised:.2g} or decay later: {way.made + way.left:.2g} of travel was available, "
            f"{way.made + way.needed:.2g} needed"
        )
        return "learning rate exhausted", numbers, advice
    if record.has_learning_rate and way.exhausted and gradient_left > thresholds.GRADIENT_HARDLY_MOVED:
        return "learning rate too small", numbers, f"raise lr to {raised:.2g}"
    if way.exhausted:
        advice = "iterate longer, or use a solver that sees the curvature (conjugate gradients, momentum)"
        return "ill-conditioning", numbers, advice
    carries = ": the learning rate still carries" if record.has_learning_rate else ""
    return "too few iterations", numbers, f"iterate longer{carries}"


def _clock(record: Record) -> str:
    return "Σ lr" if record.has_learning_rate else "iterations"


def plateau_cause(chi2_df: float, gradient_left: float) -> str:
    """Name why the loss no longer falls although the fit is not called under-fitted."""
    if np.isfinite(chi2_df) and chi2_df <= thresholds.NOISE_FLOOR:
        return "noise floor"
    if gradient_left <= thresholds.GRADIENT_LEFT:
        return "converged"
    return ""
