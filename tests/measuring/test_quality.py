from dataclasses import astuple

import numpy as np
import pytest

from sharpfit.measuring import quality


def reference():
    image = np.zeros((2, 40, 40), complex)
    image[:, 10:30, 8:32] = 1 + 0.5j
    image[:, 18:22, 18:22] = 0.2
    return image


def test_a_perfect_image():
    assert astuple(quality.against_reference(reference(), reference())) == pytest.approx((0, 1, 0))


def test_nrmse_is_complex_and_taken_inside_the_object():
    image = reference()
    assert quality.nrmse(1j * image, image) == pytest.approx(2**0.5)
    outside = image + 5 * ~quality.object_mask(image)
    assert quality.nrmse(outside, image) == 0


def test_hfen_sees_a_blur_and_not_an_offset():
    image = np.abs(reference())
    blurred = (image + np.roll(image, 1, -1) + np.roll(image, -1, -1)) / 3
    assert quality.hfen(image + 1, image) == pytest.approx(0, abs=0.01)
    assert quality.hfen(blurred, image) > 0.05
    assert quality.ssim(blurred, image) < 0.99


def test_values_that_are_not_finite_have_no_quality():
    image = reference()
    image[0, 0, 0] = np.nan
    assert np.isnan(astuple(quality.against_reference(image, reference()))).all()
