"""Where a scan's images lie, as far as its file says it."""

import numpy as np
import pytest

from sharpfit.results import hdf5
from sharpfit.results.place_file import read_place

SPACING = {"pixel_spacing_mm": np.array([1.5, 2.5])}
PLACE = {
    "slice_centres_mm": np.arange(6.0).reshape(2, 3),
    "row_direction": np.array([0.0, 1.0, 0.0]),
    "column_direction": np.array([0.0, 0.0, -1.0]),
    "slice_thickness_mm": 4.5,
}


@pytest.mark.parametrize("known", [{}, SPACING, SPACING | PLACE, PLACE])
def test_spacing_and_place_are_read_as_far_as_they_are_known(tmp_path, known):
    hdf5.write(tmp_path / "scan.h5", {}, known)
    spacing, place = read_place(tmp_path / "scan.h5")
    assert spacing == ((1.5, 2.5) if "pixel_spacing_mm" in known else None)
    if known.keys() < (SPACING | PLACE).keys():
        assert place is None
        return
    np.testing.assert_array_equal(place.centres, PLACE["slice_centres_mm"])
    np.testing.assert_array_equal(place.row, PLACE["row_direction"])
    np.testing.assert_array_equal(place.column, PLACE["column_direction"])
    assert (place.spacing_mm, place.thickness_mm) == ((1.5, 2.5), 4.5)
