"""Which locations a scan holds and which are fitted, with what is said of them."""

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.physics import masks
from sharpfit.preparing.samples import acquired, settle

RNG = np.random.default_rng(3)
SHAPE = (50, 40)
"""Two thousand locations: a thousandth of them is two."""


def kspace(n_slices=2, shape=SHAPE):
    return RNG.standard_normal((n_slices, 3, *shape)) + 1j


def without(values, n, slices=slice(None)):
    """Zeros in every coil at the first n locations."""
    flat = values.reshape(*values.shape[:2], -1)
    flat[slices, :, :n] = 0
    return values


def told(function, *given):
    with pytest.raises(InputError) as caught:
        function(*given)
    return str(caught.value)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_as_few_zeros_as_chance_makes_count_as_measured(n):
    """Fewer than a thousandth of 3000 locations."""
    found, said = acquired(without(kspace(shape=(60, 50)), n), None, "scan")
    if n < 3:
        assert found.all()
        assert said == f"fully sampled ({n} stray zeros count as measured)"
    else:
        assert (~found).sum() == 3
        assert said == (
            "3 of 3000 locations hold exact zeros in every coil and slice and count as not sampled"
        )
    assert acquired(kspace(), None, "scan")[1] == "fully sampled"


@pytest.mark.parametrize(("n", "alike"), [(2, True), (3, False)])
def test_slices_that_lack_more_than_a_thousandth_are_sampled_differently(n, alike):
    found, said = acquired(without(kspace(), n, 1), None, "scan")
    if alike:
        assert found.all()
        assert found.shape == SHAPE
        assert said == "fully sampled"
    else:
        assert found.shape == (2, *SHAPE)
        assert found.sum(axis=(1, 2)).tolist() == [2000, 1997]
        assert said == (
            "slices are sampled differently: 1997 to 2000 of 2000 locations in each, "
            "the others have no weight"
        )


def test_what_the_format_states_is_believed_whatever_the_samples_hold():
    stated = np.ones((2, *SHAPE), bool)
    stated[:, 10:20] = False
    found, said = acquired(kspace(), stated, "scan")
    np.testing.assert_array_equal(found, stated[0])
    assert said == "400 of 2000 locations were not acquired and have no weight"
    one = np.ones((2, *SHAPE), bool)
    one[:, 0, 0] = False
    assert acquired(kspace(), one, "scan") == (
        pytest.approx(one[0]),
        "1 of 2000 locations were not acquired and have no weight",
    )


def test_all_empty_slices_and_the_first_empty_coil_are_named():
    values = kspace(4)
    values[[1, 3]] = 0
    assert told(acquired, values, None, "scan") == (
        "scan: slice 1, 3 holds only zeros; leave it out by naming the others in select: {slice: […]}"
    )
    values = kspace(3)
    values[2, 1] = values[1, 2] = 0
    assert told(acquired, values, None, "scan") == (
        "scan: coil 2 holds only zeros in slice 1 and more in others; leave the slice out by naming the "
        "others in select: {slice: […]}, or set the coil to zero in all"
    )


LINES = {"pattern": "lines", "acceleration": 4, "n_calibration": 8, "seed": 1}
FULL = (np.ones(SHAPE, bool), "fully sampled")


@pytest.mark.parametrize("phase_axis", ["ky", "kx"])
def test_lines_are_laid_along_the_axis_that_is_encoded_one_by_one(phase_axis):
    made = settle(FULL, None, LINES, phase_axis, "scan")
    wanted = masks.make_mask(SHAPE if phase_axis == "ky" else SHAPE[::-1], **LINES)
    np.testing.assert_array_equal(made.fitted, wanted if phase_axis == "ky" else wanted.T)
    assert made.fitted.flags.c_contiguous
    assert made.acquired.all()
    assert made.source == "retrospective: pattern lines, acceleration 4, n_calibration 8, seed 1"


def test_of_slices_sampled_differently_none_is_undersampled_again():
    locations = np.ones((3, *SHAPE), bool)
    made = settle((locations, "each its own"), None, LINES, "ky", "scan")
    assert made.fitted.shape == SHAPE
    locations[2, 0, 0] = False
    assert told(settle, (locations, "each its own"), None, LINES, "ky", "scan") == (
        "scan: sampling: needs a fully sampled scan, but each its own; leave it out"
    )


def test_a_given_mask_is_part_of_what_was_acquired():
    locations = FULL[0].copy()
    locations[:3, 0] = False
    given = FileArray(np.eye(*SHAPE) > 0, "mask.npy", None)
    assert told(settle, (locations, "short"), given, None, "ky", "scan") == (
        "mask.npy: 1 locations of the mask hold only zeros in scan"
    )
    made = settle(FULL, given, None, "ky", "scan")
    np.testing.assert_array_equal(made.fitted, given.values)
    assert made.acquired.all()
    assert made.source == "given (mask.npy); the file itself: fully sampled"
    assert told(settle, FULL, given, LINES, "ky", "scan") == (
        "mask.npy: a scan takes either mask: or sampling:, not both"
    )
    plain = settle(FULL, None, None, "ky", "scan")
    assert plain.fitted is plain.acquired
