"""Which reader a file asks for, told by what it holds; planning decides it, so a new reader touches no job.

A file is known by its first bytes and, within HDF5, by its groups; its extension counts only where these say
nothing (BART's .cfl has no mark of its own).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from sharpfit.errors import InputError

if TYPE_CHECKING:  # slow to import
    import h5py

READERS = "sharpfit.files.readers"
"""Package of the readers, one module each: `read` for arrays, `read_scan` for whole scans."""

FORMATS = ("bart", "npy", "matlab", "hdf5", "simulation", "ismrmrd", "fastmri", "twix")
"""Names of the readers, as `format:` may state them."""

_BY_EXTENSION = {
    ".cfl": "bart",
    ".hdr": "bart",
    ".npy": "npy",
    ".mat": "matlab",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".mrd": "ismrmrd",
    ".dat": "twix",
}
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# HDF5 may start after a block of the user's own of 512 bytes or a power of two times that; MATLAB's has 512.
_HDF5_OFFSETS = (0, 512, 1024, 2048)
_HEAD_LENGTH = 2056
_SIMULATED = {"kspace", "noise_free", "noise", "pixel_spacing_mm"}

_IMAGES = "holds images, not k-space; give the raw data of the scan"
_FOREIGN_EXTENSIONS = {
    ".7": "is a GE P-file; convert it with ge_to_ismrmrd",
    ".lab": "is Philips raw data; convert it with philips_to_ismrmrd",
    ".sin": "is Philips raw data; convert it with philips_to_ismrmrd",
    ".raw": "looks like Philips raw data; convert it with philips_to_ismrmrd",
    ".list": "is a Philips list of .data; convert it with philips_to_ismrmrd",
    ".job0": "is Bruker raw data; convert it with bruker_to_ismrmrd",
    ".npz": "is an .npz archive; save the k-space itself by numpy.save",
}


def reader_of(path: str) -> str:
    """Name the module of `READERS` for a file.

    A file that is not there is named by its extension; that it is missing is said where it is read.

    Raises
    ------
    InputError
        saying what the file is and what converts it, if no reader knows it
    """
    head = _head(Path(path))
    known = _by_magic(path, head) or _BY_EXTENSION.get(PurePath(path).suffix.lower())
    if known:
        return known
    if PurePath(path).name in ("fid", "ser"):
        raise InputError(f"{path}: is Bruker raw data; convert it with bruker_to_ismrmrd")
    if Path(path).is_dir():
        raise InputError(f"{path}: is a folder; give the file in it that holds the k-space")
    if not Path(path).exists():
        raise InputError(f"{path}: no such file")
    raise InputError(
        f"{path}: the format is not known, neither by its first bytes nor by its extension "
        f"{PurePath(path).suffix!r}; known are BART, .npy, MATLAB, HDF5, ISMRMRD, fastMRI and Siemens twix "
        "(state format: if it is one of them)"
    )


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe or a device would never end; planning refuses it by name
            return b""
        with path.open("rb") as file:
            return file.read(_HEAD_LENGTH)
    except OSError:
        return b""


def _by_magic(path: str, head: bytes) -> str | None:
    """Name the reader of a file with a mark of its own; raise where the mark is of what cannot be read."""
    suffix = PurePath(path).suffix.lower()
    if head[128:132] == b"DICM":
        raise InputError(f"{path}: is a DICOM file, which {_IMAGES}")
    if head[344:347] in (b"n+1", b"ni1") or path.endswith((".nii.gz", ".nii")):
        raise InputError(f"{path}: is a NIfTI file, which {_IMAGES}")
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith((b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")):
        return "matlab"
    if any(head[at : at + 8] == _HDF5_MAGIC for at in _HDF5_OFFSETS):
        return "matlab" if suffix == ".mat" else _hdf5_reader(path, _stamp(path))
    if suffix in _FOREIGN_EXTENSIONS:
        raise InputError(f"{path}: {_FOREIGN_EXTENSIONS[suffix]}")
    return None


def _stamp(path: str) -> tuple[int, ...]:
    """Return what changes when a file does."""
    info = Path(path).stat()
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


@lru_cache(maxsize=1000)
def _hdf5_reader(path: str, _: tuple[int, ...]) -> str:
    """Tell by its groups whose HDF5 it is; a file that cannot be opened is left to the plain reader.

    Many scans may name one file: it is opened once, as long as its stamp stays.
    """
    import h5py  # slow to import

    try:
        with h5py.File(path, "r") as file:
            names = set(file)
            if names >= _SIMULATED:  # an attribute of a damaged file can crash libhdf5: the reader asks it
                return "simulation"
            if {"kspace", "ismrmrd_header"} <= names:
                return "fastmri"
            if any(_is_ismrmrd(file, name) for name in names):
                return "ismrmrd"
            if "DownloadMetaData" in names:
                raise InputError(f"{path}: is a GE ScanArchive; convert it with ge_to_ismrmrd")
    except InputError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError):
        pass
    return "hdf5"


def _is_ismrmrd(file: h5py.File, name: str) -> bool:
    """Whether a group of the file itself (no link elsewhere) holds an ISMRMRD header or acquisitions."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return False
    group = file[name]
    if not isinstance(group, h5py.Group) or "data" not in group:
        return False
    if not isinstance(group.get("data", getlink=True), h5py.HardLink):
        return False
    fields = getattr(group["data"].dtype, "names", None) or ()
    return {"head", "data"} <= set(fields)
