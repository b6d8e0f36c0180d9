import numpy as np
import pytest

from sharpfit.results.picked_file import read_picked, read_picked_slice, write_picked


@pytest.mark.parametrize(("n_slices", "middle"), [(1, 0), (2, 1), (3, 1), (6, 3)])
def test_the_middle_slice_stands_for_the_others(tmp_path, n_slices, middle):
    image = np.arange(n_slices * 4 * 10).reshape(n_slices, 4, 10).astype(np.complex64)
    write_picked(tmp_path / "picked.h5", image, 3, "iteration 3")
    np.testing.assert_array_equal(read_picked(tmp_path / "picked.h5"), image)
    np.testing.assert_array_equal(read_picked_slice(tmp_path / "picked.h5"), image[middle])
    assert read_picked(tmp_path / "none.h5") is None
