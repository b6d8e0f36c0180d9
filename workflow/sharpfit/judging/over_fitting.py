"""An error that rose from the picked iteration to the last, and whether that can be told.

Everything is read where the image came to rest, `Curves.rest`: the last checkpoint if it moved to the end.
"""

from collections.abc import Callable

import numpy as np

from sharpfit.judging import divergence, thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.findings import Finding, percent
from sharpfit.measuring.quorum import most_of

UNDECIDED = "over-fitting or sharper"
BELOW_THE_FILTER = "modes too weak to be seen"


def paired_error(curves: Curves, picked: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the standard error of J_t − J_t*: what more replicas leave, and what falls with their number.

    The data's noise enters through 2σ Re⟨P p(M) Aᴴb, P Q (x_t − x_t*)⟩, of which `risk_noise` holds draws,
    and all draws share the mean in `filtered_trace`. The replicas' own noise shows between draws where there
    are two or more; a single draw cannot show it, then Var df ≤ 2 df and Var v ≈ 2 v² / df of traces and
    sums of squared normals are used. Both are (checkpoint,).
    """
    return _error(curves, lambda values: values - values[picked])


def standard_error(curves: Curves) -> np.ndarray:
    """Estimate the standard error of J itself, (checkpoint,), of the same parts as `paired_error`."""
    return np.hypot(*_error(curves, lambda values: values))


def _error(curves: Curves, of: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the standard error of what `of` takes of J along the checkpoints, linear in its parts."""
    shared = curves.sigma**2 * of(curves.record.filtered_trace_error.mean(-1))  # (checkpoint, slice)
    data = np.sqrt((of(curves.risk_noise) ** 2).mean(-1) + (shared**2).sum(-1))
    draws = of(curves.slice_risk.sum(1))  # (checkpoint, draw)
    n_draws = draws.shape[-1]
    if n_draws > 1:
        return data, draws.std(-1, ddof=1) / np.sqrt(n_draws)
    df = np.maximum(curves.df, 1.0)
    trace = 2 * curves.sigma**2 * np.sqrt(2 * np.abs(of(df)))
    variance = np.abs(of(curves.v_image)) * np.sqrt(2 / df)
    return data, np.hypot(trace, variance)


def least_rise(curves: Curves, picked: int) -> float:
    """How far J must rise to count: 5 % of error."""
    return curves.estimates["J"].least_rise(picked, thresholds.RISE)


def risen(curves: Curves, picked: int) -> list[str]:
    """Names of the estimates that ended 5 % of error above the picked checkpoint."""
    return [name for name, one in curves.estimates.items() if one.rose(picked, thresholds.RISE)]


def stayed_low(curves: Curves, picked: int) -> bool:
    """Whether J is known to have ended no higher than at the pick, within what counts."""
    return bool(curves.risk[curves.rest] - curves.risk[picked] <= least_rise(curves, picked))


def over_fitting(curves: Curves, picked: int) -> Finding | None:
    """Find an error that rose from the picked iteration to the last, by most of its estimates.

    J and the distance from the surrogate share the data's noise: where only they rose, the rise of J must
    exceed its standard error, lie in modes that are seen, and not be denied by the samples held out. Where
    the loss rose with the error, the fit left its data, which is no fitting of their noise.
    """
    rose = risen(curves, picked)
    if len(rose) < most_of(curves.estimates):
        return None
    first, numbers = curves.iterations[picked], _numbers(curves, picked)
    if "held-out" not in rose and (doubt := _doubt(curves, picked, numbers)):
        return doubt
    since = curves.iterations[_since(curves, picked, rose)]
    if curves.chi2[curves.rest] - curves.chi2[picked] > divergence.least_rise(curves.chi2[picked]):
        return _left_the_data(curves, picked, f"since iteration {since}: {numbers}")
    evidence = f"over-fitting since iteration {since}: {numbers}{_sharpness_share(curves, picked)}"
    cause = _what_grew(curves, picked)
    return Finding("over-fitting", cause, evidence, f"stop at iteration {first}, or regularise")


def _left_the_data(curves: Curves, picked: int, said: str) -> Finding:
    """Say what drew a fit away from its data: a penalty, or else how the optimizer moves."""
    rise = f"χ² rose from {curves.chi2[picked]:.3g} to {curves.chi2[curves.rest]:.3g} with the error"
    stop = f"stop at iteration {curves.iterations[picked]}"
    if curves.record.is_penalised:
        cause, evidence = "the penalty outweighs the data", f"over-regularised {said}; {rise}"
        return Finding("over-regularised", cause, evidence, f"{stop}, or lower the penalty's weight")
    moves = (
        "learning rate, momentum or weight decay" if curves.record.has_learning_rate else "solver's smoothing"
    )
    advice = f"{stop}, or lower the {moves}"
    return Finding("unsettled", "the loss rose again", f"unsettled {said}; {rise}", advice)


def _doubt(curves: Curves, picked: int, numbers: str) -> Finding | None:
    """Find what forbids to believe a rise of J."""
    rise, size = curves.risk[curves.rest] - curves.risk[picked], least_rise(curves, picked)
    data, replicas = (float(part[curves.rest]) for part in paired_error(curves, picked))
    if rise <= thresholds.STANDARD_ERRORS * np.hypot(data, replicas):
        return _not_decided(curves, picked, numbers, rise / thresholds.STANDARD_ERRORS, data, replicas)
    if _only_below_the_filter(curves, picked, size):
        return _below_the_filter(curves, picked, numbers)
    held = curves.held_out
    least = thresholds.STANDARD_ERRORS * _held_out_error(curves) * held[picked]
    improved = held[picked] - held[curves.rest] > least
    if improved and rise < thresholds.CLEAR_RISE * size:
        evidence = f"since iteration {curves.iterations[picked]} {numbers}: the measures disagree"
        return Finding("mixed", "risk and held-out samples disagree", evidence)
    return None


def _numbers(curves: Curves, picked: int) -> str:
    """Tell by how much every estimate changed since the pick; of J alone the standard error is known."""
    least = {"J": thresholds.STANDARD_ERRORS * np.nan_to_num(standard_error(curves)[picked])}
    told = [
        f"{name} {_change(one.values[picked], one.values[-1], least.get(name, 0.0))}"
        for name, one in curves.estimates.items()
        if name != "held-out"
    ]
    held = curves.held_out
    return ", ".join([*told, f"held-out {held[picked]:.3g} → {held[curves.rest]:.3g}"])


def _only_below_the_filter(curves: Curves, picked: int, size: float) -> bool:
    """Tell a rise of variance alone, in modes where the scan holds signal that the filter does not reach.

    There the signal that was gained meanwhile is not counted.
    """
    ends_early = curves.record.cutoff_used > thresholds.ENDS_EARLY * curves.record.cutoff_asked
    return bool(ends_early and curves.seen_risk[curves.rest] - curves.seen_risk[picked] <= size)


def _below_the_filter(curves: Curves, picked: int, numbers: str) -> Finding:
    record = curves.record
    evidence = (
        f"since iteration {curves.iterations[picked]} {numbers}, but only in modes weaker than the estimate "
        f"sees: it ends at the eigenvalue {record.cutoff_used:.2g} of AᴴA, the scan holds signal down to "
        f"{record.cutoff_asked:.2g}"
    )
    return Finding("not decided", BELOW_THE_FILTER, evidence)


def _not_decided(
    curves: Curves, picked: int, numbers: str, needed: float, data: float, replicas: float
) -> Finding:
    """Say what would decide: replicas, as far as the standard error is theirs."""
    first, end = curves.iterations[picked], curves.iterations[curves.rest]
    evidence = f"between iteration {first} and {end} {numbers}, which is within two standard errors"
    if data >= needed:
        return Finding(
            "not decided", UNDECIDED, f"{evidence}; they are the data's own, replicas cannot decide"
        )
    draws = curves.slice_risk.shape[-1]
    enough = int(np.ceil(draws * replicas**2 / (needed**2 - data**2)))
    return Finding(
        "not decided", UNDECIDED, f"{evidence}; {enough} replicas would decide", f"set n_replicas to {enough}"
    )


def _held_out_error(curves: Curves) -> float:
    """Relative standard error of a sum of squared normals, √(2 / N)."""
    count = curves.record.n_held_out * curves.record.n_slices
    return float(np.sqrt(2 / count)) if count else np.inf


def _since(curves: Curves, picked: int, rose: list[str]) -> int:
    """First checkpoint after the picked one from which most of the estimates stay up."""
    first = []
    for name in rose:
        values = curves.estimates[name].values[picked:]
        least = curves.estimates[name].least_rise(picked, thresholds.RISE)
        low = np.flatnonzero(~(values - values[0] > least))
        first.append(picked + int(low[-1]) + 1)
    return sorted(first)[most_of(curves.estimates) - 1]


def _change(before: float, after: float, least: float) -> str:
    """Tell a change in per cent, or from value to value where the first is no more than what is resolved."""
    if before > least:
        return f"{'rose' if after >= before else 'fell'} {percent(abs(after / before - 1))}"
    return f"went from {before:.3g} (unresolved) to {after:.3g}"


def _what_grew(curves: Curves, picked: int) -> str:
    """Noise when the image's variance explains most of what grew in the weakly determined modes."""
    weak = (curves.weak_mode_share * curves.image_norm) ** 2
    weak_growth = weak[curves.rest] - np.nan_to_num(weak[picked])
    noise_growth = curves.v_image[curves.rest] - curves.v_image[picked]
    return "weakly-determined artefact" if weak_growth > thresholds.ARTEFACT * noise_growth else "noise"


def _sharpness_share(curves: Curves, picked: int) -> str:
    """How much of the sharpness gained since the picked iteration is noise; nothing when none was gained."""
    gained = curves.cross_gradient[curves.rest] - curves.cross_gradient[picked]
    noise = curves.noise_energy[curves.rest] - curves.noise_energy[picked]
    if not (gained > 0 and noise > 0):
        return ""
    return f"; {percent(noise / (noise + gained))} of the sharpness gained since is noise"
