"""Read a scan as params.yaml describes it: its k-space, and the other files it names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import KSPACE_AXES, FileArray, match_sizes
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.reading import READERS, check_finite, read_array, read_kspace
from sharpfit.files.roles import PART_AXES, ROLES


def read_scan(scan: Mapping[str, Any], readers: Mapping[str, str]) -> RawScan:
    """Read the k-space of a scan and the other files it names.

    Parameters
    ----------
    scan
        file, and optionally dataset, axes, select, pixel_spacing_mm, noise, csm, mask, reference, basis
        (these each a mapping of file, dataset, axes)
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
    select = scan.get("select", {})
    raw, x_first = _measured(path, readers[scan["file"]], scan, select)
    raw = _of_slices(raw, select.get("slice"))
    parts: dict[str, Any] = {
        role: _read_part(role, scan[role], readers, raw.kspace.shape, x_first)
        for role in ROLES
        if role in scan
    }
    inherited = [role for role in ROLES[1:] if x_first and role in parts and parts[role].axes is None]
    if inherited:
        said = f"{', '.join(inherited)} without axes: read in the same order, x before y"
        parts["axes_source"] = f"{raw.axes_source}; {said}"
    if "pixel_spacing_mm" in scan:
        parts["pixel_spacing_mm"] = tuple(scan["pixel_spacing_mm"])
    return replace(raw, **parts)


def _measured(
    path: Path, reader: str, scan: Mapping[str, Any], select: Mapping[str, Any]
) -> tuple[RawScan, bool]:
    """Read k-space, and all that its format brings along; and whether x comes before y in the file."""
    module = import_module(f"{READERS}.{reader}")
    if not hasattr(module, "read_scan"):
        unknown = [name for name in select if name != "slice"]
        if unknown:
            raise InputError(f"{path}: select: {unknown[0]} is known of scanners' files only; here: slice")
        kspace, order, said = read_kspace(path, reader, scan.get("dataset"), scan.get("axes"))
        raw = RawScan(kspace.values, kspace.where, said, phase_axis=_lines_along(kspace.values))
        return raw, order.index("kx") < order.index("ky")
    if "axes" in scan:
        raise InputError(f"{path}: its format names the axes itself; leave out axes:")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    raw = module.read_scan(path, scan.get("dataset"), select)
    check_finite(raw.kspace, raw.where, KSPACE_AXES)
    if raw.noise is not None:
        check_finite(raw.noise.values, raw.noise.where, PART_AXES["noise"])
    return raw, False


def _lines_along(kspace: np.ndarray) -> str:
    """Return the axis that lines are encoded along, which no array states: kx where it alone has gaps.

    Each slice may have gaps of its own.
    """
    sampled = np.asarray(kspace.any(axis=1))
    alike = bool((sampled == sampled[:, :1]).all())
    return "kx" if alike and not sampled.all() else "ky"


def _of_slices(raw: RawScan, wanted: int | Sequence[int] | None) -> RawScan:
    """Keep the slices chosen, in the order of the choice."""
    if wanted is None:
        return raw
    slices = [wanted] if isinstance(wanted, int) else list(wanted)
    n_slices = len(raw.kspace)
    beyond = [n for n in slices if n >= n_slices]
    if beyond:
        raise InputError(
            f"{raw.where}: select: slice {beyond[0]} is not there; there are 0 to {n_slices - 1}"
        )
    kept = {
        name: values[slices]
        for name in ("kspace", "sampled", "calibration", "noise_free")
        if (values := getattr(raw, name)) is not None
    }
    averages = None if raw.averages is None else raw.averages[:, slices]
    geometry = raw.geometry and replace(raw.geometry, centres=raw.geometry.centres[slices])
    said = f"{raw.axes_source}; of {n_slices} slices: {', '.join(map(str, slices))}"
    return replace(raw, **kept, averages=averages, geometry=geometry, axes_source=said)


def _read_part(
    role: str, entry: Mapping[str, Any], readers: Mapping[str, str], shape: tuple[int, ...], x_first: bool
) -> FileArray:
    """Read one role's file into the core's order; its ``axes`` are the file's, None if not named."""
    array = read_array(Path(entry["file"]), readers[entry["file"]], entry.get("dataset"))
    _, n_coils, height, width = shape
    if role == "noise":
        values = _as_noise(array, n_coils, entry.get("axes"))
    elif role == "basis":
        values = _as_basis(array, height, width, entry.get("axes"), x_first)
    else:
        values = match_sizes(array, sizes_of(role, shape), entry.get("axes"), x_first=x_first)
    check_finite(values, array.where, PART_AXES[role])
    if role == "mask":
        values = values != 0
    return FileArray(values, array.where, entry.get("axes") or array.axes)


def sizes_of(role: str, shape: tuple[int, ...]) -> dict[str, int]:
    """Name → length of the axes that maps, mask or reference of a k-space (slice, coil, ky, kx) have."""
    known = dict(zip((*KSPACE_AXES, "y", "x"), (*shape, *shape[2:]), strict=True))
    return {name: known[name] for name in PART_AXES[role]}


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
