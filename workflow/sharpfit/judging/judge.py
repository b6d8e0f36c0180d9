"""From measures to a verdict: what happened along a record, why, and which iteration to keep.

The rules are read in order and the first that speaks gives the verdict: frozen, diverging, over-fitting
(or mixed, or not decided), under-fitted, and otherwise sharper or contrast restored.
"""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import diagnosis, thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.diagnosis import Finding
from sharpfit.judging.record import Record
from sharpfit.judging.weight_choice import ChosenWeight, chosen_weight, of_path

UNDECIDED = "over-fitting or sharper"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reasons; `picked` and `last` index the checkpoints."""

    verdict: str
    cause: str
    evidence: str
    advice: str
    picked: int
    last: int
    worst_slice: int
    weight: ChosenWeight | None = None


def judge(record: Record) -> Judgement:
    """Judge one scan × regime; non-finite measures must have been replaced by NaN."""
    curves = Curves(record)
    picked, last = pick(curves), len(record.iterations) - 1
    weight = None
    if record.weights and np.isfinite(record.weights[picked]):
        weight = chosen_weight(curves, picked, np.hypot(*paired_error(curves, picked)))
    finding = (
        diagnosis.frozen(record)
        or _non_finite(record)
        or (of_path(weight, curves, _sharper(curves)) if weight else None)
        or _diverging(record)
        or _over_fitting(curves, picked)
        or _under_fitted(curves)
        or _sharper(curves)
    )
    return Judgement(
        finding.verdict,
        finding.cause,
        finding.evidence,
        finding.advice,
        picked,
        last,
        _worst_slice(curves, picked),
        weight,
    )


def pick(curves: Curves) -> int:
    """Return the checkpoint of the smallest J, the start if none is finite."""
    risk = np.where(np.isfinite(curves.risk), curves.risk, np.inf)
    return int(risk.argmin())


def paired_error(curves: Curves, picked: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the standard error of J_t − J_t*: from the data's noise, and from the replicas'.

    The data's noise enters through 2σ Re⟨p(M) Aᴴb, Q (x_t − x_t*)⟩, of which `risk_noise` holds draws. The
    replicas' noise shows between pairs where there are two or more, and falls with their number; a
    single pair cannot show it, then Var df ≤ 2 df and Var v ≈ 2 v² / df of traces and sums of squared
    normals are used. Both are (checkpoint,).
    """
    data = np.sqrt(((curves.risk_noise - curves.risk_noise[picked]) ** 2).mean(-1))
    pairs = curves.slice_risk.sum(1)  # (checkpoint, pair)
    n_pairs = pairs.shape[-1]
    if n_pairs > 1:
        return data, (pairs - pairs[picked]).std(-1, ddof=1) / np.sqrt(n_pairs)
    df = np.maximum(curves.df, 1.0)
    trace = 2 * curves.sigma**2 * np.sqrt(2 * np.abs(df - df[picked]))
    variance = np.abs(curves.v_image - curves.v_image[picked]) * np.sqrt(2 / df)
    return data, np.hypot(trace, variance)


def _non_finite(record: Record) -> Finding | None:
    """Find values that are not finite."""
    if record.stopped_because.startswith("non-finite"):
        return Finding("diverging", "non-finite loss", record.stopped_because, "lower the learning rate")
    chi2 = np.asarray(record.history["chi2"], float)
    if not np.isfinite(chi2[-1]):
        at = int(np.flatnonzero(~np.isfinite(chi2))[0])
        return Finding(
            "diverging", "non-finite loss", f"non-finite loss at iteration {at}", "lower the learning rate"
        )
    return None


def _diverging(record: Record) -> Finding | None:
    """Find a loss that ends above its minimum."""
    chi2 = np.asarray(record.history["chi2"], float)
    lowest = int(np.nanargmin(chi2))
    if chi2[-1] - chi2[lowest] <= thresholds.LOSS_RISE * max(chi2[lowest], thresholds.LOSS_FLOOR):
        return None
    evidence = (
        f"the loss ended at χ² = {chi2[-1]:.3g}, above its minimum {chi2[lowest]:.3g} at iteration {lowest}"
    )
    return Finding("diverging", "loss rising", evidence, "lower the learning rate")


