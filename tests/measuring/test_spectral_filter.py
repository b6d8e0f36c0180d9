"""The filters of the risk: their shape, and the two ways of applying them."""

import math

import numpy as np
import pytest
import torch

from sharpfit.measuring import spectral_filter
from sharpfit.measuring.spectral_filter import Applied, Multiplied
from sharpfit.physics.cartesian_sense import CartesianSense


@pytest.mark.parametrize("lowest", [0.01, 0.2])
def test_filter_is_near_one_above_the_cutoff_and_falls_to_zero_below(lowest):
    modes = torch.linspace(0, spectral_filter.TOP, 401, dtype=torch.float64)[:, None, None]
    series = spectral_filter.filter_series(lowest)
    seen = modes * spectral_filter.apply_series(lambda x: modes * x, torch.ones_like(modes), series)[0]
    assert (seen[modes > lowest] - 1).abs().max() < spectral_filter.RIPPLE
    assert seen[0] == 0
    below = seen[modes < lowest / 2]
    assert (below.diff() > 0).all()


def cutoff(*scan, model_errs=False):
    return spectral_filter.cutoff(*scan, model_errs=model_errs)


def test_cutoff_depends_on_the_scan_and_stays_within_bounds():
    assert cutoff(4.0, 2.0, 0.4, 0) == pytest.approx(4 * cutoff(4.0, 2.0, 0.2, 0))
    assert cutoff(1.0, 2.0, 1.0, 10) == spectral_filter.HIGHEST
    assert cutoff(1.0, 2.0, 1e-9, 10) == pytest.approx(4e-18)
    assert cutoff(10.0, 3.0, 0.5, 4) == pytest.approx(2 * 0.5**2 / ((10 - 4 * 0.5**2) / 3))
    assert cutoff(10.0, 3.0, 1.5, 4) == spectral_filter.HIGHEST, "a mode holds little more"


def test_where_the_model_errs_errors_count_in_well_determined_modes_alone():
    assert cutoff(1.0, 2.0, 1e-9, 10, model_errs=True) == spectral_filter.WEAK
    assert cutoff(10.0, 3.0, 0.5, 4, model_errs=True) == cutoff(10.0, 3.0, 0.5, 4) > spectral_filter.WEAK
    assert cutoff(1.0, 2.0, 1.0, 10, model_errs=True) == spectral_filter.HIGHEST


def test_the_degree_is_the_least_that_reaches_the_cutoff():
    assert spectral_filter.degree_for(0.5, 60) == spectral_filter.degree_for(0.0067, 60) == 12
    degree = spectral_filter.degree_for(0.002, 60)
    assert spectral_filter.reach(degree) <= 0.002 < spectral_filter.reach(degree - 1)
    assert spectral_filter.degree_for(1e-9, 60) == 60


def test_each_way_reaches_as_far_as_it_says():
    applied, multiplied = spectral_filter.Applied, spectral_filter.Multiplied
    assert spectral_filter.reach(applied.HIGHEST_DEGREE) == pytest.approx(3.0e-4, abs=1e-5)
    assert spectral_filter.reach(multiplied.HIGHEST_DEGREE) == pytest.approx(1.0e-5, abs=1e-7)


@pytest.mark.parametrize("lowest", [3e-4, 1e-3])
def test_filters_of_high_degree_are_stable_in_single_precision(lowest):
    modes = torch.linspace(0, spectral_filter.TOP, 4001)[:, None, None]
    series = spectral_filter.filter_series(lowest, spectral_filter.degree_for(lowest, 60))
    (p,) = spectral_filter.apply_series(lambda x: modes * x, torch.ones_like(modes), series)
    seen = modes * p
    assert (seen[modes > lowest] - 1).abs().max() < spectral_filter.RIPPLE + 1e-3


SHAPE = (20, 14)


def lines(dtype=torch.complex128, n_slices=2, n_coils=3):
    """E of a line mask, its maps of unit power as after ESPIRiT."""
    generator = torch.Generator().manual_seed(8)
    csm = torch.randn(n_slices, n_coils, *SHAPE, generator=generator, dtype=torch.complex128)
    csm /= csm.abs().square().sum(1, keepdim=True).sqrt()
    mask = (torch.rand(SHAPE[0], 1, generator=generator) < 0.5).expand(SHAPE)
    return CartesianSense(csm.to(dtype), mask)


