"""What a fit takes of a preprocessed scan, each array from its own place."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.fitting.preprocessed import Preprocessed, shown
from sharpfit.physics import map_sets

SHAPE = (2, 3, 6, 4)
NAMES = ("kspace", "csm", "mask", "held_out_mask", "support", "measured_noise", "surrogate")


def scan(*, second=False, noise=True):
    rng = np.random.default_rng(5)

    def drawn():
        return (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)).astype(np.complex64)

    mask = np.zeros(SHAPE[2:], bool)
    mask[::2] = True
    arrays = {
        "kspace": drawn(),
        "csm": drawn(),
        "mask": mask,
        "held_out_mask": mask & (rng.random((6, 4)) < 0.3),
    }
    arrays["support"] = rng.random((2, 6, 4)) < 0.7
    if noise:
        arrays["measured_noise"] = drawn()
    arrays["surrogate"] = drawn()[:, 0]
    if second:
        arrays["surrogate"] = np.concatenate([drawn()[:, 0], drawn()[:, 0]], axis=-2)
        arrays["csm_second"] = drawn() * (rng.random((2, 1, 6, 4)) < 0.5)
    return arrays


@pytest.mark.parametrize("noise", [True, False])
def test_one_set_of_maps_is_taken_as_it_is(noise):
    arrays = scan(noise=noise)
    found = Preprocessed.of(arrays)
    for name in NAMES:
        wanted = arrays.get(name)
        assert (
            (getattr(found, name) is wanted)
            if wanted is None
            else np.array_equal(getattr(found, name), wanted)
        )
    images = np.ones((3, 2, 6, 4))
    assert all(
        one is other for one, other in zip(shown(arrays, images, images), (images, images), strict=True)
    )


@pytest.mark.parametrize("noise", [True, False])
def test_two_sets_of_maps_are_one_on_twice_the_field_of_view(noise):
    """Samples lie twice as densely, every second one unsampled; the object is where either set sees it."""
    arrays = scan(second=True, noise=noise)
    found = Preprocessed.of(arrays)
    for name in ("kspace", "mask", "held_out_mask", *(["measured_noise"] if noise else [])):
        wide = getattr(found, name)
        assert wide.shape == (*arrays[name].shape[:-2], 12, 4)
        np.testing.assert_array_equal(wide[..., ::2, :], arrays[name])
        assert not wide[..., 1::2, :].any()
    assert noise or found.measured_noise is None
    np.testing.assert_array_equal(found.surrogate, arrays["surrogate"])  # stacked already
    first, second = map_sets.parted_maps(found.csm, map_sets.axis_of(arrays["mask"]))
    np.testing.assert_allclose(first, arrays["csm"], rtol=1e-6)
    np.testing.assert_allclose(second, arrays["csm_second"], rtol=1e-6)
    one, other = map_sets.parted(found.support, map_sets.axis_of(arrays["mask"]))
    np.testing.assert_array_equal(one, arrays["support"])
    np.testing.assert_array_equal(other, arrays["support"] & (np.abs(arrays["csm_second"]).sum(1) > 0))


def test_of_two_sets_magnitudes_are_shown():
    arrays = scan(second=True)
    images = np.random.default_rng(1).standard_normal((3, 2, 12, 4)) + 1j
    found, noise_map = shown(arrays, images, np.full((3, 2, 12, 4), 0.5))
    one, other = map_sets.parted(images, -2)
    np.testing.assert_allclose(found, np.sqrt(np.abs(one) ** 2 + np.abs(other) ** 2), rtol=1e-6)
    np.testing.assert_allclose(noise_map, 0.5, rtol=1e-6)


@pytest.mark.parametrize("second", [True, False])
def test_a_surrogate_of_another_frame_is_refused(second):
    arrays = scan(second=second)
    arrays["surrogate"] = arrays["surrogate"][:, :1]
    with pytest.raises(InputError, match=r"surrogate has the shape \(2, 1, 4\).*run preprocess again"):
        Preprocessed.of(arrays)


@pytest.mark.parametrize("name", ["kspace", "csm", "csm_second", "basis", "surrogate"])
def test_other_precisions_are_refused(name):
    arrays = scan(second=True)
    arrays[name] = np.ones((2, 2), np.complex128)
    with pytest.raises(InputError) as caught:
        Preprocessed.of(arrays)
    assert str(caught.value) == (
        f"{name} is complex128, but preprocess writes complex64; run preprocess again"
    )
