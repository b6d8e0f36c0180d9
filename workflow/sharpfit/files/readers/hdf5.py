"""HDF5: one dataset of a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.readers.dataset_choice import check_size, first_line, numeric, pick
from sharpfit.files.readers.hdf5_trial import try_out

# What h5py raises for files that were cut off, damaged or made to confuse.
_BROKEN = (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, MemoryError, OverflowError)
MAX_ITEMS = 100_000  # datasets, groups and links; each one is looked at


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


def check_own(path: Path, file: h5py.File) -> None:
    """Refuse a file whose links, external storage or virtual datasets show the content of other files.

    Only the file itself is digested, so a change of the others would go unnoticed; and they may be any
    file of this machine. Soft links stay within the file.

    Raises
    ------
    InputError
        naming the first such link or dataset, or if there are too many to look at
    """
    seen = 0

    def foreign_link(name: str, link: object) -> str | None:
        nonlocal seen
        seen += 1
        if seen > MAX_ITEMS:
            return f"holds more than {MAX_ITEMS} items; save the k-space alone"
        if not isinstance(link, h5py.ExternalLink):
            return None
        return f"{name} is a link to {link.filename}; store the data themselves in this file"

    def foreign_data(name: str, item: h5py.HLObject) -> str | None:
        if not isinstance(item, h5py.Dataset) or not (item.is_virtual or item.external):
            return None
        how = "a virtual dataset, made of others" if item.is_virtual else f"stored in {item.external[0][0]}"
        return f"{name} is {how}; store the data themselves in this file"

    if found := file.visititems_links(foreign_link) or file.visititems(foreign_data):
        raise InputError(f"{path}: {found}")


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a dataset; compound real and imag become complex, an attribute `axes` names its axes."""
    return read_several(path, (dataset,))[0]


def read_several(path: Path, datasets: Sequence[str | None]) -> list[FileArray]:
    """Read datasets as `read` does; the file is opened and looked through once."""
    with opened(path) as file:
        shapes: dict[str, tuple[int, ...]] = {}
        file.visititems(lambda name, item: shapes.update({name: item.shape}) if _is_array(item) else None)
        return [_array(path, file, pick(path, shapes, dataset)) for dataset in datasets]


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
