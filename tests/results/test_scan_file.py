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
