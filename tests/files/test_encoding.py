"""What a header says was encoded: how far apart pixels are, and where slices lie."""

import numpy as np
import pytest

from sharpfit.files.encoding import Encoding
from sharpfit.files.readouts import Grid

LEFT, BACK, HEAD = np.eye(3)
FLAT = Encoding(Grid(16, 6, 1, 3, 0), 8, (5.0, 180.0, 320.0))


@pytest.mark.parametrize(
    ("n_z", "field", "spacing"),
    [
        (1, (5.0, 180.0, 320.0), (30.0, 20.0)),
        (4, (10.0, 180.0, 320.0), (30.0, 2.5)),
        (1, (0.5, 0.6, 0.8), (0.1, 0.05)),
        (1, (0.0, 180.0, 320.0), None),
        (1, (5.0, 0.0, 320.0), None),
        (4, (5.0, 180.0, -1.0), None),
    ],
)
def test_the_spacing_is_the_field_of_view_over_the_matrix(n_z, field, spacing):
    """Of a 3-D scan, along both phase encodes: its images lie across the readout."""
    encoding = Encoding(Grid(16, 6, n_z, 3, 2), 8, field)
    assert encoding.spacing_mm == (None if spacing is None else pytest.approx(spacing))
    placed = encoding.geometry(np.zeros((1, 3)), LEFT, BACK, HEAD)
    assert (placed is None) == (spacing is None)


def test_slices_lie_where_they_were_acquired():
    positions = np.array([[0.0, 1, 2], [0, 1, 9]])
    placed = FLAT.geometry(positions, LEFT, BACK, HEAD)
    np.testing.assert_array_equal(placed.centres, positions)
    np.testing.assert_array_equal([placed.row, placed.column], [LEFT, BACK])
    assert (placed.spacing_mm, placed.thickness_mm) == ((30.0, 20.0), 5.0)


@pytest.mark.parametrize(("kept", "first", "last"), [(8, -4, 3), (7, -3, 3), (16, -8, 7)])
def test_a_slabs_images_lie_along_its_readout(kept, first, last):
    """Their pixels are 320 mm / 16 apart; x of the images is the slab's second phase encode."""
    encoding = Encoding(Grid(16, 6, 4, 3, 2), kept, (10.0, 180.0, 320.0))
    placed = encoding.geometry(np.array([[1.0, 2, 3], [9, 9, 9]]), LEFT, BACK, HEAD)
    along = np.arange(first, last + 1)[:, None]
    np.testing.assert_allclose(placed.centres, np.array([1, 2, 3]) + 20 * along * LEFT)
    np.testing.assert_array_equal([placed.row, placed.column], [HEAD, BACK])
    assert (placed.spacing_mm, placed.thickness_mm) == ((30.0, 2.5), 20.0)
