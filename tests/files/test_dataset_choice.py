"""Which dataset is meant, what lies on a trajectory, and what is told of a library's error."""

from pathlib import Path

import pytest

from sharpfit.errors import InputError
from sharpfit.files.readers.dataset_choice import MAX_COMPRESSION, check_size, first_line, pick


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad magic\nat 0x12\nin heap"), "bad magic"),
        (KeyError("data"), "'data'"),
        (EOFError(), "EOFError"),
    ],
)
def test_an_error_is_told_by_its_first_line_or_its_kind(error, said):
    assert first_line(error) == said


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
