"""Try a file out in a process of its own: HDF5's library crashes on some damaged files."""

import os
import resource
import signal
from pathlib import Path
from typing import NoReturn

import h5py

from sharpfit.errors import InputError
from sharpfit.files.readers.dataset_choice import MAX_COMPRESSION

# Reading the text, the attributes and the readouts of any sound file takes less, s.
_PATIENCE = 3
_BYTES_PER_SECOND = 5_000_000
# Memory for doing so, bytes: a damaged length asks for up to 4 GB.
_MEMORY = 256 * 2**20
_MEMORY_PER_BYTE = 16


def try_out(path: Path) -> None:
    """Read, in a child process, what lies in the file's heaps: texts, attributes, arrays of varying length.

    Raises
    ------
    InputError
        if that process dies, takes too long, or cannot read them in memory of the order of the file's size
    """
    child = os.fork()
    if child == 0:
        _read_and_exit(path)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        how = "takes far too long over" if os.WTERMSIG(status) == signal.SIGALRM else "crashes on"
        raise InputError(f"{path}: HDF5's own library {how} this file; it is damaged")
    if os.WEXITSTATUS(status):
        raise InputError(f"{path}: its texts or readouts cannot be read as HDF5; it is cut off or damaged")


def _read_and_exit(path: Path) -> NoReturn:
    """Leave all cleaning up to the parent, and a file that cannot be opened to the real reading."""
    status = 0
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        size = path.stat().st_size
        signal.alarm(_PATIENCE + size // _BYTES_PER_SECOND)
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limit = used + _MEMORY + _MEMORY_PER_BYTE * size
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        with h5py.File(path, "r") as file:
            status = 1
            _read_heaps(file, MAX_COMPRESSION * size)
            file.visititems(lambda _, item: _read_heaps(item, MAX_COMPRESSION * size))
            status = 0
    finally:
        os._exit(status)


def _read_heaps(item: h5py.HLObject, most: int) -> None:
    """Read attributes, and arrays of objects of at most so many bytes; larger ones are refused later."""
    for name in item.attrs:
        item.attrs[name]
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external or not item.dtype.hasobject:
        return
    if item.size * item.dtype.itemsize <= most:
        item[()]
