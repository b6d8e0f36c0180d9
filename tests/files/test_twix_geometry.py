"""Where the images of a Siemens twix file lie, and in which order."""

from dataclasses import replace

import made_twix
import numpy as np
import pytest
from made_twix import Block, lines_of, measurement, upright
from scanner_files import KSPACE, N_X, N_Y, WIDE, close, read

from sharpfit.files.readers import twix

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_slices_of_the_contrast_that_is_chosen_lie_where_its_own_lines_say(tmp_path):
    """The second contrast holds the second slice alone, and moved."""
    blocks = [
        Block(WIDE[:, ky], {"Lin": ky, "Eco": contrast, "Sli": n}, position=(0.0, 0.0, at))
        for contrast, n, at in ((0, 0, 0.0), (0, 1, 5.0), (1, 1, 6.0))
        for ky in range(N_Y)
    ]
    path = made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y))
    for contrast, centres in ((0, [0, 5]), (1, [6])):
        raw = read(path, select={"contrast": contrast})
        np.testing.assert_allclose(raw.geometry.centres[:, 2], centres)
        assert len(raw.kspace) == len(centres)


def test_slices_acquired_out_of_order_are_sorted_by_position(tmp_path):
    blocks = []
    for number, at in enumerate((5.0, -5.0, 0.0)):
        for block in lines_of((at + 10) * WIDE, Sli=number):
            block.position = (0, 0, at)
            blocks.append(block)
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    close(raw.kspace, np.stack([factor * upright(KSPACE) for factor in (5, 10, 15)]))
    np.testing.assert_allclose(raw.geometry.centres[:, 2], [-5, 0, 5])


@pytest.mark.parametrize("quaternion", [(1.0, 1.0, 0.0, 0.0), (np.nan, 0.0, 0.0, 1.0)])
def test_what_is_no_rotation_tells_no_geometry(tmp_path, quaternion):
    turned = [replace(line, quaternion=quaternion) for line in lines_of(WIDE)]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(turned, 2 * N_X, N_Y)))
    assert raw.geometry is None
    assert raw.pixel_spacing_mm is not None


@pytest.mark.parametrize(("norm", "known"), [(1 + 5e-4, True), (1 - 5e-4, True), (1 + 2e-3, False)])
def test_a_rotation_is_a_quaternion_of_length_one(tmp_path, norm, known):
    turned = [replace(one, quaternion=tuple(norm * n for n in one.quaternion)) for one in lines_of(WIDE)]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(turned, 2 * N_X, N_Y)))
    assert (raw.geometry is not None) == known


def test_directions_are_the_columns_of_the_rotation_reversed():
    """Rodrigues: about an axis by an angle, of which the quaternion holds half."""
    axis, angle = np.array([2.0, -1.0, 2.0]) / 3, 0.7
    cross = np.cross(np.eye(3), axis)
    wanted = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    quaternion = np.array([np.cos(angle / 2), *np.sin(angle / 2) * axis])
    rotation = twix._rotation(quaternion)
    np.testing.assert_allclose(rotation @ axis, axis)
    np.testing.assert_allclose(rotation, wanted, atol=1e-12)


def test_every_slice_lies_where_its_first_line_says(tmp_path):
    blocks = [
        Block(WIDE[:, ky], {"Lin": ky, "Sli": n}, position=(1.0, 2.0, 10.0 * n + (ky > 0)))
        for ky in range(N_Y)
        for n in (2, 0, 1)
    ]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    np.testing.assert_allclose(raw.geometry.centres, [[1, 2, 0], [1, 2, 10], [1, 2, 20]])


def test_the_directions_are_those_of_the_first_slice(tmp_path):
    blocks = lines_of(WIDE, Sli=0) + [
        replace(one, quaternion=(np.nan, 0, 0, 1.0)) for one in lines_of(WIDE, Sli=1)
    ]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    np.testing.assert_allclose([raw.geometry.row, raw.geometry.column], [[1, 0, 0], [0, 1, 0]], atol=1e-6)
    assert raw.geometry.centres.shape == (2, 3)
