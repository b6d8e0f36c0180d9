"""The primal-dual solver and its penalties against slow, independent minimisation, and their invariances."""

import numpy as np
import pytest
import scipy.fft
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


def test_noise_across_the_phase_is_taken_away_that_parts_of_both_would_keep(monkeypatch):
    """A smooth phase, edges in the magnitude: turned by 45°, both parts hold the edges, and noise beside."""
    rng = np.random.default_rng(1)
    magnitude = np.kron(rng.random((8, 8)) > 0.5, np.ones((4, 4))) + 1.0
    phase = np.exp(1j * 0.4 * np.sin(2 * np.pi * np.arange(32) / 32))
    truth = magnitude * phase
    noise = 0.1 * (rng.standard_normal((2, 32, 32)) * np.array([[[1]], [[1j]]])).sum(0)
    smooth, left = smooth_phase._smooth_phase, {}
    for turn in (0, np.pi / 4):
        monkeypatch.setattr(smooth_phase, "_smooth_phase", lambda x, turn=turn: smooth(x) * np.exp(1j * turn))
        start = torch.zeros(1, 1, 32, 32, dtype=torch.complex128)
        solver = PrimalDual(start, smooth_phase.make(), 0.15)
        for _ in range(300):
            solver.step(solver.c - torch.from_numpy(truth + noise), torch.zeros(1, 1))
        left[turn] = np.linalg.norm(((solver.c[0, 0].numpy() - truth) * phase.conj()).imag)
    assert left[0] < 0.8 * left[np.pi / 4]
    assert left[0] < 0.6 * np.linalg.norm(noise.imag)


def of_cosines(z, weight):
    """λ₂ δ log(1 + |z| / δ), λ₂ the weight's share of 0.85, δ = 2 λ₂."""
    most = 0.85 * weight
    return most * 2 * most * np.log1p(np.abs(z) / (2 * most))


def blocks_of(planes, size, transform):
    """The orthonormal cosine transform, or its inverse, of every block of (plane, y, x)."""
    found = planes.copy()
    for y in range(0, planes.shape[1] - size + 1, size):
        for x in range(0, planes.shape[2] - size + 1, size):
            block = np.s_[:, y : y + size, x : x + size]
            found[block] = transform(planes[block], axes=(1, 2), norm="ortho")
    return found


def test_every_cosine_but_a_blocks_mean_goes_to_the_minimum_of_its_own_objective():
    """½ (z − c)² + τ λ₂ δ log(1 + |z| / δ), real and imaginary part apart, found by trying all z."""
    size, weight, step = smooth_phase.BLOCK, 0.3, 0.7
    rng = np.random.default_rng(5)
    x = rng.standard_normal((2 * size, 3 * size)) + 1j * rng.standard_normal((2 * size, 3 * size))
    found = smooth_phase.make().shrink(torch.from_numpy(x)[None, None], weight, step)[0, 0].numpy()
    grid, wanted = np.linspace(-6, 6, 24_001), np.zeros((2, *x.shape))
    for off in (0, size // 2):
        shift = off + np.random.default_rng(0).integers(0, size, 2)  # of the step before the first
        cosines = blocks_of(np.roll(np.stack([x.real, x.imag]), shift, (1, 2)), size, scipy.fft.dctn)
        lowest = [(0.5 * (grid - c) ** 2 + step * of_cosines(grid, weight)).argmin() for c in cosines.flat]
        least = grid[lowest].reshape(cosines.shape)
        least[:, ::size, ::size] = cosines[:, ::size, ::size]
        wanted += 0.5 * np.roll(blocks_of(least, size, scipy.fft.idctn), -shift, (1, 2))
    np.testing.assert_allclose(found, wanted[0] + 1j * wanted[1], atol=5e-3)
    assert np.count_nonzero(np.abs(cosines) < step * 0.85 * weight) > 20  # some of them end at 0


def test_no_cosine_jumps_where_its_data_change_little():
    """Traces of ∂x/∂y are taken along small changes; a penalty with a jump would have none."""
    step = 1 / (0.5 + 0.1 * smooth_phase.SmoothPhase.norm)  # the solver's
    c = torch.linspace(-3, 3, 60_001, dtype=torch.float64)
    shrunk = smooth_phase._shrunk(c, *smooth_phase._of_cosines(1.0), step)
    assert float((shrunk.diff() / c.diff()).max()) < 2
    assert float(shrunk.diff().min()) >= 0
    assert torch.equal(shrunk, -shrunk.flip(0))


def test_differences_along_the_phase_and_across_it_are_bounded_apart():
    dual = torch.randn(2, 2, 1, 1, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    dual[:, 1] *= 1e-3
    clipped = smooth_phase.make().clip(dual, 0.2)
    lengths = clipped.square().sum(0).sqrt()
    assert float(lengths[0].max()) == pytest.approx(0.15 * 0.2)
    torch.testing.assert_close(clipped[:, 1], dual[:, 1])


def test_what_a_grid_of_blocks_leaves_over_is_kept():
    penalty, x = smooth_phase.make(), torch.from_numpy(data(1)[:, None])
    torch.testing.assert_close(penalty.shrink(x, 0.0, 1.0), x)


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
