"""An HDF5 file is read only where it holds all of what it shows: its digest covers nothing else."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files import own_content
from sharpfit.files.readers import hdf5, matlab
from sharpfit.results import hdf5 as results
from sharpfit.results.picked_file import read_picked, read_picked_slice

KSPACE = (np.arange(48).reshape(6, 8) + 1j).astype(np.complex64)


def stored_elsewhere(path: Path) -> None:
    (path.parent / "secret").write_bytes(KSPACE.tobytes())
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "kspace", KSPACE.shape, KSPACE.dtype, external=[("secret", 0, h5py.h5f.UNLIMITED)]
        )


def virtual(path: Path) -> None:
    other = path.parent / "other.h5"
    with h5py.File(other, "w") as file:
        file["kspace"] = KSPACE
    layout = h5py.VirtualLayout(KSPACE.shape, KSPACE.dtype)
    layout[:] = h5py.VirtualSource(other, "kspace", KSPACE.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("kspace", layout)


def virtual_of_itself(path: Path) -> None:
    layout = h5py.VirtualLayout(KSPACE.shape, KSPACE.dtype)
    layout[:] = h5py.VirtualSource(".", "kspace", KSPACE.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("kspace", layout)


def linked(path: Path) -> None:
    with h5py.File(path.parent / "other.h5", "w") as file:
        file["kspace"] = KSPACE
    with h5py.File(path, "w") as file:
        file["kspace"] = h5py.ExternalLink("other.h5", "kspace")


def deep_in_a_group(path: Path) -> None:
    linked(path.parent / "deep.h5")
    with h5py.File(path, "w") as file:
        file["kspace"] = KSPACE
        file["more/parts/noise"] = h5py.ExternalLink("other.h5", "kspace")


def soft_to_external(path: Path) -> None:
    linked(path)
    with h5py.File(path, "a") as file:
        file["a"] = h5py.SoftLink("/kspace")


CASES = {
    stored_elsewhere: r"kspace is stored in secret; store the data themselves",
    virtual: "kspace is a virtual dataset, made of others",
    virtual_of_itself: "kspace is a virtual dataset",
    linked: r"kspace is a link to other\.h5",
    deep_in_a_group: r"more/parts/noise is a link to other\.h5",
    soft_to_external: r"kspace is a link to other\.h5",
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("reader", [hdf5, matlab], ids=["hdf5", "matlab"])
def test_content_of_other_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, reader
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "scan.h5")
    with pytest.raises(InputError, match=CASES[make]) as caught:
        reader.read(tmp_path / "scan.h5", None)
    assert "scan.h5: " in str(caught.value)


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_so_it_is_in_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    """Results may come with a study, whose sidecars may say that they are whole."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "picked.h5")
    with pytest.raises(InputError, match=CASES[make]), results.opened(tmp_path / "picked.h5"):
        pass
    for read in (results.read, read_picked, read_picked_slice):
        with pytest.raises(InputError, match=CASES[make]):
            read(tmp_path / "picked.h5")


def test_links_within_a_file_and_loops_of_groups_are_no_content_of_others(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["kspace"] = KSPACE
        file["group/again"] = file["/"]
        file["group/soft"] = h5py.SoftLink("/kspace")
        file["group/dangling"] = h5py.SoftLink("/nowhere")
    np.testing.assert_array_equal(hdf5.read(tmp_path / "scan.h5", "kspace").values, KSPACE)


def test_a_file_of_too_many_items_is_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_content, "MAX_ITEMS", 3)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        for i in range(3):
            file[f"kspace{i}"] = KSPACE
    hdf5.read(tmp_path / "scan.h5", "kspace0")
    with h5py.File(tmp_path / "scan.h5", "a") as file:
        file["more"] = KSPACE
    with pytest.raises(InputError, match="holds more than 3 items"):
        hdf5.read(tmp_path / "scan.h5", None)
