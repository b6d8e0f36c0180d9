"""Which dataset is meant, and what lies on a trajectory."""

from pathlib import Path

import numpy as np
import pytest

from sharpfit.errors import InputError, UnclearError
from sharpfit.files.readers.dataset_choice import MAX_COMPRESSION, check_size, numeric, pick


@pytest.mark.parametrize("name", ["k", "group/K", "traj", "trajectory", "k_loc", "kloc", "spokes"])
@pytest.mark.parametrize("shape", [(25, 192), (25, 192, 2), (3, 192, 25)])
def test_samples_beside_their_trajectory_are_refused(name, shape):
    with pytest.raises(InputError, match=r"data \(8, 192, 25\) lies on a trajectory"):
        pick(Path("radial.mat"), {"data": (8, 192, 25), name: shape}, None)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("mask", (192, 25)), ("k", (192,)), ("k", (192, 26)), ("traj", (3, 192)), ("kernel", (192, 25))],
)
def test_what_is_no_trajectory_of_the_samples_is_none(name, shape):
    assert pick(Path("scan.mat"), {"data": (8, 192, 25), name: shape}, "data") == "data"


@pytest.mark.parametrize(("shape", "itemsize"), [((50, 4, 5), 1), ((5, 4, 5), 10), ((1000,), 1)])
def test_the_largest_that_compression_explains_passes_and_one_byte_more_does_not(tmp_path, shape, itemsize):
    file, n = tmp_path / "scan.h5", 1000
    file.write_bytes(bytes(n))
    check_size(file, (*shape, MAX_COMPRESSION), itemsize)
    with pytest.raises(InputError, match=f"{n * MAX_COMPRESSION + n} bytes, but has {n}; it is cut off"):
        check_size(file, (*shape, MAX_COMPRESSION + 1), itemsize)


@pytest.mark.parametrize(
    ("shapes", "name"),
    [
        ({"a": (4, 4), "kspace": (4, 4)}, "kspace"),
        ({"a": (4, 4), "kspace": (4,)}, "a"),
        ({"a": (1, 4, 1), "b": (2, 1, 2)}, "b"),
        ({"a": (), "b": (7,), "c": (2, 2, 2)}, "c"),
    ],
)
def test_the_only_one_of_two_long_axes_is_meant_or_one_called_kspace(shapes, name):
    assert pick(Path("scan.mat"), shapes, None) == name


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (
            {"a": (4, 4), "b": (2, 2)},
            "a (4, 4), b (2, 2), raw (a struct, which cannot be read: save the variable itself)",
        ),
        ({"a": (4, 1)}, "a (4, 1), raw (a struct, which cannot be read: save the variable itself)"),
    ],
)
def test_what_may_be_meant_is_told(shapes, told):
    with pytest.raises(UnclearError) as caught:
        pick(Path("scan.mat"), shapes, None, ["raw"])
    assert str(caught.value) == (
        f"scan.mat: which dataset is meant is not clear; state dataset:, it holds {told}"
    )
    with pytest.raises(InputError, match=r"^scan\.mat: no dataset '/b/c'; it holds nothing$"):
        pick(Path("scan.mat"), {}, "/b/c")
    assert pick(Path("scan.mat"), shapes, "/a/") == "a"


@pytest.mark.parametrize("dtype", ["?", "i2", "u1", "f4", "c8"])
def test_numbers_are_numbers_of_any_kind(dtype):
    values = np.zeros(3, dtype)
    assert numeric(values, "k") is values
    with pytest.raises(InputError, match=r"^k: holds <U1, not numbers$"):
        numeric(np.array(["a"]), "k")
