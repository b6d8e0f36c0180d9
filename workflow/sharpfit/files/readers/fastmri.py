"""fastMRI's HDF5 (Zbontar et al. 2018, arXiv:1811.08839): k-space of slices, mask and ISMRMRD header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readers import ismrmrd_header
from sharpfit.files.readers.dataset_choice import check_size, no_dataset
from sharpfit.files.readers.hdf5 import opened
from sharpfit.files.readouts import cropped


def read_scan(path: Path, dataset: str | None, select: Mapping[str, Any]) -> RawScan:
    """Read all slices; columns that fastMRI padded with zeros or masked were not acquired.

    The file's axes are (slice, coil, readout, phase encode), without coil for single-coil data. The picture
    stays as fastMRI shows it: readout from top to bottom, so lines are encoded along kx here.

    Raises
    ------
    InputError
        if it is damaged, or header and data disagree
    """
    no_dataset(path, dataset)
    if set(select) - {"slice"}:
        raise InputError(f"{path}: a fastMRI file holds slices only; select: {{slice: …}} is what it knows")
    with opened(path) as file:
        kspace, mask = _arrays(path, file)
        header = ismrmrd_header.parse(path, file["ismrmrd_header"])
    try:
        encoding, notes = ismrmrd_header.encoding(header), ismrmrd_header.notes(header)
        limits = ismrmrd_header.lines(header)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path}: its header lacks what a scan needs ({first_line(error)})") from error
    columns, said = _columns(path, kspace.shape, encoding.grid.n_x, limits, mask)
    kspace = np.where(columns, kspace, 0)
    n_x, kept = kspace.shape[-2], encoding.n_x_kept
    if kept < n_x:
        kspace = cropped(kspace, kept, -2)
        said += f"; readout oversampling removed ({n_x} to {kept})"
    _, field_y, field_x = encoding.field_of_view_mm
    shape = kspace.shape
    spacing = (field_x / n_x, field_y / shape[-1])
    return RawScan(
        kspace=kspace,
        where=f"{path}:kspace",
        axes_source=(
            f"axes given by the format: slice {shape[0]}, coil {shape[1]}, readout (ky) {shape[2]}, "
            f"phase encode (kx) {shape[3]}; {said}"
        ),
        sampled=np.broadcast_to(columns, (shape[0], *shape[2:])).copy(),
        pixel_spacing_mm=spacing if min(spacing) > 0 else None,
        phase_axis="kx",
        notes=notes,
    )


def _arrays(path: Path, file: h5py.File) -> tuple[np.ndarray, np.ndarray | None]:
    """Read k-space as complex64 (slice, coil, readout, phase encode), and the mask (phase encode)."""
    data = file["kspace"]
    check_size(path, data.shape, data.dtype.itemsize)
    if data.dtype.kind != "c" or data.ndim not in (3, 4):
        raise InputError(f"{path}: kspace of type {data.dtype} and shape {data.shape} is not that of fastMRI")
    kspace = np.asarray(data[()], np.complex64)
    mask = None
    if "mask" in file:
        check_size(path, file["mask"].shape, file["mask"].dtype.itemsize)
        mask = np.asarray(file["mask"][()]).astype(bool).ravel()
    return (kspace[:, None] if kspace.ndim == 3 else kspace), mask


def _columns(
    path: Path, shape: tuple[int, ...], n_x: int, limits: tuple[int, int] | None, mask: np.ndarray | None
) -> tuple[np.ndarray, str]:
    """Find the phase encodes that were acquired: those of the header's limits, less those masked out.

    limits: the numbers of the line in the centre and of the last one.
    """
    n_y = shape[-1]
    if n_x != shape[-2] or (mask is not None and len(mask) != n_y) or limits is None:
        raise InputError(f"{path}: kspace {shape} does not fit its header (readout {n_x}) or its mask")
    centre, last = limits
    left = n_y // 2 - centre
    right = left + last + 1
    if not 0 <= left < right <= n_y:
        raise InputError(
            f"{path}: its header puts lines {left} to {right - 1} into {n_y}; header and data disagree"
        )
    columns = np.zeros(n_y, bool)
    columns[left:right] = True
    said = f"lines {left} to {right - 1} of {n_y} acquired, others are padding"
    if mask is not None:
        columns &= mask
        said += f"; {int(columns.sum())} of them in the file's mask"
    return columns, said
