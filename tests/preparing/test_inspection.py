"""What is said of a scan's lines."""

import numpy as np
import pytest

from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing.inspection import inspect


def said_of(sampled, axis=2):
    """What is said of 16 lines along ky, or along kx, of which these are sampled."""
    rng = np.random.default_rng(0)
    kspace = np.zeros((1, 2, 16, 16), np.complex64)
    lines = kspace if axis == 2 else kspace.swapaxes(2, 3)
    lines[:, :, list(sampled)] = rng.standard_normal((1, 2, len(sampled), 16))
    raw = RawScan(kspace, "here", "measured", phase_axis="ky" if axis == 2 else "kx")
    return inspect(raw).facts["sampling"]


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize(
    ("sampled", "words"),
    [
        ([0, 3, 6, 7, 8, 9, 12, 15], "8 of 16 lines, every 3 at the sides;"),
        (range(4, 16), "12 of 16 lines, partial Fourier 0.79;"),  # 4 below the centre and 7 above: 11 / 14
        ([2, *range(5, 16)], "12 of 16 lines, every 3 at the sides;"),
        ([5, 8, 9, 12, 15], "5 of 16 lines, every 3 at the sides, partial Fourier 0.71;"),
        (range(12), "12 of 16 lines, partial Fourier 0.69;"),  # 8 below and 3 above: 11 / 16
        (range(1, 16), "15 of 16 lines;"),
        (range(16), "fully sampled (R = 1)"),
        ([2, 4, *range(6, 16)], "12 of 16 lines, every 2 at the sides;"),
    ],
)
def test_lines_their_spacing_and_what_is_missing_of_a_side(sampled, words, axis):
    assert words in said_of(list(sampled), axis)


@pytest.mark.parametrize(("width", "is_enough"), [(11, False), (12, True)])
def test_a_calibration_block_is_told_with_whether_maps_can_be_made_of_it(width, is_enough):
    kspace = np.zeros((1, 2, 40, 40), np.complex64)
    lines = [*range(0, 40, 4), *range(20 - width // 2, 20 - width // 2 + width)]
    kspace[:, :, lines] = 1 + np.random.default_rng(1).random((1, 2, len(lines), 40))
    said = inspect(RawScan(kspace, "here", "measured")).facts["calibration"]
    sides = [width, width + 1]  # a line of the others may lie at its side
    assert any(said.startswith(f"the central {side} × {side} are sampled fully") for side in sides)
    assert ("too small for maps, so give them (csm:)" not in said) == is_enough


def test_the_field_of_view_is_pixels_times_their_size():
    kspace = np.ones((1, 2, 24, 16), np.complex64)
    raw = RawScan(kspace, "here", "measured", pixel_spacing_mm=(1.5, 2.0))
    assert inspect(raw).facts["spacing"] == "1.5 × 2 mm (field of view 36 × 32 mm)"
