"""Read a reconstruction, judge it, and write what was found."""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit import figures, quality, storage, thresholds
from sharpfit.errors import InputError
from sharpfit.judge import Judgement, judge
from sharpfit.noise_check import calibrated, misjudged
from sharpfit.record import MEASURES, UNITS, Curves, Record

ATTRIBUTES = ("sigma", "n_real", "n_held_out", "stopped_because", "last_step", "travel_needed")
QUALITY_UNITS = {"nrmse": "1", "ssim": "1", "hfen": "1"}


@dataclass(frozen=True)
class Evaluation:
    """A judged fit: figures at the picked and the last checkpoint, and along the way."""

    judgement: Judgement
    curves: Curves
    picked_quality: Mapping[str, float]
    last_quality: Mapping[str, float]
    noise: Mapping[str, Any]


def read_record(reconstruction: Path, history: Path) -> Record:
    """Read what reconstruct measured; values that are not finite become NaN.

    Raises:
        InputError: a dataset or attribute of the reconstruction is missing.
    """
    with h5py.File(reconstruction) as file:
        try:
            arrays: dict[str, Any] = {name: _finite(file[_place(name)][()]) for name in MEASURES}
            attrs = {name: file.attrs[name] for name in ATTRIBUTES}
        except KeyError as error:
            raise InputError(f"{reconstruction}: {error.args[0]}; reconstruct it again") from error
    return Record(
        **arrays,
        history=read_history(history),
        sigma=float(attrs["sigma"]),
        n_real=int(attrs["n_real"]),
        n_held_out=int(attrs["n_held_out"]),
        stopped_because=str(attrs["stopped_because"]),
        last_step=float(np.nan_to_num(attrs["last_step"])),
        travel_needed=float(np.nan_to_num(attrs["travel_needed"])),
    )


def _place(name: str) -> str:
    return name if name in ("iterations", "frc_counts") else f"measures/{name}"


def _finite(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "iu" else np.where(np.isfinite(array), array, np.nan)


def read_history(path: Path) -> dict[str, np.ndarray]:
    """Read history.csv into one float array per column."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    columns = zip(*rows, strict=True)
    return {
        name: np.array([float(value) for value in column])
        for name, column in zip(header, columns, strict=True)
    }


def evaluate(
    record: Record,
    image_at: Callable[[int], np.ndarray],
    reference: np.ndarray | None,
    sigma_uncertainty: float = np.nan,
) -> Evaluation:
    """Judge a fit and compare its images with the reference, where there is one.

    image_at: maps a checkpoint to its image (slice, y, x), in the reference's units.
    sigma_uncertainty: relative standard error of the noise level, NaN where it was stated.
    """
    record = replace(record, sigma_uncertainty=sigma_uncertainty)
    judgement = judge(record)
    nothing = dict.fromkeys(QUALITY_UNITS, np.nan)
    picked_quality, last_quality = (
        quality.compare(image_at(checkpoint), reference) if reference is not None else nothing
        for checkpoint in (judgement.picked, judgement.last)
    )
    noise = _noise(record, judgement)
    return Evaluation(judgement, Curves(calibrated(record)), picked_quality, last_quality, noise)


def _noise(record: Record, judgement: Judgement) -> dict[str, Any]:
    """Say what the residual makes of the noise level, and what its bounds (2 SE) would change."""
    bounds, uncertainty = {}, record.sigma_uncertainty
    for name, sign in (("lower", -1), ("upper", 1)):
        if np.isfinite(uncertainty):
            at_bound = misjudged(record, 1 + sign * thresholds.STANDARD_ERRORS * uncertainty)
            other = judge(at_bound)
            bounds[name] = {
                "verdict": other.verdict,
                "picked_iteration": int(record.iterations[other.picked]),
            }
    return {
        "sigma": record.sigma,
        "relative_uncertainty": uncertainty,
        "believed_over_stated": judgement.noise_ratio,
        "at_bounds": bounds,
    }


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
    storage.write(path, {"image": image.astype(np.complex64)}, {"iteration": iteration, "units": units})


def draw(
    folder: Path,
    evaluation: Evaluation,
    picked: np.ndarray,
    last: np.ndarray,
    reference: np.ndarray | None,
    title: str,
) -> None:
    """Draw images, curves and sharpness of a judged fit into a folder."""
    curves, judgement = evaluation.curves, evaluation.judgement
    at = int(curves.iterations[judgement.picked])
    end = int(curves.iterations[judgement.last])
    folder.mkdir(parents=True, exist_ok=True)
    figures.draw_images(
        folder / "images.png", picked, last, reference, picked_iteration=at, last_iteration=end, title=title
    )
    figures.draw_curves(
        folder / "curves.png",
        curves.record.history,
        picked_iteration=at,
        iterations=curves.iterations,
        risk=curves.risk,
        title=title,
    )
    figures.draw_sharpness(
        folder / "sharpness.png",
        iterations=curves.iterations,
        signal=curves.cross_gradient,
        noise=curves.noise_energy,
        picked_iteration=at,
        title=title,
    )
