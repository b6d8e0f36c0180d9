import time

import h5py
import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.results import hdf5

DATASETS = {
    "kspace": np.arange(96, dtype=np.complex64).reshape(2, 3, 4, 4),
    "measures/rss": np.linspace(0, 1, 5),
    "mask": np.eye(4, dtype=bool),
    "empty": np.zeros((0, 3, 4)),
}
ATTRS = {"sigma": 0.5, "where": "σ in fitted units", "spacing": np.array([1.0, 2.0]), "seed": 3}


def test_what_was_written_is_read(tmp_path):
    hdf5.write(tmp_path / "a.h5", DATASETS, ATTRS)
    datasets, attrs = hdf5.read(tmp_path / "a.h5")
    assert datasets.keys() == DATASETS.keys()
    for name, values in DATASETS.items():
        assert datasets[name].dtype == values.dtype
        np.testing.assert_array_equal(datasets[name], values)
    np.testing.assert_array_equal(attrs.pop("spacing"), ATTRS["spacing"])
    assert attrs == {name: value for name, value in ATTRS.items() if name != "spacing"}


def test_the_same_content_gives_the_same_bytes(tmp_path):
    hdf5.write(tmp_path / "a.h5", DATASETS, ATTRS)
    time.sleep(1.1)  # a timestamp would show
    hdf5.write(tmp_path / "b.h5", DATASETS, ATTRS)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_slices_are_chunks(tmp_path):
    hdf5.write(tmp_path / "a.h5", DATASETS, {})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["kspace"].chunks == (1, 1, 4, 4)
        assert file["mask"].chunks is None
        assert file["empty"].chunks is None
    hdf5.write(tmp_path / "b.h5", {"images": np.zeros((3, 4, 5))}, {})
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["images"].chunks == (1, 4, 5)


def test_a_missing_or_broken_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        hdf5.read(tmp_path / "a.h5")
    (tmp_path / "b.h5").write_text("no HDF5")
    with pytest.raises(InputError, match=r"b\.h5: cannot be read as HDF5"):
        hdf5.read(tmp_path / "b.h5")
