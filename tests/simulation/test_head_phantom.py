import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.simulation import ellipse_phantom, head_phantom


def to_image(kspace):
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=axes), norm="ortho"), axes=axes)


def test_the_full_matrix_returns_the_picture():
    kspace, maps = head_phantom.head_kspace(4, (256, 256))
    combined = (maps.conj() * to_image(kspace)).sum(0)
    np.testing.assert_allclose(np.abs(combined), head_phantom.head_image(), atol=1e-12)


def test_a_smaller_matrix_is_cut_from_the_larger_and_keeps_intensities():
    large, _ = head_phantom.head_kspace(4, (256, 256))
    small, maps = head_phantom.head_kspace(4, (96, 80))
    scale = np.sqrt(96 * 80) / 256
    np.testing.assert_allclose(small, scale * large[:, 80:176, 88:168])
    odd, _ = head_phantom.head_kspace(4, (95, 81))
    np.testing.assert_allclose(
        odd * 256 / np.sqrt(95 * 81), large[:, 81:176, 88:169]
    )  # still k = 0 at 47, 40
    brightness = np.linalg.norm(to_image(small), axis=0)
    assert 0.9 < np.percentile(brightness, 99) / np.percentile(head_phantom.head_image(), 99) < 1.1
    assert maps.shape == (4, 96, 80)


def test_no_image_on_the_smaller_grid_explains_the_data_exactly():
    kspace, maps = head_phantom.head_kspace(8, (64, 64))
    images = to_image(kspace)
    left = images - maps * (maps.conj() * images).sum(0)
    assert 1e-3 < np.linalg.norm(left) / np.linalg.norm(images) < 0.1


def test_the_head_stands_upright_facing_left():
    image = head_phantom.head_image()
    assert image[:20].max() < 0.2  # air above the skull
    assert image[-20:, 100:150].mean() > 5 * image[:20].mean()  # the neck reaches the lower edge
    assert image[150:180, 30:60].mean() > image[150:180, -60:-30].mean()  # the face is on the left


def test_the_image_has_a_smooth_phase_that_is_nowhere_near_constant():
    kspace, maps = head_phantom.head_kspace(4, (256, 256))
    combined = (maps.conj() * to_image(kspace)).sum(0)
    inside = np.abs(combined) > 0.1
    phase = head_phantom.smooth_phase(*ellipse_phantom.fov_grid((256, 256)))
    np.testing.assert_allclose((combined / np.exp(1j * phase))[inside].imag, 0, atol=1e-12)
    assert np.ptp(phase[inside]) > np.pi / 2
    assert max(np.abs(np.diff(phase, axis=axis)).max() for axis in (0, 1)) < 0.05


@pytest.mark.parametrize("matrix", [(257, 128), (128, 257), (0, 128)])
def test_a_matrix_beyond_the_picture_is_refused(matrix):
    with pytest.raises(InputError, match=rf"matrix \[{matrix[0]}, {matrix[1]}\]"):
        head_phantom.head_kspace(2, matrix)
