"""What is exported: one image of a fit with its place in the patient, and what can be said of both."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.geometry import Geometry
from sharpfit.judging.findings import place
from sharpfit.results import hdf5
from sharpfit.results.place_file import read_place

UNITS = "units of the k-space (centred orthonormal FFT, coils combined with sum |S|^2 = 1)"


@dataclass(frozen=True, eq=False)
class Picture:
    """An image to export.

    Attributes
    ----------
    image
        complex64 (slice, y, x), input units
    title
        scan, regime and place along the fit, in words
    spacing_mm
        along y, x; None where the raw file does not state it
    geometry
        None where the raw file does not state it
    made_from
        digests of the scan and of the image file, which name the series
    """

    image: np.ndarray
    title: str
    spacing_mm: tuple[float, float] | None
    geometry: Geometry | None
    made_from: tuple[str, str]

    @property
    def magnitude(self) -> np.ndarray:
        """|image| as float32, 0 where it is not finite."""
        return np.nan_to_num(np.abs(self.image), nan=0.0, posinf=0.0).astype(np.float32)

    @property
    def step_mm(self) -> np.ndarray | None:
        """(3,) from a slice to the next, along left, back, head; None where they are not evenly spaced."""
        if self.geometry is None:
            return None
        centres = self.geometry.centres
        if len(centres) == 1:
            return self.geometry.normal * self.geometry.thickness_mm
        steps = np.diff(centres, axis=0)
        even = np.abs(steps - steps.mean(axis=0)).max() < 0.01 * np.linalg.norm(steps.mean(axis=0))
        return np.asarray(steps.mean(axis=0)) if even else None

    def said(self) -> dict[str, str]:
        """Say what is known of the image, in sentences that go with it."""
        n_bad = int((~np.isfinite(self.image)).sum())
        bad = {"not finite": f"{n_bad} voxels are not finite and count as 0"} if n_bad else {}
        return {"image": self.title, "unit": UNITS, "place": self._place(), **bad}

    def _place(self) -> str:
        if self.geometry is not None:
            return "orientation, position and spacing from the raw file's header"
        if self.spacing_mm is not None:
            y, x = self.spacing_mm
            return (
                f"pixels of {y:.4g} x {x:.4g} mm (y, x); the raw file states no orientation or position, "
                "nor how far slices lie apart (1 mm where a format asks)"
            )
        return "the raw file states neither spacing nor orientation: voxels of 1 in no unit"


def read_picture(scan: Path, source: Path, which: str, title: str) -> Picture:
    """Read an image of a fit and its place.

    Parameters
    ----------
    scan
        results/preprocess/<scan>.h5
    source
        picked.h5 for the picked image, reconstruction.h5 for the last
    which
        picked or last
    title
        scan and regime, in words

    Raises
    ------
    InputError
        if a file is missing or damaged, or image and place disagree
    """
    with hdf5.opened(source) as file:
        try:
            if which == "picked":
                image, at = file["image"][()], str(file.attrs["at"])
            else:
                image, at = file["images"][-1], _last_place(file)
        except KeyError as error:
            raise InputError(f"{source}: {error.args[0]}; run the study again") from error
    spacing, geometry = read_place(scan)
    if geometry is not None and len(geometry.centres) != len(image):
        raise InputError(
            f"{source}: {len(image)} slices, but {scan} places {len(geometry.centres)}; run the study again"
        )
    made_from = (_digest(scan), _digest(source))
    said = f"{title}, {which} image, {at.replace('σ', 'sigma')}"  # headers of images hold Latin letters
    return Picture(np.asarray(image, np.complex64), said, spacing, geometry, made_from)


def _last_place(file: h5py.File) -> str:
    weight = float(file["weights"][-1]) if "weights" in file else np.nan
    return place(int(file["iterations"][-1]), weight)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
