"""Two numbers for a person: how sure the verdict is, and how much better the picked image than the last."""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.over_fitting import least_rise, paired_error
from sharpfit.judging.under_fitting import look_ahead


@dataclass(frozen=True)
class ErrorRatio:
    """Error at the end over error at the pick, √(J_T / J_t*), and its bounds two standard errors away.

    NaN where J has no root.
    """

    value: float
    lower: float
    upper: float


def error_ratio(curves: Curves, picked: int) -> ErrorRatio:
    """Estimate it from J and the paired standard error of its difference."""
    best, rise = curves.risk[picked], curves.risk[-1] - curves.risk[picked]
    if not best > 0:
        return ErrorRatio(np.nan, np.nan, np.nan)
    error = thresholds.STANDARD_ERRORS * _standard_error(curves, picked)
    value, lower, upper = (np.sqrt(max(1 + x / best, 0.0)) for x in (rise, rise - error, rise + error))
    return ErrorRatio(float(value), float(lower), float(upper))


def confidence(verdict: str, curves: Curves, picked: int) -> float:
    """Probability that the verdict is right; NaN for one that says that it cannot tell.

    The three classes of fits that move have log odds that are linear in two figures, with weights found on
    fits of known truth: how far J rose beyond its standard error, and how much going on would take off.
    """
    if verdict in ("mixed", "not decided"):
        return float("nan")
    if verdict in ("frozen", "diverging"):
        return thresholds.SURE
    figures = np.array([1.0, np.log1p(_risen(curves, picked)), np.sqrt(_gain_ahead(curves))])
    over, under = (
        float(np.exp(figures @ weights)) for weights in (thresholds.OVER_LOGIT, thresholds.UNDER_LOGIT)
    )
    odds = {"over-fitting": over, "under-fitted": under}.get(verdict, 1.0)
    return float(np.clip(odds / (1 + over + under), 1 - thresholds.SURE, thresholds.SURE))


def _risen(curves: Curves, picked: int) -> float:
    """By how many times what counts J rose since the picked iteration, less its standard error."""
    rise = curves.risk[-1] - curves.risk[picked] - _standard_error(curves, picked)
    least = least_rise(curves, picked)
    return max(float(rise / least), 0.0) if least > 0 else 0.0


def _gain_ahead(curves: Curves) -> float:
    """−log of the error ahead over the error now; 0 where too little bias is left to make a difference."""
    bias = curves.risk[-1] - curves.v_image[-1]
    if not bias > thresholds.BIAS_LEFT * max(curves.risk[-1], 0.0):
        return 0.0
    return max(-float(np.log(look_ahead(curves).error)), 0.0)


def _standard_error(curves: Curves, picked: int) -> float:
    data, replicas = paired_error(curves, picked)
    return float(np.hypot(data[-1], replicas[-1]))
