"""Why a fit stopped getting better: travel made and left against what the gradient still asks."""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.findings import Finding
from sharpfit.judging.record import Record


@dataclass(frozen=True)
class Travel:
    """How far the image went, and from where it stands may go and needs to, 99th percentiles over pixels.

    The pace is how far one step advances the fit's clock: its learning rate, or 1 where it has none.

    Steps are summed as lengths, so `made` bounds the way from the start from above; `left` is what as
    many iterations again would add at the last step's length, which is what the schedule ended on; `needed`
    is what the last gradient still asks for.
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
    # The last row took no step; a rate below zero moves as far as one above.
    pace = np.abs(np.nan_to_num(np.asarray(record.history["pace"], float)[:-1]))
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
    """Find parameters that hardly moved though the gradient asks them to.

    One that moved and then stood still ran out of learning rate; one whose gradient is what rounding leaves
    of none began where it ends.
    """
    way = travel(record)
    if way.pace_sum == 0:
        return Finding(
            "frozen",
            "every learning rate is zero",
            f"Σ lr = 0 over {len(record.history['pace']) - 1} iterations, so nothing could move",
            "give the optimizer a learning rate above zero, and check what the schedule multiplies it with",
        )
    at_rest = record.gradient_norm.max() <= thresholds.ROUNDING * record.image_norm.max()
    if way.made == 0 and not at_rest:
        return Finding(
            "frozen",
            record.stopped_because or "the parameters did not move",
            f"no coefficient changed although {_clock(record)} = {way.pace_sum:.3g}",
            "raise lr: its steps are smaller than the coefficients' last digit",
        )
    if way.made < thresholds.HARDLY_MOVED * way.needed and not (at_rest or record.is_penalised):
        return Finding(
            "frozen",
            "the steps are far too small",
            f"{_clock(record)} = {way.pace_sum:.3g}: {way.made:.2g} travelled, {way.needed:.2g} is needed",
            "raise lr by orders of magnitude, or let a range test find it (lr: auto)"
            if record.has_learning_rate
            else "look at the solver: its steps are far too small",
        )
    return None


def under_fitted_cause(record: Record, gradient_left: float, go_on: int) -> tuple[str, str, str]:
    """Name why a fit that still has signal to fit stopped short: cause, numbers, what to change.

    Parameters
    ----------
    record
        the fit's
    gradient_left
        the last gradient's norm over the first's
    go_on
        for how many iterations at the largest learning rate the error fell, or is expected to fall
    """
    way = travel(record)
    numbers = (
        f"{_clock(record)} = {way.pace_sum:.3g}: {way.made:.2g} travelled; from here {way.left:.2g} is left "
        f"in as many iterations again, {way.needed:.2g} is needed"
    )
    further = f"about {go_on} iterations" if go_on else "some iterations"
    if not record.has_learning_rate:
        barely_begun = gradient_left > thresholds.GRADIENT_HARDLY_MOVED
        cause = "ill-conditioning" if way.exhausted and not barely_begun else "too few iterations"
        return cause, numbers, f"iterate longer, for {further}"
    if way.exhausted and way.decayed:
        advice = f"decay later: go on for {further} at lr {way.pace_largest:.2g}"
        return "learning rate exhausted", numbers, advice
    longer = f"go on for {further} at lr {way.pace_largest:.2g}"
    if way.exhausted and gradient_left > thresholds.GRADIENT_HARDLY_MOVED:
        return "learning rate too small", numbers, f"{longer}, or raise it"
    if way.exhausted:
        advice = f"{longer}, or use a solver that sees the curvature (conjugate gradients, momentum)"
        return "ill-conditioning", numbers, advice
    return "too few iterations", numbers, f"{longer}: it still carries"


def _clock(record: Record) -> str:
    return "Σ lr" if record.has_learning_rate else "iterations"


def plateau_cause(chi2_df: float, gradient_left: float) -> str:
    """Name why the loss no longer falls although the fit is not called under-fitted."""
    if np.isfinite(chi2_df) and chi2_df <= thresholds.NOISE_FLOOR:
        return "noise floor"
    return "converged" if converged(gradient_left) else ""


def converged(gradient_left: float) -> bool:
    """Whether the last gradient is a small part of the first; NaN says that there was none to begin with."""
    return not gradient_left > thresholds.GRADIENT_LEFT
