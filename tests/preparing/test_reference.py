"""A given reference against the samples it belongs to: two slices, not square, units of both, by number."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing.reference import combine, combine_both, find, given, own_noise

SHAPE = (40, 36)
Y, X = (np.arange(n)[:, None] - n // 2 for n in SHAPE)
X = X.T
BLOB = np.exp(-((Y - 4) ** 2 + (X + 3) ** 2) / 60) * np.exp(1j * (0.05 * Y - 0.1 * X + 1))
IMAGE = np.stack([BLOB, 0.5 * np.roll(BLOB, 5, axis=1)])
PHASES = np.exp(1j * np.array([0.0, 1.0, 2.5]))
CSM = np.stack([np.exp(0.02 * Y * (j - 1)) * p * np.ones(SHAPE) for j, p in enumerate(PHASES)])
CSM = np.repeat((CSM / np.linalg.norm(CSM, axis=0))[None], 2, 0)
MASK = np.zeros(SHAPE, bool)
MASK[::3] = True
MASK[8:32] = True
KSPACE = to_kspace(CSM * IMAGE[:, None]) * MASK
UNIT = 8.0


def take(image, kspace=KSPACE, sampled=MASK):
    array = FileArray(image, "image.npy", None)
    return given(array, kspace.astype(np.complex64), UNIT, CSM, np.eye(3), sampled)


@pytest.mark.parametrize("factor", [0.52, 1, 1.96])
def test_a_reference_within_a_factor_of_two_keeps_its_values_and_phase(factor):
    image, said = take(UNIT / factor * IMAGE)
    np.testing.assert_allclose(image, UNIT / factor * IMAGE, rtol=1e-3, atol=1e-4)
    assert said.startswith("given (image.npy), whose phase is that of the samples")


CENTRE = np.zeros(SHAPE, bool)
CENTRE[12:28, 10:26] = True
STEEP = np.stack([np.exp(1j * (a * Y + b * X)) for a, b in ((0.12, 0), (-0.1, 0.05), (0, 0.15))])
STEEP = STEEP * np.stack([1.2 + np.cos(0.1 * Y + 0 * X), 1.2 + np.sin(0.12 * X + 0 * Y), np.ones(SHAPE)])
STEEP = np.repeat((STEEP / np.linalg.norm(STEEP, axis=0))[None], 2, 0)


@pytest.mark.parametrize("noise", [0, 0.02, 0.1])
@pytest.mark.parametrize("sampled", [CENTRE, MASK, np.ones(SHAPE, bool)], ids=["centre", "lines", "all"])
def test_an_image_that_explains_the_samples_is_kept_whatever_the_maps_and_the_noise(sampled, noise):
    """Of few samples, coil images hold each other's blur; it is no phase of the image."""
    rng = np.random.default_rng(3)
    kspace = to_kspace(STEEP * IMAGE[:, None])
    kspace = (kspace + noise * rng.standard_normal((*kspace.shape, 2)).view(complex)[..., 0]) * sampled
    array = FileArray(UNIT * IMAGE, "image.npy", None)
    image, said = given(array, kspace.astype(np.complex64), UNIT, STEEP, np.eye(3), sampled)
    assert said == "given (image.npy), whose phase is that of the samples"
    np.testing.assert_array_equal(image, (UNIT * IMAGE).astype(np.complex64))


@pytest.mark.parametrize("sampled", [CENTRE, MASK], ids=["centre", "lines"])
def test_an_image_of_other_maps_phase_is_turned_to_that_of_steep_maps(sampled):
    kspace = to_kspace(STEEP * IMAGE[:, None]) * sampled
    array = FileArray(UNIT * IMAGE * np.exp(0.05j * X), "image.npy", None)
    image, said = given(array, kspace.astype(np.complex64), UNIT, STEEP, np.eye(3), sampled)
    assert "up to a smooth phase" in said
    assert np.linalg.norm(image - UNIT * IMAGE) < 0.03 * np.linalg.norm(UNIT * IMAGE)


