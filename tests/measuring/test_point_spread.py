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


def gaussians(n, sigma_y, sigma_x, shift_y=0.0, shift_x=0.0):
    """A Gaussian of its own width and place along each axis, n × n."""
    at = np.arange(n) - n // 2
    lines = [
        np.exp(-((at - shift) ** 2) / (2 * sigma**2))
        for sigma, shift in ((sigma_y, shift_y), (sigma_x, shift_x))
    ]
    return np.outer(*lines)


@pytest.mark.parametrize(
    ("sigma_y", "sigma_x", "shift_y", "shift_x"),
    [(1.0, 1.6, 0, 0), (1.7, 0.9, 0, 0), (1.3, 1.3, 0.3, -0.2), (1.1, 1.5, -0.4, 0.1)],
)
@pytest.mark.parametrize("factor", [1, -3j])
def test_the_width_of_a_gaussian_is_known_along_each_axis(sigma_y, sigma_x, shift_y, shift_x, factor):
    """Beside its centre, too: to either side it falls to half of what it is at the window's middle."""
    fwhm, peak = fwhm_and_peak(factor * gaussians(17, sigma_y, sigma_x, shift_y, shift_x))
    known = [2 * np.sqrt(s**2 * 2 * np.log(2) + d**2) for s, d in ((sigma_y, shift_y), (sigma_x, shift_x))]
    np.testing.assert_allclose(fwhm, known, rtol=2e-3)
    assert peak == pytest.approx(
        abs(factor) * np.exp(-((shift_y / sigma_y) ** 2) / 2 - (shift_x / sigma_x) ** 2 / 2)
    )


@pytest.mark.parametrize("half", [3, 8])
def test_any_point_s_width_is_that_of_its_zero_padded_transform(half):
    """Along complex lines that a Fourier series of the window's length goes through."""
    n, fine = 2 * half + 1, 64
    rng = np.random.default_rng(half)
    ragged = 0.1 * (rng.standard_normal((5, n, n)) + 1j * rng.standard_normal((5, n, n)))
    windows = gaussians(n, 0.8, 1.0) + ragged * gaussians(n, 2, 2)
    found, _ = fwhm_and_peak(windows)
    at, k = np.arange(0, half, 1 / fine), np.fft.fftfreq(n, 1 / n)
    for window, widths in zip(windows, found, strict=True):
        for line, width in zip((window[:, half], window[half]), widths, strict=True):
            coefficients = np.fft.fft(np.roll(line, -half)) / n
            sides = [
                np.abs(np.exp(2j * np.pi * np.outer(side * at, k) / n) @ coefficients) for side in (1, -1)
            ]
            known = sum(at[(side < side[0] / 2).argmax()] for side in sides)
            assert width == pytest.approx(known, abs=2.5 / fine)


def test_a_line_that_falls_to_one_side_alone_has_no_width():
    window = np.ones((9, 9))
    window[:, :3] = 0
    window[:3] = 0
    assert np.isnan(fwhm_and_peak(window)[0]).all()


@pytest.mark.parametrize(("edge", "known"), [(0.499, True), (0.501, False)])
def test_a_half_that_is_reached_at_the_windows_last_pixel_counts(edge, known):
    """Between its last two pixels the line falls from 0.9 to the edge, which is the lowest there."""
    line = np.array([edge, 0.95, 1.0, 0.95, edge])
    window = np.ones((5, 5)) * line
    window[:, 2] = line
    fwhm, peak = fwhm_and_peak(window)
    assert peak == 1
    if known:
        np.testing.assert_allclose(fwhm, 4.0, atol=0.02)
    else:
        assert np.isnan(fwhm).all()
