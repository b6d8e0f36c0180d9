"""The filters of the risk: their shape, and the two ways of applying them."""

import math

import numpy as np
import pytest
import torch
from filter_oracle import left_of

from sharpfit.measuring import spectral_filter
from sharpfit.measuring.spectral_filter import Inverses, Polynomials
from sharpfit.physics.cartesian_sense import CartesianSense
from sharpfit.physics.line_gram import LineGram


@pytest.mark.parametrize("degree", [8, 12, 80])
def test_filter_is_near_one_above_the_cutoff_and_falls_to_zero_below(degree):
    lowest = spectral_filter.reach(degree)
    modes = torch.linspace(0, spectral_filter.TOP, 4001, dtype=torch.float64)[:, None, None]
    series = spectral_filter.filter_series(degree)
    seen = modes * spectral_filter.apply_series(lambda x: modes * x, torch.ones_like(modes), series)[0]
    np.testing.assert_allclose(1 - seen[:, 0, 0], left_of(modes[:, 0, 0], degree), rtol=0, atol=1e-9)
    strays = (seen - 1).abs()
    assert strays[modes > lowest].max() < spectral_filter.RIPPLE
    assert strays[modes > 0.9].max() < 0.01
    assert seen[0] == 0
    below = seen[modes < lowest]
    assert (below.diff() > 0).all()


@pytest.mark.parametrize("asked", [0.05, 0.0186, 0.0063, 0.0009])
def test_where_every_mode_is_sampled_fully_all_of_it_is_seen(asked):
    """As of any scan of all samples, whose AᴴA is the identity inside the object."""
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    for p in Polynomials(torch.clone, asked).both(one):
        assert float(p) == pytest.approx(1, abs=0.01)


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
    assert spectral_filter.degree_for(0.5, 80) == spectral_filter.LEAST_DEGREE
    for asked in (0.02, 0.002):
        degree = spectral_filter.degree_for(asked, 80)
        assert spectral_filter.reach(degree) <= asked < spectral_filter.reach(degree - 1)
    assert spectral_filter.degree_for(1e-9, 80) == 80


def test_polynomials_reach_as_far_as_they_say():
    assert spectral_filter.reach(Polynomials.HIGHEST_DEGREE) == pytest.approx(4.3e-4, abs=1e-5)
    for degree in (8, 12, 80):
        assert left_of(spectral_filter.reach(degree), degree) == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize("degree", [30, 80])
def test_filters_of_high_degree_are_stable_in_single_precision(degree):
    modes = torch.linspace(0, spectral_filter.TOP, 4001)[:, None, None]
    series = spectral_filter.filter_series(degree)
    (p,) = spectral_filter.apply_series(lambda x: modes * x, torch.ones_like(modes), series)
    np.testing.assert_allclose(1 - (modes * p)[:, 0, 0], left_of(modes[:, 0, 0], degree), rtol=0, atol=1e-3)


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


def of_slices(E):
    """One gram a slice, as a fit stages slices one by one."""
    parts = [CartesianSense(E.csm[i : i + 1], E._centred_mask) for i in range(len(E.csm))]
    return [part.line_gram(2 * len(parts), math.inf) for part in parts]


def iterated(E, x, a, *, seen):
    """p(M) x, or Q x where ``seen``, from the eigenvalues of each line's gram in double precision."""
    found = torch.zeros_like(x)
    for i, gram in enumerate(of_slices(E)):
        s, V = torch.linalg.eigh(gram._transposed[0].mT)
        p = (1 - (a / (s + a)) ** 2) / (1 if seen else s)
        found[..., i, :, :] = torch.einsum("lij,lj,lkj,...lk->...li", V, p.to(V), V.conj(), x[..., i, :, :])
    return found


@pytest.mark.parametrize("asked", [0.9, 0.01, 1e-4])
def test_inverses_are_those_of_every_slices_own_gram(asked):
    """For batches of several axes, the second filter whatever is asked of the first."""
    E = lines()
    x = images(E, 5, 2, 2)
    everywhere = torch.ones(2, *x.shape[-2:], dtype=torch.bool)
    filters = Inverses(of_slices(E), asked, everywhere)
    first = iterated(E, x, asked, seen=False)
    second = iterated(E, x, spectral_filter.WEAK / 5, seen=False)
    close = {"rtol": 1e-6, "atol": 1e-6}
    for found, expected in zip(filters.both(x), (first, second), strict=True):
        torch.testing.assert_close(found, expected, **close)
    torch.testing.assert_close(filters.first(x[0, 0]), first[0, 0], **close)
    torch.testing.assert_close(filters.second(x[0, 0]), second[0, 0], **close)
    assert filters.lowest == asked


