"""evaluation.json and picked.h5: what the judge found, for people and programs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.judging.evaluate import QUALITY_UNITS, Evaluation
from sharpfit.judging.record import UNITS
from sharpfit.results import hdf5


def as_json(evaluation: Evaluation, scan: str, name: str, regime: Mapping[str, Any]) -> dict[str, Any]:
    """Return evaluation.json's content: null stands where a figure is undefined.

    name: of the regime; regime: its entry in params.yaml.
    """
    judgement, curves = evaluation.judgement, evaluation.curves
    last = curves.at(judgement.last) | dict(evaluation.last_quality)
    picked = curves.at(judgement.picked) | dict(evaluation.picked_quality)
    along = {name: getattr(curves, name if name != "iteration" else "iterations") for name in UNITS}
    content = {
        "scan": scan,
        "regime": name,
        "optimizer": dict(regime["optimizer"]),
        "schedule": list(regime.get("schedule", [])),
        "start": regime["start"],
        "verdict": judgement.verdict,
        "cause": judgement.cause,
        "evidence": judgement.evidence,
        "advice": judgement.advice,
        "picked_iteration": picked["iteration"],
        "last_iteration": last["iteration"],
        "worst_slice": judgement.worst_slice,
        "noise": dict(evaluation.noise),
        "risk_noise": curves.risk_noise[judgement.picked].tolist(),
        "stopped_because": curves.record.stopped_because,
        "picked": picked,
        "last": last,
        "trajectory": {name: values.tolist() for name, values in along.items()},
        "units": UNITS | QUALITY_UNITS | {"risk_noise": UNITS["risk"]},
    }
    return without_nan(content)


def without_nan(value: Any) -> Any:
    """Replace every number that is not finite by None, at any depth."""
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON that holds null, never NaN."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_image(path: Path, image: np.ndarray, iteration: int) -> None:
    """Write the picked image, complex64 (slice, y, x) in input units."""
    units = json.dumps({"image": "input units", "iteration": "1"})
    hdf5.write(path, {"image": image.astype(np.complex64)}, {"iteration": iteration, "units": units})
