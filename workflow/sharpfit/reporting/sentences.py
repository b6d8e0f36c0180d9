"""Verdicts and figures in words, for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    "surrogate_distance",
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


@dataclass(frozen=True)
class _Risk:
    """J of one image, its standard error where that is known, and one that it is held against where not."""

    value: float
    error: float = np.nan
    another_error: float = np.nan

    @property
    def is_resolved(self) -> bool:
        """Whether it stands above 0, which no squared error lies below, by two standard errors."""
        return not (self.value <= 0 or self.value <= 2 * np.fmax(self.error, self.another_error))

    def __str__(self) -> str:
        return _number(self.value) + (f" ± {at_most(2, self.error)}" if np.isfinite(self.error) else "")


def of_fit(evaluation: Evaluation) -> str:
    """Return verdict, cause, evidence, advice, and a table of figures at the picked and last iteration."""
    cause = f" ({evaluation.cause})" if evaluation.cause else ""
    lines = [
        f"{evaluation.scan}/{evaluation.regime}: {evaluation.verdict}{cause}",
        f"  {evaluation.evidence.removeprefix(f'{evaluation.verdict}: ')}",
        f"  {evaluation.where_to_stop}",
    ]
    lines += _numbers_for_a_person(evaluation)
    left_out = evaluation.leaves_modes_out
    risks = {
        "picked": _Risk(
            evaluation.picked.risk,
            np.nan if left_out else evaluation.picked_risk_error,
            another_error=evaluation.picked_risk_error,
        ),
        "last": _Risk(evaluation.last.risk, another_error=evaluation.picked_risk_error),
    }
    lines += [
        f"  the {end} image's error is smaller than the noise estimate resolves: J came out as {risk}"
        for end, risk in risks.items()
        if not risk.is_resolved and not left_out
    ]
    if left_out:
        told = _number(evaluation.squared_error)
        lines.append(f"  {unseen(evaluation)}; the picked image's squared error: {told} or more")
    lines += [f"  advice: {evaluation.advice}"] if evaluation.advice else []
    lines += [f"  stopped early: {evaluation.stopped_because}"] if evaluation.stopped_because else []
    lines += [f"  noise level: {evaluation.noise.check}"] if evaluation.noise.check else []
    rows: list[tuple[str, ...]] = [("", "picked", "last", "", "")]
    for name in SHOWN:
        picked, last = (_value(evaluation, end, name) for end in ("picked", "last"))
        if np.isfinite([picked, last]).any():
            shown = [_number(picked), _number(last)]
            if name == "risk":
                shown = [str(risk) if risk.is_resolved else UNRESOLVED for risk in risks.values()]
            margin = ", ± its standard error" if any("±" in cell for cell in shown) else ""
            rows.append((name, *shown, unit(name), meaning(name) + margin))
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
    ratio, sure = evaluation.end_over_picked, how_sure(evaluation)
    lines = [f"  {sure}"] if sure else []
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


def unseen(evaluation: Evaluation) -> str:
    """Say how many of the object's modes J leaves out, and why."""
    share = at_most(2, 100 * (1 - evaluation.seen_share))
    return f"J leaves out {share} % of the object's modes, which the data hardly determine"


def how_sure(evaluation: Evaluation) -> str:
    """Return how sure the verdict is; empty where it cannot tell."""
    sure = evaluation.confidence
    return f"{100 * sure:.0f} % sure" if np.isfinite(sure) else ""


def _value(evaluation: Evaluation, end: str, name: str) -> float:
    """Find a figure or a quality of the picked or the last image."""
    figures, quality = getattr(evaluation, end), getattr(evaluation, f"{end}_quality")
    return float(getattr(figures if hasattr(figures, name) else quality, name))


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"
