"""Greys of pictures: their window, how much errors are magnified, and what pixels become."""

import numpy as np
import pytest

from sharpfit.reporting.grey import gain_for, grey_window, times
from sharpfit.reporting.preview import grey_picture


def test_white_is_the_percentile_of_the_magnitudes_that_are_numbers():
    values = np.arange(1001.0).reshape(7, 143)
    assert grey_window(values) == grey_window(-1j * values) == pytest.approx(995)
    spoilt = np.r_[values.ravel(), np.nan, np.inf, -np.inf]
    assert grey_window(spoilt) == pytest.approx(995)
    assert grey_window(0.01 * values) == pytest.approx(9.95)


@pytest.mark.parametrize("image", [np.zeros((3, 4)), np.full((3, 4), np.nan), np.zeros((0, 4))])
def test_a_picture_of_nothing_has_a_window_of_one(image):
    assert grey_window(image) == 1.0


def test_the_gain_is_that_of_the_brightest_image_but_for_a_thousandth_of_its_pixels():
    """Of 10,001 pixels the ten brightest do not count; the limit itself is not beyond white."""
    values = np.full(10001, 0.25)
    values[:9] = 1e6
    values[9] = np.nan
    assert gain_for([values, values / 10], 0.5) == 2
    assert gain_for([values / 10, values], 0.499) == 1
    values[:20] = 1e6
    assert gain_for([values], 0.5) == 0.1
    assert gain_for([], 0.5) == gain_for([np.zeros((0, 4)), np.zeros((3, 4))], 0.5) == 1.0
    assert gain_for([np.full((3, 4), np.nan), np.full((3, 4), 0.25)], 0.5) == 2
    assert gain_for([1e-9 * np.ones((2, 2))], 1.0) == 100


def test_a_pixel_is_its_share_of_white_in_255_steps():
    image = np.array([[0, 0.1, -0.5, 0.5j], [1, 1.5, np.nan, np.inf]])
    picture = np.asarray(grey_picture(image, 1.0, None))
    assert picture.tolist() == [[0, 26, 128, 128], [255, 255, 0, 0]]
    assert np.asarray(grey_picture(image, 4.0, None)).tolist() == [[0, 6, 32, 32], [64, 96, 0, 0]]


@pytest.mark.parametrize(
    ("spacing", "size"),
    [((1.0, 1.0), (6, 4)), ((2.0, 1.0), (6, 8)), ((1.0, 2.5), (15, 4)), ((3.0, 4.0), (8, 4)), (None, (6, 4))],
)
def test_the_finer_spacing_is_that_of_the_picture(spacing, size):
    """Width and height of four rows of six pixels."""
    assert grey_picture(np.ones((4, 6)), 1.0, spacing).size == size


def test_no_picture_is_said_to_be_magnified_once():
    assert times(1.0) == ""
    assert times(5.0) == " × 5"
