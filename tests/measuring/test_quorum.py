"""What most estimates say, by hand."""

import numpy as np
import pytest

from sharpfit.measuring.quorum import (
    SURROGATE,
    Estimate,
    agreed_minimum,
    estimates_of,
    most_of,
)

ZEROS = np.zeros(4)


def estimates(*minima, n=6):
    """One estimate for every checkpoint that is to be its smallest."""
    return {str(i): Estimate(np.abs(np.arange(n) - at), np.ones(n)) for i, at in enumerate(minima)}


@pytest.mark.parametrize(
    ("minima", "picked", "most"),
    [((), 0, 1), ((4,), 4, 1), ((4, 1), 1, 2), ((5, 0, 3), 4, 2), ((2, 2, 0), 2, 2), ((5, 4, 1, 0), 1, 3)],
)
def test_the_pick_is_where_the_middle_of_the_rises_is_smallest(minima, picked, most):
    """By hand for |t − minimum|; of (5, 0, 3) the rises at 4 are 1, 4 and 1, at 3 they are 2, 3 and 0."""
    assert agreed_minimum(estimates(*minima)) == picked
    assert most_of(estimates(*minima)) == most


def test_the_crest_between_two_troughs_is_not_picked():
    """The picks are 1, 3 and 5; their middle is the crest, on which two of three stand high."""
    first = np.array([4.0, 1.0, 2.0, 3.0, 2.0, 1.2])
    crest = np.array([4.0, 2.5, 2.4, 2.3, 2.4, 2.5])
    last = np.array([4.0, 1.3, 2.0, 3.0, 2.0, 1.0])
    found = {str(i): Estimate(values, values) for i, values in enumerate((first, crest, last))}
    assert agreed_minimum(found) in (1, 5)


def test_rises_count_in_shares_of_the_error_at_each_minimum():
    """Both differ by 1, which is a tenth of the one error and all of the other."""
    large = Estimate(np.array([10.0, 11.0]), np.array([10.0, 11.0]))
    small = Estimate(np.array([2.0, 1.0]), np.array([2.0, 1.0]))
    assert agreed_minimum({"large": large, "small": small}) == 1


@pytest.mark.parametrize(("share", "picked"), [(1.9e-5, 1), (2.1e-5, 2)])
@pytest.mark.parametrize("sign", [1, -1])
def test_where_a_fit_rests_its_first_image_is_taken_whatever_rounding_says(share, picked, sign):
    """Errors of 500 that differ by less than 2e-5 of themselves, with rounding of either sign."""
    rounding = sign * np.array([0, 0, 1e-7, -1e-7, 2e-7])
    error = 500 * (1 + np.r_[0.5, share, 0, 0, 0] + rounding)
    found = {name: Estimate(error - constant, error) for name, constant in (("J", 0), ("samples", 400))}
    assert agreed_minimum(found) == picked


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_an_estimate_does_not_count(unit):
    """By hand for two: at 0 the one stands 3 errors above its least, at 1 the other 2."""
    values = [np.array([4.0, 1.0, 1.6]), np.array([1.0, 3.0, 1.5])]
    plain, other = (Estimate(one, np.ones(3)) for one in values)
    scaled = Estimate(unit * values[1], unit * np.ones(3))
    assert agreed_minimum({"plain": plain, "other": other}) == 2
    assert agreed_minimum({"plain": plain, "other": scaled}) == 2


def test_what_is_not_finite_is_nobodys_minimum():
    values = np.array([3.0, np.nan, -np.inf, 2.0, np.inf])
    assert agreed_minimum({"J": Estimate(values, np.ones(5))}) == 3
    others = {str(i): Estimate(np.arange(5.0), np.ones(5)) for i in range(2)}
    assert agreed_minimum({"J": Estimate(values * np.nan, np.ones(5)), **others}) == 0


def test_a_rise_is_a_share_of_the_error_at_the_pick():
    one = Estimate(np.array([5.0, 1.0, 1.2]), np.array([5.0, 2.0, 2.0]))
    assert one.least_rise(1, 0.1) == pytest.approx(0.2)
    assert one.rose(1, 0.09)
    assert not one.rose(1, 0.11)
    assert not one.rose(0, 0.0)


def test_the_error_of_each_is_at_least_what_its_noise_makes():
    risk, distance = np.array([3.0, 1.0, -2.0, 4.0]), np.array([2.0, 0.5, 0.1, 3.0])
    held_out = np.array([1.5, 1.02, 0.9, 1.3])
    found = estimates_of(risk, distance, held_out, ZEROS + 0.8, ZEROS + 0.1)
    assert list(found) == ["J", SURROGATE, "held-out"]
    np.testing.assert_allclose(found["J"].error, [3.0, 1.0, 0.8, 4.0])
    np.testing.assert_allclose(found[SURROGATE].error, [3.0, 1.0, 0.8, 4.0])  # J where that is larger
    np.testing.assert_allclose(found["held-out"].error, [0.5, 0.1, 0.1, 0.3])
    np.testing.assert_allclose(found["held-out"].values, held_out)


def test_an_estimate_that_is_known_nowhere_is_left_out():
    found = estimates_of(ZEROS, ZEROS, ZEROS * np.nan, ZEROS, ZEROS)
    assert list(found) == ["J", SURROGATE]


def test_without_any_estimate_the_start_is_picked():
    assert agreed_minimum({}) == 0


def test_an_error_of_nothing_lets_rises_count_as_they_are():
    """By hand: one rises by 1.2 from a perfect fit, the other falls by 1.5 errors."""
    perfect = Estimate(np.array([0.0, 1.2]), np.array([0.0, 1.2]))
    other = Estimate(np.array([2.5, 1.0]), np.array([2.5, 1.0]))
    assert agreed_minimum({"perfect": perfect, "other": other}) == 1
    less = Estimate(np.array([2.1, 1.0]), np.array([2.1, 1.0]))
    assert agreed_minimum({"perfect": perfect, "other": less}) == 0


def test_a_rise_of_exactly_its_share_is_none():
    one = Estimate(np.array([1.0, 1.5]), np.array([2.0, 2.0]))
    assert not one.rose(0, 0.25)
    assert one.rose(0, 0.2)
