import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.simulation.simulate import as_datasets, coil_covariance, complex_noise, simulate

SMALL = {"matrix": [32, 24], "n_coils": 3, "noise_level": 0.05, "noise_correlation": 0.3, "seed": 4}


@pytest.mark.parametrize("kind", ["ellipses", "head"])
def test_noise_has_the_stated_level_and_covariance(kind):
    scan = simulate(object=kind, **SMALL)
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(scan.noise_free[0], (-2, -1)), norm="ortho"), (-2, -1)
    )
    std = 0.05 * np.percentile(np.linalg.norm(images, axis=0), 99)
    expected = coil_covariance(3, std, 0.3)
    for noise in (scan.noise, (scan.kspace - scan.noise_free)[0].reshape(3, -1)):
        measured = noise @ noise.conj().T / noise.shape[1]
        tolerance = 5 * expected[0, 0].real / np.sqrt(noise.shape[1])
        np.testing.assert_allclose(measured, expected, atol=tolerance)
    in_scan = (scan.kspace - scan.noise_free)[0].reshape(3, -1)
    shared = in_scan @ scan.noise[:, : in_scan.shape[1]].conj().T / in_scan.shape[1]
    np.testing.assert_allclose(shared, 0, atol=5 * expected[0, 0].real / np.sqrt(in_scan.shape[1]))


def test_shapes_types_and_spacing():
    scan = simulate(object="head", **SMALL)
    assert scan.kspace.shape == scan.noise_free.shape == scan.csm.shape == (1, 3, 32, 24)
    assert {array.dtype for array in (scan.kspace, scan.noise_free, scan.noise, scan.csm)} == {np.dtype("c8")}
    np.testing.assert_allclose(scan.pixel_spacing_mm, [7.5, 10])


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    first, again = (simulate(object="ellipses", **SMALL) for _ in range(2))
    other = simulate(object="ellipses", **SMALL | {"seed": 5})
    for name, values in first._asdict().items():
        np.testing.assert_array_equal(values, getattr(again, name))
    assert not np.array_equal(first.kspace, other.kspace)
    np.testing.assert_array_equal(first.noise_free, other.noise_free)


def test_no_noise_is_no_noise():
    scan = simulate(object="ellipses", **SMALL | {"noise_level": 0})
    np.testing.assert_array_equal(scan.kspace, scan.noise_free)


def test_correlated_covariance_is_positive_definite_and_hermitian():
    covariance = coil_covariance(8, 0.7, 0.9)
    np.testing.assert_allclose(covariance, covariance.conj().T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    np.testing.assert_allclose(np.diag(covariance), 2 * 0.49)
    for i, j in np.ndindex(8, 8):  # E[n_i n_j*] = 2 std² ρ^|i−j| exp(iφ(i−j)), φ = 30°
        expected = 2 * 0.49 * 0.9 ** abs(i - j) * np.exp(1j * np.deg2rad(30) * (i - j))
        np.testing.assert_allclose(covariance[i, j], expected)


def test_complex_noise_has_unit_variance():
    noise = complex_noise(np.random.default_rng(0), (20000,))
    assert abs((np.abs(noise) ** 2).mean() - 1) < 0.03
    assert abs((noise**2).mean()) < 0.03


def test_an_unknown_object_is_refused():
    with pytest.raises(InputError, match=r"'cube'.*ellipses"):
        simulate(object="cube", **SMALL)


def test_the_file_says_what_it_is():
    datasets, attrs = as_datasets(simulate(object="ellipses", **SMALL))
    assert set(datasets) == {"kspace", "noise_free", "noise", "csm", "pixel_spacing_mm"}
    assert attrs["axes"] == "slice coil ky kx"
