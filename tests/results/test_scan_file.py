"""What is told of a preprocessed scan."""

import numpy as np
import pytest

from sharpfit.results import hdf5
from sharpfit.results.scan_file import read_scan


@pytest.mark.parametrize(
    ("datasets", "n_slices"),
    [({}, 1), ({"kspace": (3, 2, 4, 4)}, 3), ({"kspace": (3, 2, 4, 4), "reference": (3, 4, 4)}, 3)],
)
def test_slices_are_counted_where_something_has_them(tmp_path, datasets, n_slices):
    made = {name: np.full(shape, 1 + 1j, np.complex64) for name, shape in datasets.items()}
    hdf5.write(tmp_path / "head.h5", made, {"sigma": 0.1, "acceleration": 2.0})
    scan = read_scan(tmp_path / "head.h5")
    assert (scan.name, scan.n_slices, scan.acceleration) == ("head", n_slices, 2.0)
    assert (scan.reference is None) == ("reference" not in datasets)
    assert scan.noise.given == scan.noise.sigma == 0.1


@pytest.mark.parametrize(("n_slices", "middle"), [(1, 0), (2, 1), (7, 3)])
def test_what_is_shown_of_the_reference_is_the_middle_slice(tmp_path, n_slices, middle):
    reference = np.arange(n_slices * 6, dtype=np.complex64).reshape(n_slices, 2, 3)
    hdf5.write(tmp_path / "scan.h5", {"reference": reference, "support": reference.real > 4}, {})
    scan = read_scan(tmp_path / "scan.h5")
    assert scan.n_slices == n_slices
    np.testing.assert_array_equal(scan.reference, reference[middle])
    np.testing.assert_array_equal(scan.support, reference[middle].real > 4)
