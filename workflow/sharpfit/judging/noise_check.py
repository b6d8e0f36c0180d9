"""What the residual says about the stated noise level."""

from dataclasses import replace

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.record import Record


def calibrated(record: Record) -> Record:
    """Return the record with the noise ratio its own residual speaks for; 1 where it cannot tell.

    RSS / (N_r − df) is σ² plus what bias and an imperfect model add. Below the stated σ² it convicts that of
    being too high, whatever the fit. Above, it speaks only against a level that was stated, not measured,
    and only at rest: the gradient spent, the value flat while the fit went on, and no more than noise
    could explain. (Above a measured level it is the model's error, as with coil maps of a real head; taken
    for noise it costs 6 % of regret there.)
    """
    ratio = _squared_ratio(Curves(record))
    return replace(record, noise_ratio=float(np.sqrt(ratio)))


def _squared_ratio(curves: Curves) -> float:
    floor, n = curves.chi2_df, curves.n_real
    known = np.isfinite(floor) & (n - curves.df > thresholds.REDUNDANCY * n)
    if not known.any():
        return 1.0
    error = np.sqrt(2 / (thresholds.REDUNDANCY * n))
    lowest = float(floor[known].min())
    if lowest < 1 - max(thresholds.NOISE_AGREES, thresholds.STANDARD_ERRORS * error):
        return lowest
    if np.isfinite(curves.record.sigma_uncertainty):
        return 1.0
    half = max(int(np.flatnonzero(curves.iterations <= curves.iterations[-1] / 2)[-1]), 1)
    last = min(half, len(floor) - 1)
    at_rest = (
        known[-1]
        and curves.gradient_norm[-1] < thresholds.GRADIENT_SPENT
        and abs(np.log(floor[-1] / floor[last])) < thresholds.NOISE_AGREES
    )
    plausible = 1 + thresholds.NOISE_AGREES < floor[-1] < thresholds.NOISE_HIGHEST
    return float(floor[-1]) if at_rest and plausible else 1.0


def misjudged(record: Record, ratio: float) -> Record:
    """Return the record that a noise level of σ · ratio would have given; the filter's cutoff stays."""
    scaled = {name: getattr(record, name) * ratio**2 for name in ("v_data", "v_image", "v_filtered")}
    noise = (record.gradient_energy - record.cross_gradient) * ratio**2
    return replace(
        record, sigma=record.sigma * ratio, gradient_energy=record.cross_gradient + noise, **scaled
    )
