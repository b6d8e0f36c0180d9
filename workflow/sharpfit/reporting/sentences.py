"""Verdicts and figures in words, for a terminal."""

from collections.abc import Sequence
from typing import Any

from sharpfit.reporting import ranking

Evaluation = dict[str, Any]

#: Figures worth a line, in this order, with what they mean.
FIGURES = {
    "chi2": "loss over its noise floor (1)",
    "held_out": "the same for samples the fit never saw",
    "risk": "estimated squared error J",
    "nrmse": "error against the reference",
    "ssim": "similarity to the reference",
    "hfen": "error of edges against the reference",
    "noise_share": "share of the sharpness that is noise",
    "weak_mode_share": "share of the image that is weakly determined",
    "fwhm_y": "width of the local PSF along y",
    "fwhm_x": "width of the local PSF along x",
    "resolution": "half period where the halves stop agreeing",
}


def of_fit(evaluation: Evaluation) -> str:
    """Return verdict, cause, evidence, advice, and a table of figures at the picked and last iteration."""
    picked, last = evaluation["picked"], evaluation["last"]
    cause = f" ({evaluation['cause']})" if evaluation.get("cause") else ""
    lines = [
        f"{evaluation['scan']}/{evaluation['regime']}: {evaluation['verdict']}{cause}",
        f"  {evaluation['evidence']}",
        f"  stop at iteration {evaluation['picked_iteration']} of {evaluation['last_iteration']}",
    ]
    lines += [f"  advice: {evaluation['advice']}"] if evaluation.get("advice") else []
    lines += (
        [f"  stopped early: {evaluation['stopped_because']}"] if evaluation.get("stopped_because") else []
    )
    rows = [("", "picked", "last", "", "")]
    for name, meaning in FIGURES.items():
        if picked.get(name) is not None or last.get(name) is not None:
            unit = evaluation["units"].get(name, "")
            rows.append((name, _number(picked.get(name)), _number(last.get(name)), unit, meaning))
    return "\n".join([*lines, "", *aligned(rows)])


def of_scan(evaluations: Sequence[Evaluation]) -> str:
    """Return the answer on a scan and one line per regime, best first."""
    rows = [("regime", "verdict", "stop at", "cause")]
    rows += [
        (
            one["regime"],
            one["verdict"],
            f"{one['picked_iteration']}/{one['last_iteration']}",
            one.get("cause") or "",
        )
        for one in ranking.rank(evaluations)
    ]
    return "\n".join([f"{evaluations[0]['scan']}: {ranking.answer(evaluations)}", "", *aligned(rows)])


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows of cells as indented lines whose columns stand under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
