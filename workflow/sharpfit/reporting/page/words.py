"""Numbers and checkpoints as a page words them."""

from dataclasses import asdict
from typing import Any

import numpy as np

from sharpfit.reporting.page.fits import ShownFit
from sharpfit.reporting.page.standing import Standing
from sharpfit.results import summary_file


def number(value: Any) -> str:
    """Return a number as people read it; a dash for none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def say(fit: ShownFit, checkpoint: int) -> str:
    """Return a checkpoint's numbers in words, those that are known."""
    along = fit.evaluation.trajectory
    numbers = [("χ²", along.chi2), ("held-out", along.held_out), ("NRMSE", fit.evaluation.nrmse)]
    known = [(name, values[checkpoint]) for name, values in numbers if np.isfinite(values[checkpoint])]
    return " · ".join(f"{name} {number(float(value))}" for name, value in known)


def row(fit: ShownFit, place: Standing) -> dict[str, Any]:
    """Return a fit's row of the table: what summary.csv holds, and where its picked image stands."""
    evaluation = fit.evaluation
    return asdict(summary_file.row(evaluation)) | {
        "regime": fit.label,
        "chi2_last": evaluation.last.chi2,
        "standing": asdict(place),
        "picked_at": evaluation.picked_at,
        "tried": _tried(fit),
    }


def _tried(fit: ShownFit) -> str:
    """Return what the picked image was chosen from: so many iterations, or weights of a path."""
    weight = fit.evaluation.weight
    return f"{weight.n_tried} weights" if weight else f"{fit.evaluation.last_iteration} iterations"