def test_a_reference_made_with_maps_of_another_phase_is_turned_to_those_of_the_fit():
    other = np.exp(1j * (2 + 0.1 * X - 0.05 * Y + 0.002 * X * Y))
    image, _ = take(UNIT * IMAGE * other)
    assert np.linalg.norm(image - UNIT * IMAGE) < 0.03 * np.linalg.norm(UNIT * IMAGE)


@pytest.mark.parametrize("factor", [0.48, 2.05, 100])
def test_the_factor_to_the_samples_is_measured(factor):
    with pytest.raises(InputError, match=r"image\.npy: the measured samples are (\S+) times") as raised:
        take(UNIT / factor * IMAGE)
    said = float(str(raised.value).split("samples are ")[1].split(" times")[0])
    assert said == pytest.approx(factor, rel=0.01)


@pytest.mark.parametrize(("factor", "told"), [(0.7, "0.70"), (0.96, ""), (1.04, ""), (1.5, "1.50")])
def test_a_factor_that_is_not_refused_is_told_with_the_reference(factor, told):
    for image in (IMAGE, np.abs(IMAGE)):
        said = take(UNIT / factor * image)[1]
        assert (f"; the samples are {told} times it" in said) == bool(told)


def test_the_factor_is_read_at_the_centre_of_k_space_where_that_was_sampled():
    sampled = np.ones(SHAPE, bool)
    sampled[[18, 22]] = False  # a centre of 3 × 3 samples
    kspace = to_kspace(CSM * IMAGE[:, None]) * sampled
    outside = sampled.copy()
    outside[19:22, 17:20] = False
    kspace[..., outside] *= 100
    take(UNIT * IMAGE, kspace, sampled)
    sampled[20, 18] = False  # no centre: then all samples
    with pytest.raises(InputError, match="the measured samples are"):
        take(UNIT * IMAGE, kspace * sampled, sampled)


def test_a_reference_that_lies_otherwise_is_refused():
    for wrong in (IMAGE[..., ::-1, :], np.roll(IMAGE, 6, -1)):
        with pytest.raises(InputError, match=r"image\.npy: lies otherwise than what was measured"):
            take(UNIT * wrong)


def test_a_reference_of_nothing_is_refused():
    with pytest.raises(InputError, match="the measured samples are inf times"):
        take(0 * IMAGE)


def test_a_magnitude_gets_the_smooth_phase_of_what_was_measured():
    rng = np.random.default_rng(0)
    kspace = to_kspace(CSM * IMAGE[:, None])
    noisy = kspace + 0.05 * rng.standard_normal((*kspace.shape, 2)).view(complex)[..., 0]
    image, said = take(UNIT * np.abs(IMAGE), noisy, np.ones(SHAPE, bool))
    assert np.linalg.norm(image - UNIT * IMAGE) < 0.06 * np.linalg.norm(UNIT * IMAGE)
    noise = combine(noisy, CSM, np.eye(3)) - IMAGE
    assert np.linalg.norm(noise) > 0.15 * np.linalg.norm(IMAGE), "single pixels' phase would take it along"
    assert said.startswith("given as magnitude (image.npy), up to a smooth phase")
    assert image.dtype == np.complex64


def test_combining_leaves_zero_where_no_coil_sees():
    blind = CSM.copy()
    blind[:, :, :3] = 0
    found = combine(KSPACE, blind, np.eye(3))
    assert not found[:, :3].any()
    assert found[:, 3:].all()