def images(E, *shape):
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(*shape, *SHAPE, generator=generator, dtype=torch.complex128)
    return E.stage_image(x).to(E.csm.dtype)


def polynomials(lowest, degree):
    return spectral_filter.filter_series(lowest, degree), spectral_filter.filter_series(spectral_filter.WEAK)


@pytest.mark.parametrize("degree", [12, 13, 24, 60, 333])
def test_multiplying_is_applying(degree):
    """Of any degree, in one part or in many; batches of several axes, and each slice its own."""
    E = lines()
    series = polynomials(spectral_filter.reach(degree), degree)
    x = images(E, 5, 2, 2)
    everywhere = torch.ones(2, *x.shape[-2:], dtype=torch.bool)
    applied, multiplied = Applied(E.gram, series), Multiplied(of_slices(E, degree), series, everywhere)
    for one, other in zip(applied.both(x), multiplied.both(x), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(multiplied.first(x[0, 0]), applied.first(x[0, 0]), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(multiplied.second(x[0, 0]), applied.second(x[0, 0]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [(3, 4, 9), (0,), (13,), ()])
def test_lines_that_the_object_does_not_meet_are_left_out(rows):
    """Of two slices that it meets in other lines; between the first and the last all are the same."""
    E, series = lines(), polynomials(spectral_filter.reach(24), 24)
    x = images(E, 3, 2)
    inside = torch.zeros(2, *x.shape[-2:], dtype=torch.bool)
    for n, row in enumerate(rows):
        inside[n % 2, row, 5] = True
    applied, multiplied = Applied(E.gram, series), Multiplied(of_slices(E, 24), series, inside)
    first, last = (rows[0], rows[-1]) if rows else (0, 0)
    for one, other in zip(applied.both(x), multiplied.both(x), strict=True):
        met = slice(first, last + 1)
        torch.testing.assert_close(other[..., met, :], one[..., met, :], rtol=1e-9, atol=1e-9)
        other[..., met, :] = 0
        assert not other.any()


def of_slices(E, degree):
    """One gram a slice, as a fit stages slices one by one."""
    parts = [CartesianSense(E.csm[i : i + 1], E._centred_mask) for i in range(len(E.csm))]
    return [part.line_gram(2 * len(parts), degree) for part in parts]


@pytest.mark.parametrize("lowest", [1e-3, 1e-5])
def test_matrices_reach_low_cutoffs_in_single_precision(lowest):
    """Q = p(N) N against the filter of the eigenvalues in double precision."""
    degree = spectral_filter.degree_for(lowest, Multiplied.HIGHEST_DEGREE)
    lowest = max(lowest, spectral_filter.reach(degree))
    single, double = lines(torch.complex64, 1), lines(n_slices=1)
    x = images(double, 3, 1)
    gram = double.line_gram(2, degree)
    s, V = np.linalg.eigh(gram._transposed[0].mT.numpy())
    T = np.polynomial.chebyshev.Chebyshev.basis(degree + 1)
    top = spectral_filter.TOP
    strays = T((top + lowest - 2 * s) / (top - lowest)) / T((top + lowest) / (top - lowest))
    Q = (V * (1 - strays)[:, None]) @ V.conj().swapaxes(-1, -2)
    expected = np.einsum("pij,kpj->kpi", Q, x[:, 0].numpy())
    everywhere = torch.ones(1, *x.shape[-2:], dtype=torch.bool)
    made = Multiplied([single.line_gram(2, degree)], polynomials(lowest, degree), everywhere)
    found = made.first(single.gram(x.to(torch.complex64)))[:, 0].numpy()
    assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()


def test_matrices_are_for_lines_of_which_two_a_slice_fit_and_pay():
    def every_second_of(n):
        return torch.ones(1, 1, n, 4, dtype=torch.complex64), torch.arange(n)[:, None].expand(n, 4) % 2 == 0

    csm, mask = every_second_of(64)
    lines_of_64, lines_of_128 = CartesianSense(csm, mask), CartesianSense(*every_second_of(128))
    points = CartesianSense(csm, mask & (torch.arange(4) % 2 == 0))
    assert points.line_gram(2, 12) is None
    fit = (1 << 30) // (4 * 64 * 64 * 8)
    assert lines_of_64.line_gram(fit, 12) is not None
    assert lines_of_64.line_gram(fit + 1, 12) is None
    found = [lines_of_128.line_gram(2, degree) for degree in (81, 83, math.inf)]
    assert [one is None for one in found] == [True, False, False]
