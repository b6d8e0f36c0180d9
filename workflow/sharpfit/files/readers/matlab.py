"""MATLAB: a variable of a .mat file, v5 and v7.3."""

import zlib
from pathlib import Path

import h5py

from sharpfit.errors import InputError, first_line
from sharpfit.files.axes import FileArray
from sharpfit.files.readers import hdf5
from sharpfit.files.readers.dataset_choice import numeric, pick

# What scipy raises for files that were cut off or are no MATLAB files.
_BROKEN_MAT = (ValueError, TypeError, LookupError, NotImplementedError, OSError, zlib.error)


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a variable with its axes in MATLAB's order; HDF5 (v7.3) holds them reversed."""
    if h5py.is_hdf5(path):
        return hdf5.read_reversed(path, dataset)
    import scipy.io  # slow to import

    try:
        found = scipy.io.whosmat(path)
        structs = [name for name, _, kind in found if kind == "struct"]
        sparse = [name for name, _, kind in found if kind == "sparse"]
        name = pick(path, {name: shape for name, shape, _ in found if name not in structs}, dataset, structs)
        if name in sparse:
            raise InputError(f"{path}:{name}: is a sparse matrix; save it as full({name})")
        values = scipy.io.loadmat(path, variable_names=[name])[name]
    except (*_BROKEN_MAT, scipy.io.matlab.MatReadError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as MATLAB file ({first_line(error)})") from error
    return FileArray(numeric(values, f"{path}:{name}"), f"{path}:{name}", None)
