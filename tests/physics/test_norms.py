import numpy as np
import pytest
import torch
from operator_battery import complex_normal

from sharpfit.physics.norms import energy, inner, item_axes, quotient, spread_over


def test_energies_and_inner_products_are_sums_over_the_axes_named():
    """Those of products within 1e-6 of the norms, as is said."""
    a, b = (complex_normal((2, 3, 4, 5), seed).to(torch.complex64) for seed in (1, 2))
    wide_a, wide_b = a.numpy().astype(complex), b.numpy().astype(complex)
    for dims in ((-2, -1), (-3, -2, -1), (-1,)):
        torch.testing.assert_close(energy(a, dims), torch.from_numpy((np.abs(wide_a) ** 2).sum(dims)))
        bound = 1e-6 * float((energy(a, dims) * energy(b, dims)).sqrt().min())
        exact = torch.from_numpy((wide_a.conj() * wide_b).real.sum(dims))
        torch.testing.assert_close(inner(a, b, dims), exact, rtol=0, atol=bound)
    assert energy(a).shape == inner(a, b).shape == (2, 3)
    torch.testing.assert_close(energy(a.real, (-1,)), torch.from_numpy((wide_a.real**2).sum(-1)))
    torch.testing.assert_close(energy(a.conj()), energy(a))
    torch.testing.assert_close(inner(1j * a, 1j * b), inner(a, b))
    torch.testing.assert_close(inner(a.real, b), torch.from_numpy((wide_a.real * wide_b.real).sum((-2, -1))))


def test_sums_are_taken_in_double_precision():
    """Single precision would stop counting at 2²⁴; what is left of blocks of 4096 counts too."""
    many = torch.ones(2**24 + 2, dtype=torch.float32)
    assert float(energy(many, (-1,))) == float(inner(many, many, (-1,))) == 2**24 + 2


@pytest.mark.parametrize(
    "shape", [(4096,), (4097,), (3, 4095), (3, 2 * 4096), (2, 3, 100, 90), (5000, 2, 3), (4097, 1)]
)
def test_blocks_and_what_is_left_of_them_are_summed_for_each_item(shape):
    """As many items as a block has values, too."""
    a, b = (complex_normal(shape, seed).to(torch.complex64) for seed in (1, 2))
    dims = (-2, -1) if len(shape) > 2 else (-1,)
    wide_a, wide_b = a.numpy().astype(complex), b.numpy().astype(complex)
    torch.testing.assert_close(
        energy(a, dims), torch.from_numpy(np.asarray((np.abs(wide_a) ** 2).sum(dims))), rtol=2e-6, atol=0
    )
    exact = torch.from_numpy(np.asarray((wide_a.conj() * wide_b).real.sum(dims)))
    bound = 1e-6 * float((energy(a, dims) * energy(b, dims)).sqrt().max())
    torch.testing.assert_close(inner(a, b, dims), exact, rtol=0, atol=bound)
    torch.testing.assert_close(
        inner(a.real, b, dims),
        torch.from_numpy(np.asarray((wide_a.real * wide_b.real).sum(dims))),
        rtol=0,
        atol=bound,
    )


def test_a_quotient_of_nothing_is_nothing():
    top, bottom = torch.tensor([3.0, 3.0, 3.0, 0.0]), torch.tensor([2.0, 0.0, -1.0, 0.0])
    assert quotient(top, bottom).tolist() == [1.5, 0.0, 0.0, 0.0]


def test_one_value_for_each_item_is_spread_over_its_own_axes():
    c = torch.zeros(2, 3, 5, 7)
    assert item_axes(c) == (-2, -1)
    assert item_axes(torch.zeros(2, 3, 4, 5, 7)) == (-3, -2, -1)
    assert spread_over(torch.ones(2, 3), c).shape == (2, 3, 1, 1)
