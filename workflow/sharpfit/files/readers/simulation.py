"""A scan that this project simulated: k-space with its noise scan, noise-free twin and pixel spacing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.files.axes import KSPACE_AXES, FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readers import hdf5

read = hdf5.read
"""One dataset of a simulation is read as of any HDF5 file."""


def read_scan(path: Path, dataset: str | None, select: Mapping[str, Any]) -> RawScan:
    """Read a simulated scan.

    Raises
    ------
    InputError
        if more is chosen than slices, or a part is missing or does not fit the k-space
    """
    if set(select) - {"slice"}:
        raise InputError(f"{path}: a simulation holds slices only; select: {{slice: …}} is what it knows")
    if dataset not in (None, "kspace"):
        raise InputError(f"{path}: a simulation is read whole; leave out dataset: {dataset}")
    parts = hdf5.read_several(path, ("kspace", "noise_free", "noise", "pixel_spacing_mm"))
    kspace, noise_free, noise, spacing = (part.values for part in parts)
    shape = kspace.shape
    fits = len(shape) == 4 and noise_free.shape == shape and noise.ndim == 2 and noise.shape[0] == shape[1]
    if not fits or kspace.dtype.kind != "c" or noise.dtype.kind != "c" or spacing.shape != (2,):
        raise InputError(
            f"{path}: says it is a simulation of this project, but its kspace {shape}, noise_free "
            f"{noise_free.shape} and noise {noise.shape} do not fit each other; simulate it again"
        )
    return RawScan(
        kspace,
        f"{path}:kspace",
        f"axes given by the format: {', '.join(f'{a} {n}' for a, n in zip(KSPACE_AXES, shape, strict=True))}",
        noise=FileArray(noise, f"{path}:noise", ("coil", "sample")),
        noise_free=noise_free,
        pixel_spacing_mm=(float(spacing[0]), float(spacing[1])),
    )