def _over_fitting(curves: Curves, picked: int) -> Finding | None:
    """Find a risk that rose from the picked iteration to the last."""
    risk, held = curves.risk, curves.held_out
    rise = risk[-1] - risk[picked]
    size = thresholds.RISE * max(risk[picked], curves.v_image[picked])
    if not rise > size:
        return None
    data, replicas = (float(part[-1]) for part in paired_error(curves, picked))
    error = thresholds.STANDARD_ERRORS * np.hypot(data, replicas)
    numbers = f"J rose {_rise(risk[picked], risk[-1])}, held-out {held[picked]:.3g} → {held[-1]:.3g}"
    first = curves.iterations[picked]
    if rise <= error:
        return _not_decided(curves, picked, numbers, rise / thresholds.STANDARD_ERRORS, data, replicas)
    improved = held[picked] - held[-1] > thresholds.STANDARD_ERRORS * _held_out_error(curves) * held[picked]
    if improved and rise < thresholds.CLEAR_RISE * size:
        evidence = f"since iteration {first} {numbers}: the two measures disagree"
        return Finding("mixed", "risk and held-out samples disagree", evidence)
    since = curves.iterations[_since(risk, picked, max(size, error))]
    cause = _what_grew(curves, picked)
    evidence = f"over-fitting since iteration {since}: {numbers}{_sharpness_share(curves, picked)}"
    return Finding("over-fitting", cause, evidence, f"stop at iteration {first}, or regularise")


def _not_decided(
    curves: Curves, picked: int, numbers: str, needed: float, data: float, replicas: float
) -> Finding:
    """Say what would decide: replicas, as far as the standard error is theirs."""
    first, end = curves.iterations[picked], curves.iterations[-1]
    evidence = f"between iteration {first} and {end} {numbers}, which is within two standard errors"
    if data >= needed:
        return Finding(
            "not decided", UNDECIDED, f"{evidence}; they are the data's own, replicas cannot decide"
        )
    pairs = curves.slice_risk.shape[-1]
    enough = int(np.ceil(pairs * replicas**2 / (needed**2 - data**2)))
    return Finding(
        "not decided", UNDECIDED, f"{evidence}; {enough} replicas would decide", f"set n_replicas to {enough}"
    )


def _held_out_error(curves: Curves) -> float:
    """Relative standard error of a sum of squared normals, √(2 / N)."""
    count = curves.record.n_held_out * curves.record.n_slices
    return float(np.sqrt(2 / count)) if count else np.inf


def _since(risk: np.ndarray, picked: int, size: float) -> int:
    """First checkpoint after the picked one from which J stays up."""
    low = np.flatnonzero(~(risk[picked:] - risk[picked] > size))
    return picked + int(low[-1]) + 1


def _rise(before: float, after: float) -> str:
    """Tell a rise in per cent, or from value to value when J ≤ 0."""
    if before > 0:
        return f"{100 * (after / before - 1):.0f} %"
    return f"from {before:.3g} to {after:.3g} (≤ 0: less than the noise estimate resolves)"


def _what_grew(curves: Curves, picked: int) -> str:
    """Noise when the image's variance explains most of what grew in the weakly determined modes."""
    weak = (curves.weak_mode_share * curves.image_norm) ** 2
    weak_growth = weak[-1] - np.nan_to_num(weak[picked])
    noise_growth = curves.v_image[-1] - curves.v_image[picked]
    return "weakly-determined artefact" if weak_growth > 2 * noise_growth else "noise"


def _sharpness_share(curves: Curves, picked: int) -> str:
    """How much of the sharpness gained since the picked iteration is noise; nothing when none was gained."""
    gained = curves.cross_gradient[-1] - curves.cross_gradient[picked]
    noise = curves.noise_energy[-1] - curves.noise_energy[picked]
    if not (gained > 0 and noise > 0):
        return ""
    return f"; {100 * noise / (noise + gained):.0f} % of the sharpness gained since is noise"


