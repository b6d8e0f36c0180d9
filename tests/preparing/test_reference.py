"""A given reference against the samples it belongs to: two slices, not square, units of both, by number."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing.reference import combine, given

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
    assert said.startswith("given (image.npy), up to a smooth phase")


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
