"""Where pixels lie in the patient stays the same when an image is turned upright."""

from itertools import permutations, product

import numpy as np
import pytest

from sharpfit.files.geometry import Geometry, Turn, mirrored, upright
from sharpfit.physics.kspace import to_images, to_kspace

LEFT, BACK, HEAD = np.eye(3)
USUAL = {0: (BACK, -HEAD), 1: (LEFT, -HEAD), 2: (LEFT, BACK)}
"""What runs to the right and down: sagittal, coronal, axial."""
WAYS = [
    (sign * np.eye(3)[x], other * np.eye(3)[y])
    for x, y in permutations(range(3), 2)
    for sign, other in product((1, -1), repeat=2)
]
CENTRE = np.array([10.0, -20.0, 30.0])


def geometry(row, column, spacing=(2.0, 3.0)):
    return Geometry(CENTRE[None], np.array(row), np.array(column), spacing, 5.0)


def turned_in_plane(degrees, row=LEFT, column=BACK):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return c * row + s * column, c * column - s * row


def positions(one, shape):
    """(y, x, 3) of every pixel, the centre being (ny // 2, nx // 2)."""
    y, x = (np.arange(n) - n // 2 for n in shape)
    along_y = y[:, None, None] * one.spacing_mm[0] * one.column
    return one.centres[0] + along_y + x[None, :, None] * one.spacing_mm[1] * one.row


@pytest.mark.parametrize("shape", [(6, 5), (5, 8)])
@pytest.mark.parametrize(("row", "column"), [*WAYS, turned_in_plane(30), turned_in_plane(100)])
def test_every_pixel_stays_where_it_is_in_the_patient(row, column, shape):
    """But the first of an even side, which lies on both sides of the image once it is mirrored."""
    image = np.random.default_rng(1).standard_normal((2, *shape)) + 1j
    before = geometry(row, column)
    turn, after = upright(before)
    found = to_images(turn(to_kspace(image)))
    there = {
        tuple(np.round(at, 6)): found[:, i, j]
        for (i, j), at in zip(
            np.ndindex(found.shape[-2:]), positions(after, found.shape[-2:]).reshape(-1, 3), strict=True
        )
    }
    inner = np.ndindex(*shape)
    known = [(i, j) for i, j in inner if (i or shape[0] % 2) and (j or shape[1] % 2)]
    for i, j in known:
        at = tuple(np.round(positions(before, shape)[i, j], 6))
        np.testing.assert_allclose(there[at], image[:, i, j], atol=1e-9)


@pytest.mark.parametrize(("row", "column"), WAYS)
def test_slices_along_the_patients_axes_are_seen_as_usual(row, column):
    _, after = upright(geometry(row, column))
    facing = int(np.flatnonzero(np.cross(row, column))[0])
    np.testing.assert_array_equal([after.row, after.column], USUAL[facing])
    along_row = 3.0 if abs(row @ after.row) else 2.0
    assert after.spacing_mm == (5.0 - along_row, along_row)


@pytest.mark.parametrize(("degrees", "transpose"), [(44, False), (46, True), (-44, False), (-46, True)])
def test_an_oblique_slice_is_exchanged_beyond_half_a_right_angle(degrees, transpose):
    turn, after = upright(geometry(*turned_in_plane(degrees)))
    assert turn.transpose == transpose
    assert after.row @ LEFT > 0.7
    assert after.column @ BACK > 0.7


def test_a_slice_faces_where_most_of_its_normal_points():
    """Tilted by 40° out of the axial plane it is axial still, by 50° coronal."""
    for degrees, usual in ((40, USUAL[2]), (50, USUAL[1])):
        _, after = upright(
            geometry(LEFT, np.cos(np.radians(degrees)) * BACK - np.sin(np.radians(degrees)) * HEAD)
        )
        assert after.row @ usual[0] == pytest.approx(1)
        assert after.column @ usual[1] > 0.7


@pytest.mark.parametrize("shape", [(6, 5), (5, 8)])
def test_the_first_pixel_is_half_an_image_from_the_centre(shape):
    one = geometry(*turned_in_plane(30))
    np.testing.assert_allclose(one.first_pixel(0, shape), positions(one, shape)[0, 0])
    stack = Geometry(np.stack([CENTRE, CENTRE + 7]), one.row, one.column, one.spacing_mm, 5.0)
    np.testing.assert_allclose(stack.first_pixel(1, shape), positions(one, shape)[0, 0] + 7)
    np.testing.assert_array_equal(geometry(LEFT, BACK).normal, HEAD)


@pytest.mark.parametrize("n", [5, 6])
@pytest.mark.parametrize("axis", [-1, 0])
def test_mirroring_takes_every_frequency_to_its_negative(n, axis):
    kspace = np.moveaxis(np.arange(2.0 * n).reshape(2, n), -1, axis)
    found = np.moveaxis(mirrored(kspace, axis), axis, -1)
    frequency = np.arange(n) - n // 2
    for k in range(n):
        other = int(np.flatnonzero((frequency + frequency[k]) % n == 0)[0])
        np.testing.assert_array_equal(found[:, k], np.moveaxis(kspace, axis, -1)[:, other])


def test_a_turn_exchanges_before_it_mirrors():
    values = np.arange(6).reshape(1, 2, 3)
    np.testing.assert_array_equal(Turn(False, False, False)(values), values)
    np.testing.assert_array_equal(Turn(True, False, False)(values)[0], values[0].T)
    np.testing.assert_array_equal(Turn(True, True, False)(values)[0], values[0].T[::-1])
    np.testing.assert_array_equal(Turn(False, False, True)(values)[0], values[0, :, ::-1])
    assert Turn(True, False, False)(values).flags.c_contiguous
