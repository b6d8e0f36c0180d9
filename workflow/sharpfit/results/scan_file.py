"""results/preprocess/<scan>.h5, as the judge and the page read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.judging.evaluate import NoiseLevel
from sharpfit.measuring.quality import Reference
from sharpfit.results import hdf5


@dataclass(frozen=True, eq=False)
class Scan:
    """What is told of a preprocessed scan.

    Attributes
    ----------
    name
        the file's
    file
        where it lies
    reference
        complex (y, x) of the middle slice, input units, or None
    support
        bool (y, x) of the middle slice, the object; None where nothing says it
    reference_source
        where the reference comes from, and what it can be compared in
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
    facts
        all that preprocess stored beside the arrays
    """

    name: str
    file: Path
    reference: np.ndarray | None
    support: np.ndarray | None
    reference_source: str
    spacing: tuple[float, float] | None
    n_slices: int
    noise: NoiseLevel
    acceleration: float
    mask_source: str
    noise_source: str
    csm_source: str
    facts: Mapping[str, Any]

    @property
    def is_simulated(self) -> bool:
        """Whether the scan has a noise-free twin, which only a simulation has."""
        return bool(self.facts.get("is_simulated", False))

    def renamed(self, name: str) -> "Scan":
        """Return the same scan under another name."""
        return replace(self, name=name)


def read_scan(path: Path) -> Scan:
    """Read what is told of a scan, and the middle slice of its reference."""
    with hdf5.opened(path) as file:
        n_slices = next((file[name].shape[0] for name in ("reference", "kspace") if name in file), 1)
        middle = {name: file[name][n_slices // 2] for name in ("reference", "support") if name in file}
        attrs = dict(file.attrs)
    spacing = attrs.get("pixel_spacing_mm")
    return Scan(
        name=path.stem,
        file=path,
        reference=middle.get("reference"),
        support=middle.get("support"),
        reference_source=str(attrs.get("reference_source", "")),
        spacing=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        n_slices=n_slices,
        noise=_noise(attrs),
        acceleration=float(attrs.get("acceleration", np.nan)),
        mask_source=str(attrs.get("mask_source", "")),
        noise_source=str(attrs.get("noise_source", "")),
        csm_source=str(attrs.get("csm_source", "")),
        facts=attrs,
    )


def read_reference(path: Path) -> Reference | None:
    """Read the reference with the object and what it shares of the data's noise; None without one."""
    with hdf5.opened(path) as file:
        if "reference" not in file:
            return None
        names = ("reference_noise_variance", "reference_noise_energy")
        return Reference(
            file["reference"][()], file["support"][()], *(float(file.attrs[name]) for name in names)
        )


def read_reference_image(path: Path, step: int = 1) -> np.ndarray | None:
    """Read every `step`-th pixel of the reference, complex (slice, y, x), input units; None without one."""
    with hdf5.opened(path) as file:
        return file["reference"][()][:, ::step, ::step] if "reference" in file else None


def read_support(path: Path) -> np.ndarray:
    """Read where the object is, bool (slice, y, x)."""
    with hdf5.opened(path) as file:
        return np.asarray(file["support"][()])


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
