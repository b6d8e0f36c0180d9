"""What lies in the heaps of an HDF5 file is tried out before anything else reads it."""

import os
import signal

import h5py
import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.readers import hdf5_trial
from sharpfit.files.readers.hdf5_trial import try_out


def with_text(path, place):
    """A file that holds a text of varying length, as an attribute of one of its parts or as data."""
    with h5py.File(path, "w") as file:
        array = file.create_dataset("group/k", data=np.ones((4, 4)))
        holder = {"file": file, "array": array, "group": file["group"]}.get(place)
        if holder is None:
            file["texts"] = np.array(["one", "another"], dtype=h5py.string_dtype())
        else:
            holder.attrs["note"] = "a text of its own"
    return path


@pytest.mark.parametrize("place", ["file", "array", "group", "data"])
def test_a_heap_that_cannot_be_read_is_one_line(tmp_path, place):
    path = with_text(tmp_path / "scan.h5", place)
    try_out(path)
    path.write_bytes(path.read_bytes().replace(b"GCOL", b"xxxx"))
    with pytest.raises(InputError, match=r"scan\.h5: its texts or readouts cannot be read as HDF5"):
        try_out(path)


@pytest.mark.parametrize(
    ("killed_by", "how"), [(signal.SIGALRM, "takes far too long over"), (signal.SIGKILL, "crashes on")]
)
def test_a_file_on_which_the_library_dies_is_one_line(tmp_path, monkeypatch, killed_by, how):
    monkeypatch.setattr(hdf5_trial, "_read_and_exit", lambda _: os.kill(os.getpid(), killed_by))
    with pytest.raises(InputError, match=rf"scan\.h5: HDF5's own library {how} this file; it is damaged"):
        try_out(tmp_path / "scan.h5")
