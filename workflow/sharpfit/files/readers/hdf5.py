"""HDF5: one dataset of a file."""

from pathlib import Path
from typing import Any

import h5py

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.readers.dataset_choice import first_line, numeric, pick


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a dataset; compound real and imag become complex, an attribute `axes` names its axes."""
    try:
        with h5py.File(path, "r") as file:
            shapes: dict[str, tuple[int, ...]] = {}
            file.visititems(lambda name, item: shapes.update({name: item.shape}) if _is_array(item) else None)
            name = pick(path, shapes, dataset)
            item = file[name]
            axes = item.attrs.get("axes", file.attrs.get("axes") if name == "kspace" else None)
            values = item[()]
    except OSError as error:
        raise InputError(f"{path}: cannot be read as HDF5 ({first_line(error)})") from error
    if values.dtype.names and {"real", "imag"} == set(values.dtype.names):
        values = values["real"] + 1j * values["imag"]
    named = tuple(axes.split()) if isinstance(axes, str) else None
    return FileArray(numeric(values, f"{path}:{name}"), f"{path}:{name}", named)


def _is_array(item: Any) -> bool:
    """Whether an HDF5 item holds numbers; names that begin with # are MATLAB's own bookkeeping."""
    if not isinstance(item, h5py.Dataset) or item.name.startswith("/#"):
        return False
    return item.shape is not None and item.dtype.kind in "biufcV"
