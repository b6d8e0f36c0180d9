"""A loss that leaves the finite numbers, or rises for good; a swing that dies away is neither."""

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.findings import Finding
from sharpfit.judging.record import Record

_LOWER = "lower the learning rate"


def non_finite(record: Record) -> Finding | None:
    """Find values that are not finite, even where they came with the first step."""
    chi2 = np.asarray(record.history["chi2"], float)
    said = "" if record.is_finite else record.stopped_because
    if not said and not np.isfinite(chi2[-1]):
        said = f"non-finite loss at iteration {int(np.flatnonzero(~np.isfinite(chi2))[0])}"
    return Finding("diverging", "non-finite loss", said, _LOWER) if said else None


def least_rise(chi2: float) -> float:
    """How far χ² must rise from there to count: by a share of it, or of the noise floor."""
    return thresholds.LOSS_RISE * max(chi2, thresholds.LOSS_FLOOR)


def rising(record: Record) -> Finding | None:
    """Find a loss whose envelope rises at the end.

    It must have risen since its minimum by what counts: 5 % of it, or of the noise floor if that is larger,
    and end above that floor: a loss within the noise may rise where a fit forgets noise.
    It rises for good when it ends above its start, or when the later half of what came after the minimum
    reaches higher than the earlier half and no earlier swing reached as high: momentum swings, and each
    swing is lower than the last.
    """
    chi2 = np.asarray(record.history["chi2"], float)
    lowest = int(np.nanargmin(chi2))
    least = least_rise(chi2[lowest])
    since = chi2[lowest:]
    if not since[-1] - since[0] > least or since[-1] < thresholds.LOSS_FLOOR:
        return None
    above_start = chi2[-1] > chi2[0] + least
    half = len(since) // 2
    higher = since[half:].max() > since[:half].max()
    swung_higher = (_peaks(chi2[: lowest + 1], least) > since[-1]).any()
    if not above_start and (not higher or swung_higher):
        return None
    start = f", {chi2[0]:.3g} at the start" if above_start else ""
    evidence = (
        f"the loss ended at χ² = {chi2[-1]:.3g}, above its minimum {chi2[lowest]:.3g} at iteration {lowest}"
    )
    return Finding("diverging", "loss rising", evidence + start, _LOWER)


def _peaks(values: np.ndarray, least: float) -> np.ndarray:
    """Heights of the swings: local maxima that stand by more than `least` above the valley before them."""
    heights, valley, peak = [], values[0], -np.inf
    for value in values:
        if value < peak - least:  # falling from a peak
            heights.append(peak)
            valley, peak = value, -np.inf
        elif value > valley + least:
            peak = max(peak, value)
        valley = min(valley, value)
    return np.array(heights)
