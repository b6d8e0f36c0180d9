"""Verdicts and figures in words, for a terminal."""

from collections.abc import Sequence

import numpy as np

from sharpfit.measuring.table import meaning, unit
from sharpfit.reporting import ranking
from sharpfit.reporting.columns import fitted
from sharpfit.reporting.digits import at_most
from sharpfit.results.evaluation import Evaluation

#: Figures and qualities worth a line, in this order.
SHOWN = (
    "chi2",
    "held_out",
    "risk",
    "nrmse",
    "ssim",
    "hfen",
    "noise_share",
    "averages_over_made",
    "weak_mode_share",
    "fwhm_y",
    "fwhm_x",
    "resolution",
)


UNRESOLVED = "unresolved"


def of_fit(evaluation: Evaluation) -> str:
    """Return verdict, cause, evidence, advice, and a table of figures at the picked and last iteration."""
    cause = f" ({evaluation.cause})" if evaluation.cause else ""
    lines = [
        f"{evaluation.scan}/{evaluation.regime}: {evaluation.verdict}{cause}",
        f"  {evaluation.evidence.removeprefix(f'{evaluation.verdict}: ')}",
        f"  {evaluation.where_to_stop}",
    ]
    lines += _numbers_for_a_person(evaluation)
    lines += _unresolved_errors(evaluation)
    lines += [f"  advice: {evaluation.advice}"] if evaluation.advice else []
    lines += [f"  stopped early: {evaluation.stopped_because}"] if evaluation.stopped_because else []
    lines += [f"  noise level: {evaluation.noise.check}"] if evaluation.noise.check else []
    rows = [("", "picked", "last", "", "")]
    for name in SHOWN:
        picked, last = (_value(evaluation, end, name) for end in ("picked", "last"))
        if np.isfinite([picked, last]).any():
            shown = _risks(evaluation) if name == "risk" else (_number(picked), _number(last))
            rows.append((name, *shown, unit(name), meaning(name) + _margin_meant(shown)))
    return "\n".join([*lines, "", *fitted(rows)])


def of_scan(evaluations: Sequence[Evaluation]) -> str:
    """Return the answer on a scan and one line per regime, best first."""
    rows = [("regime", "verdict", "stop at", "cause")]
    rows += [(one.regime, one.verdict, _stop(one), one.cause) for one in ranking.rank(evaluations)]
    return "\n".join([f"{evaluations[0].scan}: {ranking.answer(evaluations)}", "", *fitted(rows)])


def _stop(one: Evaluation) -> str:
    if one.weight is not None:
        return f"{one.weight.weight:.3g} σ"
    return f"{one.picked_iteration}/{one.last_iteration}"


def _numbers_for_a_person(evaluation: Evaluation) -> list[str]:
    """How sure the verdict is, and how much better the picked image is than the last."""
    ratio, sure = evaluation.end_over_picked, evaluation.confidence
    lines = [f"  {100 * sure:.0f} % sure"] if np.isfinite(sure) else []
    stops_early = evaluation.weight is None and evaluation.picked_iteration < evaluation.last_iteration
    if np.isfinite(ratio.value) and stops_early:
        more = [100 * (one - 1) for one in (ratio.value, ratio.lower, ratio.upper)]
        told = (
            "within 0.5 % of"
            if max(map(abs, more)) < 0.5
            else f"{ratio.value:.3g} times ({ratio.lower:.3g} to {ratio.upper:.3g} by all estimates)"
        )
        lines.append(f"  error at the end {told} that at the pick")
    return lines


def _risks(evaluation: Evaluation) -> tuple[str, str]:
    """Return J of the picked image, with its standard error where that is known, and of the last one."""
    error = evaluation.picked_risk_error
    margin = f" ± {at_most(2, error)}" if np.isfinite(error) else ""
    picked, last = (_value(evaluation, end, "risk") for end in ("picked", "last"))
    return (
        UNRESOLVED if _is_unresolved(picked, error) else _number(picked) + margin,
        UNRESOLVED if _is_unresolved(last) else _number(last),
    )


def _margin_meant(shown: Sequence[str]) -> str:
    return ", ± its standard error" if any("±" in cell for cell in shown) else ""


def _unresolved_errors(evaluation: Evaluation) -> list[str]:
    """Say of which images the error is too small to be seen: a squared error below 0 is none."""
    error = evaluation.picked_risk_error
    found = []
    for end, margin in (("picked", error), ("last", np.nan)):
        risk = _value(evaluation, end, "risk")
        if _is_unresolved(risk, margin):
            told = f"{risk:.4g}" + (f" ± {at_most(2, margin)}" if np.isfinite(margin) else "")
            found.append(
                f"  the {end} image's error is smaller than the noise estimate resolves: J came out as {told}"
            )
    return found


def _is_unresolved(risk: float, error: float = np.nan) -> bool:
    """Whether an estimated squared error lies below 0, or within two of its standard errors of it."""
    return bool(risk <= 0 or risk <= 2 * error)


def _value(evaluation: Evaluation, end: str, name: str) -> float:
    """Find a figure or a quality of the picked or the last image."""
    figures, quality = getattr(evaluation, end), getattr(evaluation, f"{end}_quality")
    return float(getattr(figures if hasattr(figures, name) else quality, name))


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"
