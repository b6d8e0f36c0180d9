"""Every solver of the least-squares problem, on a 5 × 5 matrix."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import lsmr

from sharpfit.fitting.solving import Objective, make_penalty, make_solver

N_ITEMS = 3
REGIMES = {
    "gradient descent": {"optimizer": {"name": "SGD", "lr": 1.0}},
    "Adam": {"optimizer": {"name": "Adam", "lr": 0.05}},
    "plateau": {
        "optimizer": {"name": "Adam", "lr": 0.1},
        "schedule": [{"name": "ReduceLROnPlateau", "factor": 0.5, "patience": 1}],
    },
    "cg": {"solver": {"name": "cg"}},
    "lsmr": {"solver": {"name": "lsmr"}},
    "Adam by coefficient": {"optimizer": {"name": "ComplexAdam", "lr": 0.05}},
    "Adam by image": {"optimizer": {"name": "ComplexAdam", "lr": 0.05, "second_moment": "image"}},
    "Adam, image first": {"optimizer": {"name": "ComplexAdam", "lr": 0.05, "second_moment": "image_first"}},
    "plateau by image": {
        "optimizer": {"name": "ComplexAdam", "lr": 0.1, "second_moment": "image"},
        "schedule": [{"name": "ReduceLROnPlateau", "factor": 0.5, "patience": 1}],
    },
    "fista": {"solver": {"name": "fista"}, "penalty": {"name": "tikhonov", "weight": 1}},
    "pogm": {"solver": {"name": "pogm"}, "penalty": {"name": "tikhonov", "weight": 1}},
}
PROXIMAL = ("fista", "pogm")
WEIGHT = 0.01
every_regime = pytest.mark.parametrize("name", REGIMES)


def numbers(*shape, seed):
    return torch.randn(shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


A = numbers(7, 5, seed=0)
A = A / torch.linalg.matrix_norm(A, 2)
DATA = numbers(N_ITEMS, 1, 7, seed=1) * torch.tensor([1.0, 30.0, 0.01])[:, None, None]
EXACT = DATA @ torch.linalg.pinv(A).T  # (item, slice, 5)


def run(regime, data, n, solver=None):
    """Take n steps and return the solver."""
    penalty = make_penalty(regime) if regime else None
    objective = Objective(lambda c: (c @ A.T) @ A.conj(), data, penalty, WEIGHT)
    solver = solver or make_solver(regime, objective, torch.zeros(len(data), 1, 5, dtype=data.dtype))
    for _ in range(n):
        misfit = solver.c.detach() @ A.T - data
        solver.step(misfit @ A.conj(), misfit.abs().square().sum(-1))
    return solver


@pytest.mark.parametrize(
    ("name", "n", "error"), [("gradient descent", 4000, 1e-6), ("cg", 5, 1e-9), ("lsmr", 5, 1e-8)]
)
def test_the_least_squares_solution_is_reached(name, n, error):
    found = run(REGIMES[name], DATA, n).c.detach()
    assert ((found - EXACT).abs() < error * EXACT.abs().amax(-1, keepdim=True)).all()


@every_regime
def test_items_end_where_each_ends_alone(name):
    together = run(REGIMES[name], DATA, 12).c
    for i in range(N_ITEMS):
        torch.testing.assert_close(together[i : i + 1], run(REGIMES[name], DATA[i : i + 1], 12).c)


@every_regime
def test_a_saved_state_goes_on_bit_for_bit(name):
    whole, first = run(REGIMES[name], DATA, 9), run(REGIMES[name], DATA, 4)
    second = run(REGIMES[name], DATA, 0)
    second.load_state_dict(first.state_dict())
    assert torch.equal(run(None, DATA, 5, second).c, whole.c)
    assert second.pace == whole.pace


@pytest.mark.parametrize("name", ["cg", "lsmr"])
def test_krylov_solvers_rest_once_they_have_arrived(name):
    """What is left of the residual is rounding; a step along it would divide rounding by itself."""
    arrived = run(REGIMES[name], DATA, 8).c.clone()
    assert torch.equal(run(REGIMES[name], DATA, 60).c, arrived)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_lsmr_walks_as_scipys(n):
    found = run(REGIMES["lsmr"], DATA, n).c[:, 0].numpy()
    for item, data in zip(found, DATA[:, 0].numpy(), strict=True):
        np.testing.assert_allclose(item, lsmr(A.numpy(), data, maxiter=n)[0], rtol=1e-9)


def test_conjugate_gradients_know_no_learning_rate():
    solver = run(REGIMES["cg"], DATA, 1)
    assert solver.lr != solver.lr
    assert solver.pace == 1


class Sparsity:
    """R(c) = Σ|c|; its proximal map is soft-thresholding."""

    def value(self, x):
        return x.abs().sum(-1)

    def prox(self, x, threshold):
        return x * ((x.abs() - threshold).clamp(min=0) / x.abs().clamp(min=1e-30))

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


@pytest.mark.parametrize("name", PROXIMAL)
def test_the_ridge_solution_is_reached(name):
    found = run(REGIMES[name], DATA, 600).c
    normal = A.mH @ A + WEIGHT * torch.eye(5)
    exact = (DATA @ A.conj()) @ torch.linalg.inv(normal).T
    torch.testing.assert_close(found, exact, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", PROXIMAL)
def test_the_sparse_solution_meets_its_optimality_conditions(name):
    """Aᴴ(A c − y) = −λ c / |c| where c is not 0, and |Aᴴ(A c − y)| ≤ λ where it is."""
    weight = 0.3
    objective = Objective(lambda c: c, DATA[:1], Sparsity(), weight)
    solver = make_solver(REGIMES[name], objective, torch.zeros(1, 1, 5, dtype=DATA.dtype))
    solver = run(None, DATA[:1], 3000, solver)
    gradient = (solver.c @ A.T - DATA[:1]) @ A.conj()
    kept = solver.c != 0
    assert 0 < int(kept.sum()) < 5
    torch.testing.assert_close(
        gradient[kept], -weight * solver.c[kept] / solver.c[kept].abs(), rtol=0, atol=1e-7
    )
    assert (gradient[~kept].abs() <= weight).all()


@pytest.mark.parametrize("name", PROXIMAL)
def test_momentum_is_faster_than_plain_proximal_steps(name):
    """Restarts and all: 60 steps come nearer than 60 of the plain proximal gradient."""
    plain = torch.zeros(1, 1, 5, dtype=DATA.dtype)
    for _ in range(60):
        plain = Sparsity().prox(plain - (plain @ A.T - DATA[:1]) @ A.conj(), 0.01)

    def value(c):
        return float(0.5 * (c @ A.T - DATA[:1]).abs().square().sum() + 0.01 * c.abs().sum())

    def fit(n):
        objective = Objective(lambda c: c, DATA[:1], Sparsity(), 0.01)
        start = torch.zeros(1, 1, 5, dtype=DATA.dtype)
        return value(run(None, DATA[:1], n, make_solver(REGIMES[name], objective, start)).c)

    lowest = fit(5000)
    assert fit(60) - lowest < 0.1 * (value(plain) - lowest)
