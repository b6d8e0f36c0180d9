"""Which reader a file asks for. Planning decides it, so that a new reader touches no job that has its own."""

from pathlib import PurePath

from sharpfit.errors import InputError

READERS = "sharpfit.files.readers"
"""Package of the readers, one module each with `read(path, dataset)`."""

_READERS = {
    ".cfl": "bart",
    ".hdr": "bart",
    ".npy": "npy",
    ".mat": "matlab",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
}


def reader_of(path: str) -> str:
    """Name the module of `READERS` for a file, by its extension.

    Raises
    ------
    InputError
        if no reader knows the extension
    """
    suffix = PurePath(path).suffix
    try:
        return _READERS[suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: extension {suffix!r} is not known; known are {' '.join(_READERS)}"
        ) from None
