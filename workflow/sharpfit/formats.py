"""Read arrays from BART, NumPy, MATLAB and HDF5 files."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import h5py
import numpy as np

from sharpfit.axes import KSPACE_AXES, FileArray, arranged, kspace_axes
from sharpfit.errors import InputError

# What scipy raises for files that were cut off or are no MATLAB files.
_BROKEN_MAT = (ValueError, TypeError, LookupError, NotImplementedError, OSError, zlib.error)
# BART's first three axes are spatial, the fourth is coils, the fourteenth slices.
_BART_NAMES = {3: "coil", 13: "slice"}


def read_kspace(
    path: Path, dataset: str | None = None, axes: Sequence[str] | None = None
) -> tuple[FileArray, tuple[str, ...], str]:
    """Read k-space as (slice, coil, ky, kx) in the file's precision, and check that it can be k-space.

    Parameters
    ----------
    path
        the file
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
    array = read_array(path, dataset)
    if array.values.dtype.kind != "c":
        raise InputError(
            f"{array.where}: {array.values.dtype} of shape {array.values.shape} is real-valued; "
            "k-space is complex (is this an image?)"
        )
    named, sentence = kspace_axes(array, axes)
    values = arranged(named, KSPACE_AXES)
    check_finite(values, array.where)
    return FileArray(values, array.where, KSPACE_AXES), named.axes or (), sentence


def read_array(path: Path, dataset: str | None = None) -> FileArray:
    """Read one array by the file's extension: .cfl/.hdr, .npy, .mat (v5 and v7.3), .h5/.hdf5.

    Raises
    ------
    InputError
        if the file is missing or broken, its extension unknown, or the dataset unknown or not the only one
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: extension {path.suffix!r} is not known; known are {' '.join(_READERS)}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    return reader(path, dataset)


def check_finite(values: np.ndarray, where: str) -> None:
    """Refuse NaN, infinities, and nothing but zeros.

    Raises
    ------
    InputError
        naming how many there are, and the first
    """
    bad = ~np.isfinite(values)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InputError(f"{where}: {int(bad.sum())} values are NaN or infinite, the first at {first}")
    if not values.any():
        raise InputError(f"{where}: every value is zero")


def _read_bart(path: Path, dataset: str | None) -> FileArray:
    _no_dataset(path, dataset)
    header, data = path.with_suffix(".hdr"), path.with_suffix(".cfl")
    for part in (header, data):
        if not part.is_file():
            raise InputError(f"{part}: no such file; BART files come as .cfl and .hdr")
    lines = header.read_text(errors="replace").splitlines()
    try:
        shape = tuple(int(n) for n in lines[lines.index("# Dimensions") + 1].split())
    except (ValueError, IndexError) as error:
        raise InputError(f"{header}: holds no line of dimensions after '# Dimensions'") from error
    if data.stat().st_size != 8 * np.prod(shape):
        raise InputError(
            f"{data}: {data.stat().st_size} bytes, but {header.name} asks for {8 * np.prod(shape)}"
        )
    values = np.fromfile(data, "<c8").reshape(shape, order="F")
    long = [i for i, n in enumerate(shape) if n > 1]
    spatial = [i for i in long if i < 3]
    if len(spatial) > 2 or any(i > 2 and i not in _BART_NAMES for i in long):
        raise InputError(
            f"{data}: dimensions {shape}: two spatial axes, coils (fourth) and slices (fourteenth) can be "
            "fitted; transform the readout of a 3-D scan first (bart fft -i 1), and pick with bart slice"
        )
    names = dict(zip(spatial, ("ky", "kx"), strict=False)) | _BART_NAMES
    return FileArray(np.squeeze(values), str(data), tuple(names[i] for i in long))


def _read_npy(path: Path, dataset: str | None) -> FileArray:
    _no_dataset(path, dataset)
    try:
        with path.open("rb") as file:
            values = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as .npy ({_first_line(error)})") from error
    if not isinstance(values, np.ndarray):
        raise InputError(f"{path}: is an .npz archive; save the k-space itself by numpy.save")
    return FileArray(_numeric(values, str(path)), str(path), None)


def _read_mat(path: Path, dataset: str | None) -> FileArray:
    """Axes come in MATLAB's order from both versions; HDF5 (v7.3) holds them reversed."""
    if h5py.is_hdf5(path):
        array = _read_hdf5(path, dataset)
        return FileArray(array.values.T, array.where, None)
    import scipy.io  # slow to import

    try:
        found = scipy.io.whosmat(path)
        structs = [name for name, _, kind in found if kind == "struct"]
        name = _pick(path, {name: shape for name, shape, _ in found if name not in structs}, dataset, structs)
        values = scipy.io.loadmat(path, variable_names=[name])[name]
    except (*_BROKEN_MAT, scipy.io.matlab.MatReadError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as MATLAB file ({_first_line(error)})") from error
    return FileArray(_numeric(values, f"{path}:{name}"), f"{path}:{name}", None)


def _read_hdf5(path: Path, dataset: str | None) -> FileArray:
    try:
        with h5py.File(path, "r") as file:
            shapes: dict[str, tuple[int, ...]] = {}
            file.visititems(lambda name, item: shapes.update({name: item.shape}) if _is_array(item) else None)
            name = _pick(path, shapes, dataset)
            item = file[name]
            axes = item.attrs.get("axes", file.attrs.get("axes") if name == "kspace" else None)
            values = item[()]
    except OSError as error:
        raise InputError(f"{path}: cannot be read as HDF5 ({_first_line(error)})") from error
    if values.dtype.names and {"real", "imag"} == set(values.dtype.names):
        values = values["real"] + 1j * values["imag"]
    named = tuple(axes.split()) if isinstance(axes, str) else None
    return FileArray(_numeric(values, f"{path}:{name}"), f"{path}:{name}", named)


def _pick(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dataset: str | None, structs: Sequence[str] = ()
) -> str:
    """Choose the dataset asked for, else one named kspace, else the only one of two or more axes."""
    parts = [f"{name} {tuple(shape)}" for name, shape in shapes.items()]
    parts += [f"{name} (a struct, which cannot be read: save the variable itself)" for name in structs]
    there = ", ".join(parts) or "nothing"
    if dataset is not None:
        wanted = dataset.strip("/")
        if wanted not in shapes:
            raise InputError(f"{path}: no dataset {dataset!r}; it holds {there}")
        return wanted
    large = [name for name, shape in shapes.items() if sum(n > 1 for n in shape) >= 2]
    if "kspace" in large:
        return "kspace"
    if len(large) != 1:
        raise InputError(f"{path}: which dataset is meant is not clear; state dataset:, it holds {there}")
    return large[0]


def _is_array(item: Any) -> bool:
    """Whether an HDF5 item holds numbers; names that begin with # are MATLAB's own bookkeeping."""
    if not isinstance(item, h5py.Dataset) or item.name.startswith("/#"):
        return False
    return item.shape is not None and item.dtype.kind in "biufcV"


def _numeric(values: np.ndarray, where: str) -> np.ndarray:
    if values.dtype.kind not in "biufc":
        raise InputError(f"{where}: holds {values.dtype}, not numbers")
    return values


def _no_dataset(path: Path, dataset: str | None) -> None:
    if dataset is not None:
        raise InputError(f"{path}: dataset {dataset!r} is stated, but a {path.suffix} file holds one array")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


_READERS: dict[str, Callable[[Path, str | None], FileArray]] = {
    ".cfl": _read_bart,
    ".hdr": _read_bart,
    ".npy": _read_npy,
    ".mat": _read_mat,
    ".h5": _read_hdf5,
    ".hdf5": _read_hdf5,
}
