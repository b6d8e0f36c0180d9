"""FISTA and POGM held to their textbook forms, item by item."""

import numpy as np
import pytest
import torch

from sharpfit.fitting.solvers.fista import Fista
from sharpfit.fitting.solvers.pogm import Pogm

WEIGHT, N_STEPS = 0.05, 60
RNG = np.random.default_rng(2)
A = RNG.standard_normal((7, 5)) + 1j * RNG.standard_normal((7, 5))
A *= np.array([1, 0.5, 0.2, 0.1, 0.05])  # ill-conditioned: momentum overshoots and restarts
A /= np.linalg.norm(A, 2)
DATA = (RNG.standard_normal((2, 7)) + 1j * RNG.standard_normal((2, 7))) * np.array([[1], [3]])


def shrink(x, threshold):
    return x * np.maximum(1 - threshold / np.maximum(np.abs(x), 1e-30), 0)


class Shrinkage:
    """R = Σ|c|."""

    def prox(self, x, threshold):
        return torch.from_numpy(shrink(x.numpy(), threshold.numpy()))


def fista(y):
    """Every iterate of one item, and how often its momentum restarted.

    The gradient is evaluated at the extrapolated point.
    """
    x = z = np.zeros(5, complex)
    theta, n_restarts, iterates = 1.0, 0, []
    for _ in range(N_STEPS):
        moved = shrink(z - A.conj().T @ (A @ z - y), WEIGHT)
        uphill = np.vdot(z - moved, moved - x).real > 0
        after = 1.0 if uphill else (1 + np.sqrt(1 + 4 * theta**2)) / 2
        z = moved + (0 if uphill else (theta - 1) / after) * (moved - x)
        x, theta, n_restarts = moved, after, n_restarts + uphill
        iterates.append(x)
    return iterates, n_restarts


def pogm(y):
    """The same of Kim & Fessler 2018, algorithm POGM' with the restart of its gradient mapping."""
    x = omega = z = np.zeros(5, complex)
    theta, gamma, n_restarts, iterates = 1.0, 1.0, 0, []
    for _ in range(N_STEPS):
        gradient = A.conj().T @ (A @ x - y)
        omega_before, omega = omega, x - gradient
        theta_before, theta = theta, (1 + np.sqrt(1 + 4 * theta**2)) / 2
        gamma_before, gamma = gamma, (2 * theta_before + theta - 1) / theta
        z_before = z
        z = omega + (theta_before - 1) / theta * (omega - omega_before)
        z = z + theta_before / theta * (omega - x)
        z = z + (theta_before - 1) / (gamma_before * theta) * (z_before - x)
        x = shrink(z, WEIGHT * gamma)
        mapping = gradient - (x - z) / gamma
        if np.vdot(mapping, omega - omega_before).real > 0:
            theta, gamma, n_restarts = 1.0, 1.0, n_restarts + 1
        iterates.append(x)
    return iterates, n_restarts


@pytest.mark.parametrize(("make", "textbook"), [(Fista, fista), (Pogm, pogm)])
def test_every_iterate_is_that_of_the_textbook_and_each_item_restarts_alone(make, textbook):
    wanted = [textbook(y) for y in DATA]
    assert all(n_restarts > 0 for _, n_restarts in wanted)
    solver = make(torch.zeros(2, 1, 5, dtype=torch.complex128), Shrinkage(), WEIGHT)
    for t in range(N_STEPS):
        c = solver.c.numpy()[:, 0]
        gradient = (c @ A.T - DATA) @ A.conj()
        solver.step(torch.from_numpy(gradient[:, None]), torch.zeros(2, 1))
        expected = np.stack([iterates[t] for iterates, _ in wanted])
        np.testing.assert_allclose(solver.c.numpy()[:, 0], expected, atol=1e-10)
