"""Conjugate gradients held to what defines them: the best vector of the Krylov space, item by item."""

import torch
from operator_battery import complex_normal

from sharpfit.physics.conjugate_gradient import conjugate_gradient

SHAPE = (2, 3)


def spread_matrix(seed):
    """A Hermitian positive 6 × 6 matrix with eigenvalues from 0.1 to 2."""
    basis, _ = torch.linalg.qr(complex_normal((6, 6), seed))
    return (basis * torch.linspace(0.1, 2, 6)) @ basis.mH


MATRICES = torch.stack([spread_matrix(seed) for seed in range(2)])


def gram(x):
    """One matrix per item, on images."""
    return (MATRICES @ x.flatten(-2)[..., None])[..., 0].reshape(x.shape)


def best_in_krylov(matrix, rhs, n_steps):
    """The x of span{b, M b, …, Mⁿ⁻¹ b} with the least ½ xᴴM x − Re bᴴx: Vᴴ M V a = Vᴴ b."""
    powers = [rhs]
    for _ in range(n_steps - 1):
        powers.append(matrix @ powers[-1])
    basis, _ = torch.linalg.qr(torch.stack(powers, 1))
    return basis @ torch.linalg.solve(basis.mH @ matrix @ basis, basis.mH @ rhs)


def test_every_step_gives_the_best_vector_of_the_krylov_space():
    rhs = complex_normal((2, *SHAPE), 5)
    assert not conjugate_gradient(gram, rhs, 0).any()
    for n_steps in (1, 2, 3, 6):
        found = conjugate_gradient(gram, rhs, n_steps).flatten(-2)
        for item in range(2):
            expected = best_in_krylov(MATRICES[item], rhs[item].flatten(), n_steps)
            torch.testing.assert_close(found[item], expected)
    torch.testing.assert_close(gram(conjugate_gradient(gram, rhs, 6)), rhs)


def test_an_item_that_is_solved_stays_where_it_is():
    rhs = complex_normal((2, *SHAPE), 5)
    rhs[0] = 0
    found = conjugate_gradient(gram, rhs, 9)
    assert not found[0].any()
    solution = torch.linalg.solve(MATRICES[1], rhs[1].flatten())
    torch.testing.assert_close(found[1].flatten(), solution)