@pytest.mark.parametrize("kind", ["polynomials", "inverses"])
@pytest.mark.parametrize("asked", [spectral_filter.reach(degree) for degree in (12, 30, 80)])
def test_both_kinds_see_a_mode_at_the_cutoff_to_the_same_part(kind, asked):
    """1 − RIPPLE of it, and of stronger modes no less; of one at a tenth of the cutoff under a third."""
    s = torch.tensor([asked / 10, asked, *torch.linspace(asked, 1, 200)], dtype=torch.float64)
    if kind == "polynomials":
        Q = (
            s
            * Polynomials(lambda x: s[:, None, None] * x, asked).first(torch.ones(len(s), 1, 1).double())[
                :, 0, 0
            ]
        )
    else:
        gram = LineGram(torch.diag(s)[None, None].to(torch.complex128))
        one = torch.ones(1, 1, len(s), dtype=torch.bool)
        Q = s * Inverses([gram], asked, one).first(one.to(torch.complex128))[0, 0].real
    assert Q[1] == pytest.approx(1 - spectral_filter.RIPPLE, abs=0.08)
    assert Q[2:].min() >= 1 - spectral_filter.RIPPLE - 1e-6
    assert Q[0] < 1 / 3


@pytest.mark.parametrize("rows", [(3, 4, 9), (0,), (13,), ()])
def test_lines_that_the_object_does_not_meet_are_left_out(rows):
    """Of two slices that it meets in other lines; between the first and the last all are the same."""
    E = lines()
    x = images(E, 3, 2)
    inside = torch.zeros(2, *x.shape[-2:], dtype=torch.bool)
    for n, row in enumerate(rows):
        inside[n % 2, row, 5] = True
    everywhere = Inverses(of_slices(E), 0.02, torch.ones_like(inside))
    at_object = Inverses(of_slices(E), 0.02, inside)
    first, last = (rows[0], rows[-1]) if rows else (0, 0)
    for one, other in zip(everywhere.both(x), at_object.both(x), strict=True):
        met = slice(first, last + 1)
        torch.testing.assert_close(other[..., met, :], one[..., met, :], rtol=1e-9, atol=1e-9)
        other[..., met, :] = 0
        assert not other.any()


@pytest.mark.parametrize("asked", [1e-3, 1e-5, 1e-9])
def test_inverses_reach_low_cutoffs_in_single_precision(asked):
    """Q against that of the eigenvalues in double precision, and where it ends."""
    single, double = lines(torch.complex64, 1), lines(n_slices=1)
    x = images(double, 3, 1)
    everywhere = torch.ones(1, *x.shape[-2:], dtype=torch.bool)
    filters = Inverses(of_slices(single), asked, everywhere)
    assert filters.lowest == max(asked, 1e-5)
    expected = iterated(double, x, filters.lowest, seen=True)
    found = filters.first(single.gram(x.to(torch.complex64)))
    assert (found - expected).abs().max() < 0.01 * expected.abs().max()


def test_matrices_are_for_lines_of_which_two_a_slice_fit_and_pay():
    def every_second_of(n):
        return torch.ones(1, 1, n, 4, dtype=torch.complex64), torch.arange(n)[:, None].expand(n, 4) % 2 == 0

    csm, mask = every_second_of(64)
    lines_of_64, lines_of_128 = CartesianSense(csm, mask), CartesianSense(*every_second_of(128))
    points = CartesianSense(csm, mask & (torch.arange(4) % 2 == 0))
    assert points.line_gram(2, 12) is None
    fit = (1 << 30) // (4 * 64 * 64 * 8)
    assert lines_of_64.line_gram(fit, 32) is not None
    assert lines_of_64.line_gram(fit + 1, 32) is None
    found = [lines_of_128.line_gram(2, degree) for degree in (63, 64, math.inf)]
    assert [one is None for one in found] == [True, False, False]
