"""Two numbers for a person: how sure the verdict is, and how much better the picked image than the last."""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import divergence, thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.over_fitting import paired_error
from sharpfit.judging.under_fitting import look_ahead
from sharpfit.measuring.quorum import Estimate

ERROR_ROSE = ("over-fitting", "over-regularised", "unsettled")
"""Verdicts of a fit whose error rose after the pick, whatever made it."""


@dataclass(frozen=True)
class ErrorRatio:
    """Error at the end over error at the pick, as the middle one of the estimates has it.

    The bounds hold what every estimate says, and what J says two standard errors away; all are 1 where the
    image stood still. NaN where no estimate holds an error at the pick.
    """

    value: float
    lower: float
    upper: float


def error_ratio(curves: Curves, picked: int) -> ErrorRatio:
    """Take √(1 + rise / error at the pick) from every estimate."""
    known = {name: one for name, one in curves.estimates.items() if one.error[picked] > 0}
    ratios = {name: _root(one, picked) for name, one in known.items()}
    if not ratios:
        return ErrorRatio(np.nan, np.nan, np.nan)
    error = thresholds.STANDARD_ERRORS * _standard_error(curves, picked)
    said = [*ratios.values()]
    if "J" in known:
        said += [_root(known["J"], picked, off) for off in (-error, error)]
    return ErrorRatio(float(np.median([*ratios.values()])), min(said), max(said))


def _root(one: Estimate, picked: int, off: float = 0.0) -> float:
    rise = one.values[-1] - one.values[picked] + off
    return float(np.sqrt(max(1 + rise / one.error[picked], 0.0)))


def confidence(verdict: str, curves: Curves, picked: int, end: int) -> float:
    """Probability that a verdict on what happened until `end` is right; NaN for one that cannot tell.

    The three classes of fits that move have log odds that are linear in two figures, with weights found on
    fits of known truth: how far the middle estimate rose, and how much going on took off, or would. They are
    worth less where J does not see the object's modes.
    """
    if verdict in ("mixed", "not decided"):
        return float("nan")
    if verdict == "diverging" and divergence.non_finite(curves.record) is None:
        return thresholds.RISING
    if verdict in ("frozen", "diverging"):
        return thresholds.SURE
    risen = np.log1p(_risen(curves, picked, end) / thresholds.SLIGHT_RISE)
    gain, logits = np.sqrt(_gain_ahead(curves, end)), (thresholds.OVER_LOGIT, thresholds.UNDER_LOGIT)
    if curves.further is not None:
        nearer = curves.further[0]
        gain = np.sign(nearer) * np.sqrt(abs(nearer))
        logits = (thresholds.OVER_LOGIT_WENT_ON, thresholds.UNDER_LOGIT_WENT_ON)
    worth = 1.0 if curves.record.seen_share >= thresholds.SEEN else thresholds.WORTH_UNSEEN
    over, under = (float(np.exp(worth * (np.array([1.0, risen, gain]) @ weights))) for weights in logits)
    odds = over if verdict in ERROR_ROSE else under if verdict == "under-fitted" else 1.0
    return float(np.clip(odds / (1 + over + under), 1 - thresholds.SURE, thresholds.SURE))


def _risen(curves: Curves, picked: int, end: int) -> float:
    """By how many times what counts the middle estimate rose since the picked iteration."""
    shares = [
        (one.values[end] - one.values[picked]) / one.least_rise(picked, thresholds.RISE)
        for one in curves.estimates.values()
        if one.error[picked] > 0
    ]
    return max(float(np.median(shares)), 0.0) if shares else 0.0


def _gain_ahead(curves: Curves, end: int) -> float:
    """−log of the error ahead over the error now; 0 where it is known, or bias makes no difference.

    A path of weights goes on to no smaller error: what follows a checkpoint is another weight.
    """
    if curves.record.weights or end < len(curves.iterations) - 1:
        return 0.0
    bias = curves.risk[-1] - curves.v_image[-1]
    if not bias > thresholds.BIAS_LEFT * max(curves.risk[-1], 0.0):
        return 0.0
    return max(-float(np.log(look_ahead(curves).error)), 0.0)


def _standard_error(curves: Curves, picked: int) -> float:
    """Estimate that of J's rise from the pick to where the image came to rest."""
    data, replicas = paired_error(curves, picked)
    return float(np.hypot(data[curves.rest], replicas[curves.rest]))
