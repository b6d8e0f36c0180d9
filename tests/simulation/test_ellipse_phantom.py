import numpy as np
import pytest

from sharpfit.simulation import ellipse_phantom
from sharpfit.simulation.ellipse_phantom import Ellipse

TILTED = [Ellipse(1.5, 0.31, 0.17, 0.08, -0.11, np.deg2rad(25)), Ellipse(-0.5, 0.05, 0.12, 0.1, -0.1, 0.4)]


def ellipse_image(ellipses, y, x):
    """f(r) of the ellipses at points r (FOV)."""
    total = np.zeros(np.broadcast_shapes(y.shape, x.shape))
    for e in ellipses:
        along = (np.cos(e.angle) * (x - e.x) - np.sin(e.angle) * (y - e.y)) / e.half_width
        across = (np.sin(e.angle) * (x - e.x) + np.cos(e.angle) * (y - e.y)) / e.half_height
        total += e.intensity * (along**2 + across**2 <= 1)
    return total


def fine_integral(ellipses, ky, kx, n=2000):
    """∫ f(r) exp(−2πi k·r) dr by the midpoint rule."""
    axis = (np.arange(n) + 0.5) / n - 0.5
    values = ellipse_image(ellipses, axis[:, None], axis[None, :])
    along_y = np.exp(-2j * np.pi * np.outer(ky, axis))
    along_x = np.exp(-2j * np.pi * np.outer(kx, axis))
    return np.einsum("ky,yx,kx->k", along_y, values, along_x, optimize=True) / n**2


@pytest.mark.parametrize("ellipses", [TILTED, ellipse_phantom.shepp_logan()])
def test_transform_equals_a_fine_numerical_integral(ellipses):
    ky, kx = np.array([0, 0.4, -3, 7, 12.5, 0]), np.array([0, -0.8, 5, -7, 3.25, 20])
    exact = ellipse_phantom.ellipse_transform(ellipses, ky, kx)
    np.testing.assert_allclose(exact, fine_integral(ellipses, ky, kx), atol=2e-5)


def test_transform_at_zero_is_the_area():
    (ellipse, _) = TILTED
    total = ellipse_phantom.ellipse_transform([ellipse], np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(total, np.pi * ellipse.half_width * ellipse.half_height * ellipse.intensity)


def test_transform_is_smooth_where_kappa_vanishes():
    ky = np.array([0.0, 1e-9, 1e-7, 1e-6])
    values = ellipse_phantom.ellipse_transform(TILTED, ky, np.zeros(4))
    np.testing.assert_allclose(values, values[0], rtol=1e-5)


def test_coil_kspace_equals_the_integral_of_object_times_map():
    weights, frequencies = ellipse_phantom.coil_exponentials(3)
    kspace = ellipse_phantom.coil_kspace(TILTED, weights, frequencies, (8, 6))
    n = 1200
    axis = (np.arange(n) + 0.5) / n - 0.5
    seen = ellipse_image(TILTED, axis[:, None], axis[None, :])
    along = np.exp(2j * np.pi * np.multiply.outer(frequencies, axis))
    coil = np.einsum("m,my,mx->yx", weights[1], along[:, 0], along[:, 1], optimize=True)
    ky, kx = np.arange(8) - 4, np.arange(6) - 3
    waves_y, waves_x = (np.exp(-2j * np.pi * np.outer(k, axis)) for k in (ky, kx))
    expected = waves_y @ (seen * coil) @ waves_x.T / n**2 * np.sqrt(48)
    np.testing.assert_allclose(kspace[1], expected, atol=1e-3 * np.abs(expected).max())


def test_the_phantom_is_the_one_that_others_ship():
    """scikit-image drew Toft's table on 400 × 400 points, the field of view from edge to edge."""
    theirs = pytest.importorskip("skimage.data").shepp_logan_phantom()
    axis = np.linspace(-0.5, 0.5, 400)
    ours = ellipse_image(ellipse_phantom.shepp_logan(), axis[:, None], axis[None, :])
    np.testing.assert_allclose(ours, theirs, atol=0.5 / 255)  # they stored 8 bits


def test_a_coil_sees_by_distance_and_direction():
    """Coil j stands at angle 2πj/n on a ring of 0.75; turning around a coil turns its phase along."""
    y, x = np.array([[0.0], [0.1], [-0.3]]), np.array([[0.0, 0.2, 0.4]])
    maps = ellipse_phantom.birdcage(4, y, x)
    coils = [(0.75 * np.sin(a), 0.75 * np.cos(a)) for a in np.pi / 2 * np.arange(4)]
    distance = np.stack([np.hypot(y - cy, x - cx) for cy, cx in coils])
    np.testing.assert_allclose(
        np.abs(maps) * distance, np.broadcast_to(np.abs(maps[:1]) * distance[:1], maps.shape)
    )
    np.testing.assert_allclose(maps[:, 0, 0], maps[0, 0, 0])  # in phase at the centre
    for (cy, cx), one in zip(coils, maps, strict=True):
        direction = np.angle((x - cx) + 1j * (y - cy))
        turned = np.exp(1j * (direction - direction[0, 0]))
        np.testing.assert_allclose(one / np.abs(one) / turned, one[0, 0] / abs(one[0, 0]))


def test_maps_are_a_smooth_birdcage_of_unit_sum_of_squares():
    weights, frequencies = ellipse_phantom.coil_exponentials(8)
    assert weights.shape == (8, 49)
    maps = ellipse_phantom.coil_maps(weights, frequencies, (40, 30))
    birdcage = ellipse_phantom.birdcage(8, *ellipse_phantom.fov_grid((40, 30)))
    np.testing.assert_allclose((np.abs(birdcage) ** 2).sum(0), 1)
    assert np.sqrt((np.abs(maps - birdcage) ** 2).mean()) < 0.01
    np.testing.assert_allclose((np.abs(maps) ** 2).sum(0), 1, atol=0.15)


def test_the_image_has_the_objects_intensities_and_stands_upright():
    kspace = ellipse_phantom.coil_kspace(
        ellipse_phantom.shepp_logan(), np.ones((1, 1)), np.zeros((1, 2)), (128, 128)
    )[0]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace), norm="ortho")).real
    y, x = ellipse_phantom.fov_grid((128, 128))
    truth = ellipse_image(ellipse_phantom.shepp_logan(), y, x)
    inside = np.isclose(truth, 0.2)  # the brain
    assert abs(image[inside].mean() - 0.2) < 0.01
    large_disc, small_discs = image[64 - 22, 64], image[64 + 8 : 64 + 30, 64]  # above and below the middle
    assert large_disc > 0.25 > np.median(small_discs)
