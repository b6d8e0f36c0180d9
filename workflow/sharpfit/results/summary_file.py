"""summary.csv and summary.json: the study in one table, a row per scan and regime."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.results.evaluation import Evaluation


@dataclass(frozen=True)
class SummaryRow:
    """One fit. chi2 and held_out (1 is the noise floor) are those of the picked iteration; NRMSE is relative.

    noise_share is the share of the picked image's sharpness that is noise, noise_over_given what the residual
    corrected the measured or stated noise level by, picked_weight which weight of a penalty the judge chose,
    in units of σ.

    None stands where a value is not known.
    """

    scan: str
    regime: str
    verdict: str
    picked_iteration: int
    last_iteration: int
    chi2: float | None
    held_out: float | None
    noise_share: float | None
    nrmse_picked: float | None
    nrmse_last: float | None
    noise_over_given: float | None
    picked_weight: float | None
    cause: str


COLUMNS = (*(one.name for one in fields(SummaryRow)), "rank")
#: Names in summary.json and the columns they are.
METRICS = {
    "verdict": "verdict",
    "stop_at": "picked_iteration",
    "weight": "picked_weight",
    "held_out": "held_out",
    "nrmse": "nrmse_picked",
}


def row(evaluation: Evaluation) -> SummaryRow:
    """Return the row of one fit."""
    return SummaryRow(
        scan=evaluation.scan,
        regime=evaluation.regime,
        verdict=evaluation.verdict,
        picked_iteration=evaluation.picked_iteration,
        last_iteration=evaluation.last_iteration,
        chi2=_known(evaluation.picked.chi2),
        held_out=_known(evaluation.picked.held_out),
        noise_share=_known(evaluation.picked.noise_share),
        nrmse_picked=_known(evaluation.picked_quality.nrmse),
        nrmse_last=_known(evaluation.last_quality.nrmse),
        noise_over_given=_known(evaluation.noise.over_given),
        picked_weight=evaluation.weight.weight if evaluation.weight else None,
        cause=evaluation.cause,
    )


def by_scan(evaluations: Sequence[Evaluation]) -> dict[str, list[Evaluation]]:
    """Return the evaluations of each scan, scans and regimes in the order they come."""
    names = list(dict.fromkeys(evaluation.scan for evaluation in evaluations))
    ordered = sorted(evaluations, key=lambda evaluation: names.index(evaluation.scan))
    return {scan: list(members) for scan, members in groupby(ordered, key=lambda one: one.scan)}


def write_csv(path: Path, evaluations: Sequence[Evaluation], ranks: Sequence[int]) -> None:
    """Write one row per scan and regime with `COLUMNS`; empty where there is no value.

    `ranks` are the places of the picked images among those of their scan, 1 is the best.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for evaluation, rank in zip(evaluations, ranks, strict=True):
            writer.writerow(asdict(row(evaluation)) | {"rank": rank})


def write_json(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write {scan: {regime: {verdict, stop_at or weight, held_out, nrmse}}}: what git keeps to compare with.

    A value that is not known is left out, and `stop_at` where a weight was chosen.
    """
    nested: dict[str, dict[str, Any]] = {}
    for scan, members in by_scan(evaluations).items():
        nested[scan] = {}
        for member in members:
            values = asdict(row(member))
            if member.weight is not None:
                values["picked_iteration"] = None
            nested[scan][member.regime] = {
                name: values[key] for name, key in METRICS.items() if values[key] is not None
            }
    path.write_text(
        json.dumps(nested, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
