"""HDF5 written so that equal content gives equal bytes, and read back whole."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.own_content import check_own


def write(path: Path, datasets: Mapping[str, Any], attrs: Mapping[str, Any]) -> None:
    """Write arrays and attributes to a new HDF5 file, without timestamps.

    A name with slashes (``measures/rss``) makes its groups. Arrays of three or more axes are chunked over
    the last two, so that a slice can be read without the others; smaller ones lie contiguous.
    """
    with h5py.File(path, "w", libver="earliest") as file:
        for name, values in datasets.items():
            array = np.ascontiguousarray(values)
            file.create_dataset(name, data=array, chunks=_slice_chunk(array.shape), track_times=False)
        for name, value in attrs.items():
            file.attrs[name] = value


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read every dataset, by its full name (``measures/rss``), and the root attributes of an HDF5 file.

    Raises
    ------
    InputError
        if the file is missing or is no HDF5
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    datasets: dict[str, np.ndarray] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            datasets[name] = item[()]

    try:
        with h5py.File(path, "r") as file:
            check_own(path, file)
            file.visititems(collect)
            attrs = {name: _plain(value) for name, value in file.attrs.items()}
    except OSError as error:
        raise InputError(f"{path}: cannot be read as HDF5 ({first_line(error)})") from error
    return datasets, attrs


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a result for reading.

    Raises
    ------
    InputError
        if the file is missing, is no HDF5, or shows the content of other files
    """
    if not Path(path).is_file():  # nor a pipe, which HDF5 would wait for
        raise InputError(f"{path}: no result can be read (no such file); run the study again")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InputError(
            f"{path}: no result can be read ({first_line(error)}); run the study again"
        ) from error
    with file:
        check_own(path, file)
        yield file


def _slice_chunk(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    if len(shape) < 3 or 0 in shape:
        return None
    return (1,) * (len(shape) - 2) + shape[-2:]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
