"""results/preprocess/<scan>.h5, as the judge and the page read it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sharpfit.results import hdf5


@dataclass(frozen=True, eq=False)
class Scan:
    """What is told of a preprocessed scan.

    Attributes
    ----------
    name
        the file's
    reference
        complex (y, x) of the middle slice, input units, or None
    spacing
        (y, x) in mm per pixel, or None
    n_slices
        how many slices there are
    sigma
        noise std per real and imaginary component, fitted units
    acceleration
        samples over sampled ones
    mask_source, noise_source, csm_source
        where they come from, in words; empty where nothing says it
    """

    name: str
    reference: np.ndarray | None
    spacing: tuple[float, float] | None
    n_slices: int
    sigma: float
    acceleration: float
    mask_source: str
    noise_source: str
    csm_source: str

    def renamed(self, name: str) -> "Scan":
        """Return the same scan under another name."""
        return replace(self, name=name)


def read_scan(path: Path) -> Scan:
    """Read what is told of a scan, and the middle slice of its reference."""
    with hdf5.opened(path) as file:
        n_slices = next((file[name].shape[0] for name in ("reference", "kspace") if name in file), 1)
        reference = file["reference"][n_slices // 2] if "reference" in file else None
        attrs = dict(file.attrs)
    spacing = attrs.get("pixel_spacing_mm")
    return Scan(
        name=path.stem,
        reference=reference,
        spacing=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        n_slices=n_slices,
        sigma=float(attrs.get("sigma", np.nan)),
        acceleration=float(attrs.get("acceleration", np.nan)),
        mask_source=str(attrs.get("mask_source", "")),
        noise_source=str(attrs.get("noise_source", "")),
        csm_source=str(attrs.get("csm_source", "")),
    )


def read_reference(path: Path) -> tuple[np.ndarray | None, float]:
    """Read the reference (slice, y, x), None without, and σ's relative standard error, NaN where stated."""
    with hdf5.opened(path) as file:
        reference = file["reference"][()] if "reference" in file else None
        return reference, float(file.attrs.get("sigma_uncertainty", np.nan))
