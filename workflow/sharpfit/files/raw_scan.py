"""A scan as its files hold it: k-space and what came with it, read and checked, nothing computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray, match_sizes
from sharpfit.files.reading import check_finite, read_array, read_kspace

ROLES = ("noise", "csm", "mask", "reference", "basis")


@dataclass(frozen=True)
class RawScan:
    """What the files of a scan hold, axes in the core's order, all in the units of the file."""

    kspace: np.ndarray
    """complex (slice, coil, ky, kx)"""
    where: str
    axes_source: str
    noise: FileArray | None = None
    """noise scan, complex (coil, sample)"""
    csm: FileArray | None = None
    """complex (slice, coil, y, x)"""
    mask: FileArray | None = None
    """bool (ky, kx)"""
    reference: FileArray | None = None
    """(slice, y, x)"""
    basis: FileArray | None = None
    """(coefficient, y, x)"""
    noise_free: np.ndarray | None = None
    """(slice, coil, ky, kx), simulated scans only"""
    pixel_spacing_mm: tuple[float, float] | None = None
    """along y, x"""


def read_scan(scan: Mapping[str, Any], readers: Mapping[str, str]) -> RawScan:
    """Read the k-space of a scan and the other files it names.

    Parameters
    ----------
    scan
        file, and optionally dataset, axes, pixel_spacing_mm, noise, csm, mask, reference, basis (these
        each a mapping of file, dataset, axes)
    readers
        the name of the reader of each of those files

    Raises
    ------
    InputError
        if a file is missing, cannot be read, or does not fit the k-space
    """
    path = Path(scan["file"])
    if "noise" in scan and "noise_std" in scan:
        raise InputError(
            f"{path}: a scan takes either noise: ({scan['noise']['file']}) or noise_std:, not both"
        )
    kspace, order, axes_source = read_kspace(
        path, readers[scan["file"]], scan.get("dataset"), scan.get("axes")
    )
    x_first = order.index("kx") < order.index("ky")
    parts: dict[str, Any] = _simulated_parts(path)
    for role in ROLES:
        if role in scan:
            parts[role] = _read_part(role, scan[role], readers, kspace.values.shape, x_first)
    inherited = [role for role in ROLES[1:] if x_first and role in parts and parts[role].axes is None]
    if inherited:
        axes_source += f"; {', '.join(inherited)} without axes: read in the same order, x before y"
    if "pixel_spacing_mm" in scan:
        parts["pixel_spacing_mm"] = tuple(scan["pixel_spacing_mm"])
    return RawScan(kspace.values, kspace.where, axes_source, **parts)


def _simulated_parts(path: Path) -> dict[str, Any]:
    """Read the noise scan, noise-free twin and pixel spacing that this workflow's own simulations carry."""
    if path.suffix != ".h5":
        return {}
    with h5py.File(path, "r") as file:
        if file.attrs.get("format") != "sharpfit simulation":
            return {}
        return {
            "noise": FileArray(file["noise"][()], f"{path}:noise", ("coil", "sample")),
            "noise_free": file["noise_free"][()],
            "pixel_spacing_mm": tuple(float(value) for value in file["pixel_spacing_mm"][()]),
        }


def _read_part(
    role: str, entry: Mapping[str, Any], readers: Mapping[str, str], shape: tuple[int, ...], x_first: bool
) -> FileArray:
    """Read one role's file into the core's order; its ``axes`` are the file's, None if not named."""
    array = read_array(Path(entry["file"]), readers[entry["file"]], entry.get("dataset"))
    n_slices, n_coils, height, width = shape
    if role == "noise":
        values = _as_noise(array, n_coils, entry.get("axes"))
    elif role == "basis":
        values = _as_basis(array, height, width, entry.get("axes"), x_first)
    else:
        sizes = {
            "csm": {"slice": n_slices, "coil": n_coils, "y": height, "x": width},
            "mask": {"ky": height, "kx": width},
            "reference": {"slice": n_slices, "y": height, "x": width},
        }[role]
        values = match_sizes(array, sizes, entry.get("axes"), x_first=x_first)
    check_finite(values, array.where)
    if role == "mask":
        values = values != 0
    return FileArray(values, array.where, entry.get("axes") or array.axes)


def _as_basis(
    array: FileArray, height: int, width: int, stated: Sequence[str] | None, x_first: bool
) -> np.ndarray:
    """Bring a basis to (coefficient, y, x); the coefficients are the axis that is neither y nor x."""
    shape = array.values.shape
    if len(shape) != 3 or (stated and "coefficient" not in stated):
        raise InputError(
            f"{array.where}: shape {shape} is no basis of images of {height} × {width}: "
            "[coefficient, y, x] (state axes:)"
        )
    if stated:
        n = shape[list(stated).index("coefficient")]
    else:
        image = (width, height) if x_first else (height, width)
        n = shape[2] if shape[:2] == image and shape[1:] != image else shape[0]
    return match_sizes(array, {"coefficient": n, "y": height, "x": width}, stated, x_first=x_first)


def _as_noise(array: FileArray, n_coils: int, stated: Sequence[str] | None) -> np.ndarray:
    """Bring a noise scan to (coil, sample): its coil axis is stated or known by its length."""
    shape = array.values.shape
    if stated and len(stated) != len(shape):
        raise InputError(
            f"{array.where}: {len(stated)} axes are named, {', '.join(stated)}, but its shape is {shape}"
        )
    coils = (
        [stated.index("coil")]
        if stated and "coil" in stated
        else [i for i, n in enumerate(shape) if n == n_coils]
    )
    if array.values.dtype.kind != "c" or len(coils) != 1 or shape[coils[0]] != n_coils:
        raise InputError(
            f"{array.where}: {array.values.dtype} of shape {shape} is no noise scan of {n_coils} coils: "
            "complex, with one axis of that length (state axes: [coil, sample])"
        )
    return np.moveaxis(array.values, coils[0], 0).reshape(n_coils, -1)
