"""NumPy: one array in a .npy file."""

import tokenize
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.axes import FileArray
from sharpfit.files.readers.dataset_choice import no_dataset, numeric

# What NumPy makes of a damaged header, which it parses as Python, or of a shape that the file cannot hold.
_BROKEN = (
    ValueError,
    TypeError,
    EOFError,
    BadZipFile,
    SyntaxError,
    tokenize.TokenError,
    MemoryError,
    OverflowError,
)


def outline(path: Path) -> FileArray:
    """Read the header of a .npy file: its values are not read before they are asked for.

    Raises
    ------
    InputError
        where that is no header, or the values cannot be left in the file
    """
    try:
        values = np.lib.format.open_memmap(path, mode="r")
    except (*_BROKEN, OSError) as error:
        raise InputError(f"{path}: cannot be read as .npy ({first_line(error)})") from error
    return FileArray(values, str(path), None)


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a .npy file; pickled objects are refused."""
    no_dataset(path, dataset)
    try:
        with path.open("rb") as file:
            values = np.load(file, allow_pickle=False)
    except _BROKEN as error:
        raise InputError(f"{path}: cannot be read as .npy ({first_line(error)})") from error
    if not isinstance(values, np.ndarray):
        raise InputError(f"{path}: is an .npz archive; save the k-space itself by numpy.save")
    return FileArray(numeric(values, str(path)), str(path), None)
