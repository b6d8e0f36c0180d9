"""What a page shows of a scan and of one fit, read from the result files."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit.errors import InputError
from sharpfit.measuring import quality
from sharpfit.results.history import read_history


@dataclass(frozen=True)
class Scan:
    """A preprocessed scan: `reference` complex (y, x) of the middle slice, input units, or None.

    `spacing` is (y, x) in mm per pixel, or None; `facts` the attributes preprocess stored.
    """

    name: str
    reference: np.ndarray | None
    spacing: tuple[float, float] | None
    facts: dict[str, Any]

    def renamed(self, name: str) -> "Scan":
        """Return the same scan under another name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Fit:
    """One fit of a scan. Images are of the middle slice, complex (checkpoint, y, x), input units.

    `curves` are the judge's figures along the checkpoints, (checkpoint,), named and in units as in
    evaluation.json; `frc` is (checkpoint, ring), mean over slices and fission halves, of rings with
    `frc_counts` samples; `history` holds the columns of history.csv; `attrs` what reconstruct stored.
    """

    label: str
    evaluation: dict[str, Any]
    images: np.ndarray
    noise_map: np.ndarray
    iterations: np.ndarray
    curves: dict[str, np.ndarray]
    frc: np.ndarray
    frc_counts: np.ndarray
    history: dict[str, np.ndarray]
    attrs: dict[str, Any]
    reference: np.ndarray | None

    @property
    def picked(self) -> int:
        """Index of the picked checkpoint: that of `picked_iteration`, or the nearest saved one."""
        return int(np.argmin(np.abs(self.iterations - self.evaluation["picked_iteration"])))

    @property
    def last(self) -> int:
        """Index of the last checkpoint."""
        return len(self.iterations) - 1

    @cached_property
    def nrmse(self) -> np.ndarray:
        """Complex relative error in the object of the slice shown, (checkpoint,); nan without reference."""
        if self.reference is None:
            return np.full(len(self.images), np.nan)
        return np.array([quality.nrmse(image, self.reference) for image in self.images])


def read_scan(file: Path) -> Scan:
    """Read results/preprocess/<scan>.h5; the scan's name is the file's."""
    with _open(file) as h5:
        n_slices = next((h5[name].shape[0] for name in ("reference", "kspace") if name in h5), 1)
        reference = h5["reference"][n_slices // 2] if "reference" in h5 else None
        spacing = h5.attrs.get("pixel_spacing_mm")
        facts = {name: _plain(value) for name, value in h5.attrs.items() if name != "units"}
        facts["n_slices"] = n_slices
    pair = None if spacing is None else (float(spacing[0]), float(spacing[1]))
    return Scan(file.stem, reference, pair, facts)


def read_fit(label: str, scan: Scan, evaluation: Path, reconstruction: Path, history: Path) -> Fit:
    """Read one fit from its three files; the scan's reference serves for its errors."""
    with _open(reconstruction) as h5:
        middle = h5["images"].shape[1] // 2
        images, noise_map = h5["images"][:, middle], h5["noise_map"][:, middle]
        attrs = {name: _plain(value) for name, value in h5.attrs.items()}
        iterations, frc_counts = h5["iterations"][:], h5["frc_counts"][:]
        frc = _mean_known(h5["measures/frc"][:])
    verdict = json.loads(evaluation.read_text())
    curves = {name: np.array(values, dtype=float) for name, values in verdict["trajectory"].items()}
    return Fit(
        label=label,
        evaluation=verdict,
        images=images,
        noise_map=noise_map,
        iterations=iterations,
        curves=curves,
        frc=frc,
        frc_counts=frc_counts,
        history=read_history(history),
        attrs=attrs,
        reference=scan.reference,
    )


def _mean_known(frc: np.ndarray) -> np.ndarray:
    """Return the mean over slices and pairs of (checkpoint, slice, pair, ring); nan where none is known."""
    known = np.isfinite(frc)
    count = known.sum((1, 2))
    mean = np.where(known, frc, 0).sum((1, 2)) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, np.nan))


def _open(file: Path) -> h5py.File:
    try:
        return h5py.File(file, "r")
    except OSError as error:
        raise InputError(f"{file}: no result can be read ({error}); run the study again") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
