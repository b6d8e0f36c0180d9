"""Two numbers for a person: how sure the verdict is, and how much better the picked image than the last."""

from dataclasses import dataclass
from math import erf, sqrt

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

    Over-fitting: J rose by more than counts, with the standard error and the model's share of what counts.
    Under-fitted: the error ahead lies below what counts, the prediction's spread taken from the study.
    """
    if verdict in ("mixed", "not decided"):
        return float("nan")
    if verdict in ("frozen", "diverging"):
        return thresholds.SURE
    size = least_rise(curves, picked)
    spread = np.hypot(_standard_error(curves, picked), thresholds.MODEL_SHARE * size)
    over = _normal((curves.risk[-1] - curves.risk[picked] - size) / spread) if spread > 0 else 0.5
    ahead = look_ahead(curves).error
    under = (1 - over) * _normal((np.log(thresholds.GAIN) - np.log(ahead)) / thresholds.AHEAD_SPREAD)
    chance = {"over-fitting": over, "under-fitted": under}.get(verdict, 1 - over - under)
    return float(np.clip(chance, 1 - thresholds.SURE, thresholds.SURE))


def _standard_error(curves: Curves, picked: int) -> float:
    data, replicas = paired_error(curves, picked)
    return float(np.hypot(data[-1], replicas[-1]))


def _normal(z: float) -> float:
    """Cumulative normal distribution."""
    return 0.5 * (1 + erf(z / sqrt(2)))
