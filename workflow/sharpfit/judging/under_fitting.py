"""Error that going on would take off: how much, for how long, and why the fit stopped short of it."""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import diagnosis, thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.findings import Finding, percent


@dataclass(frozen=True)
class Ahead:
    """What going on at the largest learning rate is expected to reach.

    error: the smallest error on the way, over that at the end; iterations: after how many.
    """

    error: float
    iterations: int


def under_fitted(curves: Curves) -> Finding | None:
    """Find error that going on would take off: by how it went on, or else by how it went so far."""
    if curves.further is None:
        return _expected(curves)
    nearer, iterations = curves.further
    if nearer <= thresholds.NEARER:
        return None
    said = f"{iterations} more iterations were tried and take about {percent(nearer)} off its squared error"
    return _short_of_it(curves, said, iterations)


def _expected(curves: Curves) -> Finding | None:
    """Find bias left that going on would remove, were its slope to last."""
    risk, bias = curves.risk[-1], curves.risk[-1] - curves.v_image[-1]
    left = curves.gradient_norm[-1]
    if not (risk > 0 and bias > thresholds.BIAS_LEFT * risk):
        return None
    error_falls = _slope(curves, curves.risk) < thresholds.RISK_AT_REST
    loss_falls = _slope(curves, curves.chi2) < thresholds.LOSS_FALLS  # Adam on wavelets puts noise in first
    beginning = (
        not curves.record.is_penalised  # a penalty keeps the loss's gradient from falling
        and left > thresholds.GRADIENT_HARDLY_MOVED
        and (error_falls or loss_falls)
    )
    ahead = look_ahead(curves)
    if not (beginning or ahead.error < thresholds.GAIN):
        return None
    return _short_of_it(curves, f"{percent(bias / risk)} of J is bias", ahead.iterations)


def _short_of_it(curves: Curves, said: str, iterations: int) -> Finding:
    left = curves.gradient_norm[-1]
    cause, numbers, advice = diagnosis.under_fitted_cause(curves.record, left, iterations)
    evidence = (
        f"under-fitted: {said}, χ² stands at {curves.chi2[-1]:.3g} (1 is the noise floor) with "
        f"{percent(left)} of the gradient left; {numbers}"
    )
    return Finding("under-fitted", cause, evidence, advice, iterations)


def look_ahead(curves: Curves) -> Ahead:
    """Predict the error that going on at the largest learning rate would reach.

    Squared bias and variance go on as the powers of the clock that they followed over its last half.
    """
    variance = curves.v_image
    bias = np.maximum(curves.risk - variance, 0)
    way = diagnosis.travel(curves.record)
    ahead = thresholds.LOOK_AHEAD * curves.iterations[-1] * way.pace_largest / way.pace_sum
    further = np.geomspace(1, 1 + ahead, 40)
    squared = sum(part[-1] * further ** _slope(curves, part) for part in (bias, variance))
    best = int(squared.argmin())
    if not squared[0] > 0:
        return Ahead(1.0, 0)
    iterations = round((further[best] - 1) * way.pace_sum / way.pace_largest)
    return Ahead(float(np.sqrt(squared[best] / squared[0])), iterations)


def _slope(curves: Curves, values: np.ndarray) -> float:
    """Slope d log values / d log clock over about its last half; 0 where they are not positive."""
    pace = np.abs(np.nan_to_num(np.asarray(curves.record.history["pace"], float)[:-1]))
    spent = np.r_[0, np.cumsum(pace)][curves.iterations]
    half = max(int(np.flatnonzero(spent <= spent[-1] / 2)[-1]), 1)
    if not (spent[half] < spent[-1] and values[half] > 0 and values[-1] > 0):
        return 0.0
    return float(np.log(values[-1] / values[half]) / np.log(spent[-1] / spent[half]))