def drawn(*shape, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


FACTOR = np.eye(3) + 0.4 * drawn(3, 3)
PSI = FACTOR @ FACTOR.conj().T


def dense(images, maps):
    """(SᴴΨ⁻¹S)⁻¹ SᴴΨ⁻¹ of coil images (coil, y, x), S (coil, set) in every pixel."""
    inverse = np.linalg.inv(PSI)
    found = np.zeros((maps.shape[1], *images.shape[1:]), complex)
    for y, x in np.ndindex(*images.shape[1:]):
        S = maps[:, :, y, x]
        found[:, y, x] = np.linalg.solve(S.conj().T @ inverse @ S, S.conj().T @ inverse @ images[:, y, x])
    return found


def test_coils_are_combined_by_weighted_least_squares_in_every_pixel():
    images, maps = drawn(2, 3, 5, 4), drawn(2, 3, 5, 4, seed=2)
    second = drawn(2, 3, 5, 4, seed=3)
    one = combine(to_kspace(images).astype(np.complex64), maps, PSI)
    both = combine_both(to_kspace(images).astype(np.complex64), maps, second, PSI)
    for i in range(2):
        np.testing.assert_allclose(one[i], dense(images[i], maps[i][:, None])[0], atol=1e-4)
        sets = np.stack([maps[i], second[i]], axis=1)
        np.testing.assert_allclose(both[i], np.linalg.norm(dense(images[i], sets), axis=0), rtol=1e-3)


ALL = np.ones(SHAPE, bool)


def reference(acquired=ALL, second=None, **parts):
    kspace = KSPACE if acquired is MASK else to_kspace(CSM * IMAGE[:, None])
    raw = RawScan(UNIT * kspace, "scan", "as made", **parts)
    found = find(raw, kspace.astype(np.complex64), UNIT, CSM, np.eye(3), acquired, second)
    assert found.of_samples == found.source.startswith("all samples")
    return found.image, found.source


def test_a_full_scan_is_its_own_reference_in_the_units_of_the_file():
    image, said = reference()
    np.testing.assert_allclose(image, UNIT * IMAGE, atol=1e-3)
    assert (
        said
        == "all samples as measured, combined with the maps of the fit; the noise they share is taken out"
    )
    assert reference(MASK) == (None, "none")
    assert reference(second=CSM) == (
        None,
        "none: how much noise it shares with fits of two sets of maps is not known",
    )
    assert reference(MASK, CSM) == (None, "none")


def test_a_noise_free_twin_is_combined_as_it_is():
    twin = to_kspace(CSM * (7 * IMAGE)[:, None])
    for acquired in (MASK, ALL):
        image, said = reference(acquired, noise_free=twin)
        np.testing.assert_allclose(image, 7 * IMAGE, atol=1e-3)
        assert said == "noise-free k-space combined with the maps of the fit"
    second = np.roll(CSM, 1, axis=1) * np.array([1, 1j, -1])[:, None, None]
    image, said = reference(MASK, second, noise_free=twin)
    np.testing.assert_allclose(image, np.abs(7 * IMAGE), atol=1e-3)
    assert said == "noise-free k-space combined with the maps of the fit, root sum of squares of both sets"


def test_a_given_image_goes_before_a_twin_and_is_a_magnitude_beside_two_sets():
    array = FileArray(UNIT * IMAGE, "image.npy", None)
    image, said = reference(MASK, reference=array, noise_free=0 * KSPACE)
    np.testing.assert_allclose(image, UNIT * IMAGE, rtol=1e-3, atol=1e-4)
    assert said == "given (image.npy), whose phase is that of the samples"
    image, again = reference(MASK, CSM, reference=array)
    np.testing.assert_allclose(image, np.abs(UNIT * IMAGE), rtol=1e-3, atol=1e-4)
    assert again == f"{said}; its magnitude"
    assert image.dtype == np.complex64


@pytest.mark.parametrize("share", [1.0, 0.25, 0.0])
def test_the_noise_that_a_reference_holds_is_that_of_its_combination(share):
    """2 σ² Σ 1 / Σ|S|² over the object's pixels that a coil sees, in units of the file."""
    csm = 0.5 * drawn(2, 3, 4, 5).astype(np.complex64)
    csm[0, :, 1, 1] = 0
    inside = np.zeros((2, 4, 5), bool)
    inside[:, 1:3, 1:4] = True
    wanted = sum(
        1 / (np.abs(csm[i, :, y, x]) ** 2).sum() for i, y, x in np.argwhere(inside) if csm[i, :, y, x].any()
    )
    found = own_noise(csm, inside, 0.3, 5.0, share)
    variance = share * 1.5**2
    assert found["reference_noise_variance"] == pytest.approx(variance)
    assert found["reference_noise_energy"] == pytest.approx(2 * variance * wanted, rel=1e-5)
