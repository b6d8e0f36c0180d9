"""Read an array, or a whole k-space, with the reader that a file's format asks for."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import KSPACE_AXES, FileArray, arranged, kspace_axes

READERS = "sharpfit.files.readers"


def read_kspace(
    path: Path, reader: str, dataset: str | None = None, axes: Sequence[str] | None = None
) -> tuple[FileArray, tuple[str, ...], str]:
    """Read k-space as (slice, coil, ky, kx) in the file's precision, and check that it can be k-space.

    Parameters
    ----------
    path
        the file
    reader
        name of its reader, see `sharpfit.files.formats`
    dataset
        its name in a .mat or HDF5 file; may be left out where only one array can be meant
    axes
        the file's axes in its own order (for MATLAB and BART: theirs), of slice, coil, ky, kx

    Returns
    -------
        the array, the names of the file's axes in its own order, and a sentence saying how they were found

    Raises
    ------
    InputError
        if it cannot be read, is real-valued, holds NaN, infinities or only zeros, or its axes are not clear
    """
    array = read_array(path, reader, dataset)
    if array.values.dtype.kind != "c":
        raise InputError(
            f"{array.where}: {array.values.dtype} of shape {array.values.shape} is real-valued; "
            "k-space is complex (an image? of real and imaginary parts apart, save real + 1j * imaginary)"
        )
    named, sentence = kspace_axes(array, axes)
    if dataset is None and array.where != str(path):
        sentence += f"; dataset {array.where.removeprefix(f'{path}:')}"
    check_finite(named.values, array.where, named.axes or ())
    return FileArray(arranged(named, KSPACE_AXES), array.where, KSPACE_AXES), named.axes or (), sentence


def read_array(path: Path, reader: str, dataset: str | None = None) -> FileArray:
    """Read one array.

    The reader is imported here by its name, so that a job's code is the one reader it uses.

    Parameters
    ----------
    path
        the file
    reader
        name of a module of `sharpfit.files.readers`
    dataset
        the array's name in a file that holds several

    Raises
    ------
    InputError
        if the file is missing or broken, or the dataset unknown or not the only one
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    module = import_module(f"{READERS}.{reader}")
    if not hasattr(module, "read"):
        raise InputError(f"{path}: is a whole scan ({reader}), not the one array that is asked for here")
    array: FileArray = module.read(path, dataset)
    return array


def check_finite(values: np.ndarray, where: str, axes: Sequence[str]) -> None:
    """Refuse NaN, infinities, and nothing but zeros.

    Raises
    ------
    InputError
        naming how many there are, and the first by its place along the ``axes``, those of length 1 left out
    """
    bad = ~np.isfinite(values)
    if bad.any():
        places = zip(axes, np.argwhere(bad)[0], values.shape, strict=True)
        first = ", ".join(f"{name} {i}" for name, i, n in places if n > 1)
        raise InputError(f"{where}: {int(bad.sum())} values are NaN or infinite, the first at {first}")
    if not values.any():
        raise InputError(f"{where}: every value is zero")
