"""HDF5: one dataset of a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from sharpfit.errors import InputError, first_line
from sharpfit.files.axes import FileArray
from sharpfit.files.own_content import check_own
from sharpfit.files.readers.dataset_choice import check_size, numeric, pick
from sharpfit.files.readers.hdf5_trial import try_out

# What h5py raises for files that were cut off, damaged or made to confuse.
_BROKEN = (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, MemoryError, OverflowError)


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a file that holds all of what it shows; whatever HDF5 makes of a damaged one becomes one line.

    Raises
    ------
    InputError
        naming the file and the first line of what HDF5 says, or what lies in other files
    """
    try_out(path)
    try:
        with h5py.File(path, "r") as file:
            check_own(path, file)
            yield file
    except InputError:
        raise
    except (*_BROKEN, SystemError) as error:
        raise InputError(f"{path}: cannot be read as HDF5 ({first_line(error)}); is it whole?") from error


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a dataset; compound real and imag become complex, an attribute `axes` names its axes."""
    return read_several(path, (dataset,))[0]


def read_reversed(path: Path, dataset: str | None) -> FileArray:
    """Read a dataset that was written with its axes in reverse, and so is told of in the writer's order."""
    with opened(path) as file:
        shapes = {name: shape[::-1] for name, shape in _shapes(file).items()}
        array = _array(path, file, pick(path, shapes, dataset))
    return FileArray(array.values.T, array.where, None)


def read_several(path: Path, datasets: Sequence[str | None]) -> list[FileArray]:
    """Read datasets as `read` does; the file is opened and looked through once."""
    with opened(path) as file:
        shapes = _shapes(file)
        return [_array(path, file, pick(path, shapes, dataset)) for dataset in datasets]


def _shapes(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Name → shape of everything in a file that holds numbers."""
    shapes: dict[str, tuple[int, ...]] = {}
    file.visititems(lambda name, item: shapes.update({name: item.shape}) if _is_array(item) else None)
    return shapes


def _array(path: Path, file: h5py.File, name: str) -> FileArray:
    item = file[name]
    check_size(path, item.shape, item.dtype.itemsize)
    axes = item.attrs.get("axes", file.attrs.get("axes") if name == "kspace" else None)
    values = item[()]
    if values.dtype.names and {"real", "imag"} == set(values.dtype.names):
        values = values["real"] + 1j * values["imag"]
    named = tuple(axes.split()) if isinstance(axes, str) else None
    return FileArray(numeric(values, f"{path}:{name}"), f"{path}:{name}", named)


def _is_array(item: h5py.HLObject) -> bool:
    """Whether an HDF5 item holds numbers; names that begin with # are MATLAB's own bookkeeping."""
    if not isinstance(item, h5py.Dataset) or item.name.startswith("/#"):
        return False
    return item.shape is not None and item.dtype.kind in "biufcV"
