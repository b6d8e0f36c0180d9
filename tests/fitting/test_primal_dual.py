"""The primal-dual solver and its penalties against slow, independent minimisation, and their invariances."""

import numpy as np
import pytest
import torch
from small_problem import CPU, MEASURES, small

from sharpfit.errors import PausedFitError
from sharpfit.fitting.penalties import smooth_phase, total_variation
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.solvers.primal_dual import PrimalDual

WEIGHT = 0.05
RNG = np.random.default_rng(3)
NY, NX = 8, 9
SEEN = RNG.random((NY, NX)) < 0.6
PENALTIES = {"total_variation": total_variation.make, "smooth_phase": smooth_phase.make}
every_penalty = pytest.mark.parametrize("name", PENALTIES)


def data(n_items=2, seed=4):
    rng = np.random.default_rng(seed)
    k = np.fft.fft2(np.kron(rng.standard_normal((n_items, 4, 3)), np.ones((2, 3))), norm="ortho")
    noise = rng.standard_normal((2, n_items, NY, NX))
    return np.where(SEEN, k + 0.02 * (noise[0] + 1j * noise[1]), 0)


def residual(x, y):
    return np.where(SEEN, np.fft.fft2(x, norm="ortho") - y, 0)


def solve(penalty, y, n):
    """Take n steps from zero; items × (NY, NX), in float64."""
    solver = PrimalDual(torch.zeros(len(y), 1, NY, NX, dtype=torch.complex128), penalty, WEIGHT)
    for _ in range(n):
        gradient = np.fft.ifft2(residual(solver.c[:, 0].numpy(), y), norm="ortho")
        solver.step(torch.from_numpy(gradient)[:, None], torch.zeros(len(y), 1))
    return solver.c[:, 0].numpy()


def objective(x, y):
    differences = np.stack([np.roll(x, -1, axis) - x for axis in (-2, -1)])
    lengths = np.sqrt((np.abs(differences) ** 2).sum(0))
    return 0.5 * (np.abs(residual(x, y)) ** 2).sum((-2, -1)) + WEIGHT * lengths.sum((-2, -1))


def smoothed_descent(y):
    """Minimise the objective with |v| smoothed to √(|v|² + ε²), by L-BFGS."""
    from scipy.optimize import minimize

    def value_and_gradient(flat, epsilon):
        x = flat.view(complex).reshape(NY, NX)
        d = np.stack([np.roll(x, -1, axis) - x for axis in (-2, -1)])
        length = np.sqrt((np.abs(d) ** 2).sum(0) + epsilon**2)
        p = d / length
        slope = WEIGHT * sum(np.roll(p[i], 1, axis) - p[i] for i, axis in enumerate((-2, -1)))
        r = residual(x, y)
        slope = slope + np.fft.ifft2(r, norm="ortho")
        return 0.5 * (np.abs(r) ** 2).sum() + WEIGHT * length.sum(), slope.ravel().view(float)

    flat = np.zeros(2 * NY * NX)
    for epsilon in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5):
        options = {"maxiter": 3000, "maxcor": 50, "ftol": 1e-15, "gtol": 1e-9}
        flat = minimize(
            value_and_gradient, flat, args=(epsilon,), jac=True, method="L-BFGS-B", options=options
        ).x
    return flat.view(complex).reshape(NY, NX)


def test_the_objective_of_total_variation_is_minimised():
    y = data()
    found, wanted = solve(total_variation.make(), y, 3000), np.stack([smoothed_descent(one) for one in y])
    assert (objective(found, y) <= objective(wanted, y) * (1 + 1e-6)).all()
    np.testing.assert_allclose(found, wanted, atol=2e-3)


