"""A reference's place is told by the centre of k-space, with any noise, phase and contrast."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.physics.kspace import to_images, to_kspace
from sharpfit.preparing.reference import _centre, _tells_places
from sharpfit.preparing.reference_place import check_place
from sharpfit.simulation.simulate import simulate

PLACES = {
    "mirrored along y": lambda image: image[..., ::-1, :],
    "mirrored along x": lambda image: image[..., ::-1],
    "mirrored along y and x": lambda image: image[..., ::-1, ::-1],
    "exchanged y for x": lambda image: image.swapaxes(-1, -2),
    "exchanged y for x, mirrored along y": lambda image: image.swapaxes(-1, -2)[..., ::-1],
    "shifted by -3 and 5 pixels along y and x": lambda image: np.roll(image, (3, -5), (-2, -1)),
    "shifted by 32 and 32 pixels along y and x": np.fft.fftshift,
}
CONTRASTS = {
    "same": lambda image: image,
    "magnitude": np.abs,
    "flat": lambda image: np.abs(image) ** 0.5,
    "other phase": lambda image: image * np.exp(0.05j * np.arange(64)),
    "inverted": lambda image: np.abs(image).max() - np.abs(image),
}


def of_the_centre(image, width):
    kspace = to_kspace(image.astype(np.complex64))
    inner = slice(32 - width // 2, 32 + width // 2)
    kept = np.zeros_like(kspace)
    kept[..., inner, inner] = kspace[..., inner, inner]
    return to_images(kept)


@pytest.fixture(scope="module", params=["head", "ellipses"])
def scan(request):
    """Return a simulated object and its noisy measurement, complex (slice, y, x), for a level of noise."""

    def made(noise):
        found = simulate(
            object=request.param, matrix=[64, 64], n_coils=4, noise_level=noise, noise_correlation=0.2, seed=4
        )
        return [(found.csm.conj() * to_images(k)).sum(1) for k in (found.noise_free, found.kspace)]

    return made


@pytest.mark.parametrize("width", [12, 24])
@pytest.mark.parametrize("noise", [0.01, 0.1])
@pytest.mark.parametrize("place", PLACES)
def test_what_lies_otherwise_is_refused_with_the_place(scan, noise, width, place):
    image, measured = scan(noise)
    wrong = of_the_centre(PLACES[place](image), width)
    with pytest.raises(InputError, match=rf"^ref\.npy: lies otherwise .* when it is {place}; write it so"):
        check_place("ref.npy", wrong, of_the_centre(measured, width))


@pytest.mark.parametrize("width", [4, 12])
@pytest.mark.parametrize("noise", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("contrast", CONTRASTS)
def test_what_lies_right_is_taken_whatever_it_shows(scan, noise, width, contrast):
    image, measured = scan(noise)
    check_place("ref.npy", of_the_centre(CONTRASTS[contrast](image), width), of_the_centre(measured, width))


def test_nothing_lies_nowhere():
    check_place("ref.npy", np.zeros((1, 8, 8)), np.ones((1, 8, 8)))


@pytest.mark.parametrize(("side", "tells"), [(2, False), (7, False), (8, True), (24, True)])
def test_a_centre_of_few_locations_does_not_tell_where_an_object_lies(side, tells):
    centre = np.zeros((32, 40), bool)
    centre[16 - side // 2 :, 20 - side // 2 :][:side, :side] = True
    assert _tells_places(centre) == tells


@pytest.mark.parametrize(("every", "tells"), [(1, True), (2, False)])
def test_without_a_centre_what_folds_looks_like_another_place(every, tells):
    sampled = np.zeros((32, 40), bool)
    sampled[16 % every + (every > 1) :: every] = True  # the line through the centre is left out
    assert _tells_places(_centre(sampled)) == tells
