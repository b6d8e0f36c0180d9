"""results/preprocess/<scan>.h5, as the judge and the page read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.judging.evaluate import NoiseLevel
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
    noise
        the level it is fitted and judged at
    acceleration
        samples over sampled ones
    mask_source, noise_source, csm_source
        where they come from, in words; empty where nothing says it
    """

    name: str
    reference: np.ndarray | None
    spacing: tuple[float, float] | None
    n_slices: int
    noise: NoiseLevel
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
        noise=_noise(attrs),
        acceleration=float(attrs.get("acceleration", np.nan)),
        mask_source=str(attrs.get("mask_source", "")),
        noise_source=str(attrs.get("noise_source", "")),
        csm_source=str(attrs.get("csm_source", "")),
    )


def read_reference(path: Path) -> np.ndarray | None:
    """Read the reference, complex64 (slice, y, x), input units; None without one."""
    with hdf5.opened(path) as file:
        return file["reference"][()] if "reference" in file else None


def read_noise(path: Path) -> NoiseLevel:
    """Read the noise level that the scan is fitted and judged at."""
    with hdf5.opened(path) as file:
        return _noise(file.attrs)


def _noise(attrs: Mapping[str, Any]) -> NoiseLevel:
    sigma = float(attrs.get("sigma", np.nan))
    return NoiseLevel(
        sigma=sigma,
        given=float(attrs.get("sigma_given", sigma)),
        relative_uncertainty=float(attrs.get("sigma_uncertainty", np.nan)),
        check=str(attrs.get("noise_check", "")),
    )