@every_penalty
def test_split_and_merge_are_adjoint(name):
    penalty = PENALTIES[name]()
    x = torch.from_numpy(data(3)[:, None])
    penalty.begin_step(x + 1)
    there = penalty.split(x)
    dual = torch.randn(there.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    back = penalty.merge(dual)
    assert float((there * dual).sum()) == pytest.approx(float((x.conj() * back).real.sum()), rel=1e-10)
    assert float((there**2).sum()) <= penalty.norm * float((x.abs() ** 2).sum())


@every_penalty
def test_items_end_where_each_ends_alone(name):
    y = data(3) * np.array([1.0, 30.0, 0.1])[:, None, None]
    together = solve(PENALTIES[name](), y, 25)
    for i in range(3):
        np.testing.assert_allclose(together[i : i + 1], solve(PENALTIES[name](), y[i : i + 1], 25), rtol=1e-9)


def test_a_smooth_phase_changes_nothing_but_the_phase():
    """What the penalty does to an image does not depend on a constant phase of it."""
    y, turn = data(), np.exp(0.7j)
    steps = 1 + 2 * smooth_phase.PHASE_EVERY
    found, turned = (solve(_settled(y * one), y * one, steps) for one in (1, turn))
    np.testing.assert_allclose(turned, turn * found, atol=1e-9)


def _settled(y):
    """A penalty that knows the phase of the zero-filled image from its first step on."""
    penalty = smooth_phase.make()
    zero_filled = torch.from_numpy(np.fft.ifft2(y, norm="ortho"))[:, None]
    penalty.load_state_dict({"phase": smooth_phase._smooth_phase(zero_filled), "step": 1})
    return penalty


def test_noise_across_the_phase_is_taken_away_that_a_joint_modulus_keeps():
    """A smooth phase, edges in the magnitude: at the same weight less noise is left across the phase."""
    rng = np.random.default_rng(1)
    magnitude = np.kron(rng.random((8, 8)) > 0.5, np.ones((4, 4))) + 1.0
    phase = np.exp(1j * 0.4 * np.sin(2 * np.pi * np.arange(32) / 32))
    truth = magnitude * phase
    noise = 0.1 * (rng.standard_normal((2, 32, 32)) * np.array([[[1]], [[1j]]])).sum(0)
    left = {}
    for name, make in PENALTIES.items():
        solver = PrimalDual(torch.zeros(1, 1, 32, 32, dtype=torch.complex128), make(), 0.1)
        for _ in range(300):
            solver.step(solver.c - torch.from_numpy(truth + noise), torch.zeros(1, 1))
        left[name] = np.linalg.norm(((solver.c[0, 0].numpy() - truth) * phase.conj()).imag)
    assert left["smooth_phase"] < 0.8 * left["total_variation"]


def test_the_smooth_phase_penalty_is_a_norm_of_each_item_that_a_constant_does_not_have():
    """Of a constant image nothing varies; the rest grows with the image, and no item sees another."""
    penalty, x = smooth_phase.make(), torch.from_numpy(data(3)[:, None])
    one = penalty.value(x)
    assert one.shape == (3, 1)
    assert (one > 0).all()
    torch.testing.assert_close(penalty.value(-2.5 * x), 2.5 * one)
    torch.testing.assert_close(torch.cat([penalty.value(part) for part in x.split(1)]), one)
    flat = torch.full((1, 1, 32, 32), 2 - 1j, dtype=torch.complex128)
    assert float(penalty.value(flat)) < 1e-10


def test_what_a_grid_of_blocks_leaves_over_is_kept():
    penalty, x = smooth_phase.make(), torch.from_numpy(data(1)[:, None])
    torch.testing.assert_close(penalty.shrink(x, 0.0), x)


@every_penalty
def test_a_paused_path_goes_on_and_ends_with_the_same_bits(name, tmp_path):
    regime = {
        "solver": {"name": "primal_dual"},
        "penalty": {"name": name, "weight": "judged"},
        "start": "zero",
        "n_iterations": 90,
    }

    def fit(**options):
        return reconstruct(case.scan, case.attrs, regime, MEASURES, device=CPU, **options)

    case, asked = small(), iter(range(1000))
    whole = fit()
    with pytest.raises(PausedFitError):
        fit(state=tmp_path / "fit", pause=lambda: next(asked) == 41)
    resumed = fit(state=tmp_path / "fit")
    for key, values in whole[0].items():
        np.testing.assert_array_equal(resumed[0][key], values)
