import numpy as np
import pytest

from sharpfit.measuring.point_spread import fwhm_and_peak


@pytest.mark.parametrize("axis", [0, 1])
def test_zero_filling_widens_the_point_along_its_axis_as_the_dirichlet_kernel_says(axis):
    n, kept, half = 64, 32, 8
    line = np.zeros(n)
    line[n // 2 - kept // 2 : n // 2 + kept // 2 + 1] = 1
    kernel = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(line)))
    delta = np.eye(n)[n // 2]
    psf = np.outer(kernel, delta) if axis == 0 else np.outer(delta, kernel)
    window = slice(n // 2 - half, n // 2 + half + 1)
    fwhm, peak = fwhm_and_peak(np.stack([psf[window, window]] * 3))
    assert fwhm.shape == (3, 2)
    assert np.abs(fwhm[:, axis] - 1.207 * n / (kept + 1)).max() < 0.06
    assert np.abs(fwhm[:, 1 - axis] - 1.207).max() < 0.02
    np.testing.assert_allclose(peak, (kept + 1) / n)


@pytest.mark.parametrize("value", [0, 1, np.nan, np.inf])
def test_an_answer_that_never_falls_to_half_has_no_width(value):
    assert np.isnan(fwhm_and_peak(np.full((2, 17, 17), value, np.complex64))[0]).all()
