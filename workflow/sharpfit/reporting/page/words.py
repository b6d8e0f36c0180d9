"""Numbers and checkpoints as a page words them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from sharpfit.reporting.digits import three_digits
from sharpfit.reporting.grey import times
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.reporting.page.standing import Standing
from sharpfit.results import summary_file
from sharpfit.results.scan_file import Scan


def number(value: Any) -> str:
    """Return a number as people read it; a dash for none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "–"
    if not isinstance(value, float):
        return str(value)
    return three_digits(value)


def say(fit: ShownFit, checkpoint: int) -> str:
    """Return a checkpoint's numbers in words, those that are known."""
    along = fit.evaluation.trajectory
    numbers = [("χ²", along.chi2), ("held-out", along.held_out), ("NRMSE", fit.evaluation.nrmse)]
    known = [(name, values[checkpoint]) for name, values in numbers if np.isfinite(values[checkpoint])]
    return " · ".join(f"{name} {number(float(value))}" for name, value in known)


def pictures_in_words(scan: Scan, gains: Mapping[str, float]) -> str:
    """Say on what scale the pictures of a scan are shown."""
    if scan.reference is None:
        return "One grey scale for all pictures of this scan. No reference: no error can be shown."
    kinds = {"errors": gains["error"], "noise maps": gains["noise"]}
    magnified = [f"{kind}{times(gain)}" for kind, gain in kinds.items() if gain != 1]
    more = f" {' and '.join(magnified).capitalize()}, so that none saturates." if magnified else ""
    return f"One grey scale for all pictures of this scan.{more}"


def row(fit: ShownFit, place: Standing) -> dict[str, Any]:
    """Return a fit's row of the table: what summary.csv holds, and where its picked image stands."""
    evaluation = fit.evaluation
    return asdict(summary_file.row(evaluation)) | {
        "regime": fit.label,
        "chi2_last": evaluation.last.chi2,
        "standing": asdict(place),
        "picked_at": _picked_at(fit),
        "ends_differ": not evaluation.weight and evaluation.picked_iteration != evaluation.last_iteration,
    }


def _picked_at(fit: ShownFit) -> str:
    """Say at which iteration of how many the picked image stands, or at which weight."""
    evaluation = fit.evaluation
    if evaluation.weight:
        return evaluation.picked_at.removeprefix("weight ")
    return f"{evaluation.picked_iteration} of {evaluation.last_iteration}"
