import numpy as np
import torch
from operator_battery import complex_normal

from sharpfit.physics.norms import energy, inner


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