def _under_fitted(curves: Curves) -> Finding | None:
    """Find bias left that going on would remove."""
    risk, bias = curves.risk[-1], curves.risk[-1] - curves.v_image[-1]
    left = curves.gradient_norm[-1]
    if not (risk > 0 and bias > thresholds.BIAS_LEFT * risk):
        return None
    beginning = (
        left > thresholds.GRADIENT_HARDLY_MOVED and _slope(curves, curves.risk) < thresholds.RISK_AT_REST
    )
    if not (beginning or _error_going_on(curves) < thresholds.GAIN):
        return None
    cause, numbers, advice = diagnosis.under_fitted_cause(curves.record, left)
    evidence = (
        f"under-fitted: {_percent(bias / risk)} of J is bias, χ² stands at {curves.chi2[-1]:.3g} "
        f"(1 is the noise floor) with {_percent(left)} of the gradient left; {numbers}"
    )
    return Finding("under-fitted", cause, evidence, advice)


def _error_going_on(curves: Curves) -> float:
    """Predict the error that going on at the largest pace would reach, over that at the end.

    Squared bias and variance go on as powers of Σ pace, somewhat lower ones than over its last half.
    """
    variance = curves.v_image
    bias = np.maximum(curves.risk - variance, 0)
    way = diagnosis.travel(curves.record)
    ahead = (thresholds.GOING_ON - 1) * curves.iterations[-1] * way.pace_largest / way.pace_sum
    further = np.geomspace(1, 1 + ahead, 40)
    bias_power = thresholds.BIAS_SLOWS * _slope(curves, bias)
    variance_power = thresholds.VARIANCE_SLOWS * _slope(curves, variance)
    squared = bias[-1] * further**bias_power + variance[-1] * further**variance_power
    return float(np.sqrt(squared.min() / squared[0]))


def _slope(curves: Curves, values: np.ndarray) -> float:
    """D log values / d log Σ pace over about the last half of Σ pace; 0 where they are not positive."""
    pace = np.nan_to_num(np.asarray(curves.record.history["pace"], float)[:-1])
    spent = np.r_[0, np.cumsum(pace)][curves.iterations]
    half = max(int(np.flatnonzero(spent <= spent[-1] / 2)[-1]), 1)
    if spent[half] == spent[-1]:
        half = max(int(np.flatnonzero(spent < spent[-1])[-1]), 1)
    if not (spent[half] < spent[-1] and values[half] > 0 and values[-1] > 0):
        return 0.0
    return float(np.log(values[-1] / values[half]) / np.log(spent[-1] / spent[half]))


def _sharper(curves: Curves) -> Finding:
    """Tell sharpness gained from contrast restored at an unchanged point-spread function."""
    seen = np.flatnonzero(np.isfinite(curves.fwhm_y) & np.isfinite(curves.fwhm_x))
    first = int(seen[0]) if seen.size else 0
    width = np.sqrt(curves.fwhm_y * curves.fwhm_x)
    gain = curves.cross_gradient[-1] - curves.cross_gradient[first]
    stayed = abs(width[-1] / width[first] - 1) < thresholds.FWHM_STAYED
    cause = diagnosis.plateau_cause(curves.chi2_df[-1], curves.gradient_norm[-1])
    numbers = (
        f"from iteration {curves.iterations[first]} to {curves.iterations[-1]} the sharpness that "
        f"noise does not share rose by {gain:.3g}, noise share {_percent(curves.noise_share[-1])}, "
        f"PSF width {width[first]:.2f} → {width[-1]:.2f} px, "
        f"peak {curves.psf_peak[first]:.2f} → {curves.psf_peak[-1]:.2f}"
    )
    if stayed and gain > 0:
        return Finding("contrast restored", cause, f"contrast restored: {numbers}")
    return Finding("sharper", cause, f"sharper: {numbers}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _worst_slice(curves: Curves, picked: int) -> int:
    """Name the slice whose J rose most since the picked iteration, or is largest where none rose."""
    per_slice = curves.slice_risk.mean(-1)
    rise = np.nan_to_num(per_slice[-1] - per_slice[picked])
    return int(rise.argmax() if rise.max() > 0 else np.nan_to_num(per_slice[-1]).argmax())
