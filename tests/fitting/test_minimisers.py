"""Solvers that a regime may name for one penalty end where FISTA does."""

from functools import cache

import pytest
from small_problem import small
from test_penalties import half_the_energy, lengths_of_differences

from sharpfit.errors import InputError
from sharpfit.fitting.methods import modules_of
from sharpfit.fitting.solving import Objective, make_penalty, make_solver
from sharpfit.physics.undecimated_wavelet import UndecimatedWavelet

WEIGHT = 0.7  # in σ
N_ITERATIONS, N_LEVELS = 300, 2
WAVELET = {"family": "haar", "n_levels": N_LEVELS}


def mean_over_shifts(x):
    """Σ |details|, the mean over the wavelets of all shifts."""
    wavelet, total = UndecimatedWavelet("haar", N_LEVELS), 0
    for level in wavelet.levels(x.shape):
        x, details = wavelet.split(x, level)
        total = total + details.abs().sum((0, -2, -1)) / 4 ** (level + 1)
    return total


VALUES = {"tikhonov": half_the_energy, "total_variation": lengths_of_differences, "wavelet": mean_over_shifts}


def regime(solver, penalty):
    arguments = WAVELET if penalty == "wavelet" else {}
    return {"solver": {"name": solver}, "penalty": {"name": penalty, "weight": WEIGHT, **arguments}}


def admitted():
    """Pairs of another solver than FISTA and a penalty that a regime may name."""
    for penalty in VALUES:
        for solver in ("pogm", "primal_dual"):
            try:
                modules_of(regime(solver, penalty))
            except InputError:
                continue
            yield solver, penalty


@cache
def reached(solver, penalty):
    """½‖A c − y‖² + λ R(c) after the last step, of a coil that sees every sample."""
    scan = small(n_coils=1, acceleration=1)
    problem, told = scan.problem(), regime(solver, penalty)
    start, weight = problem.start("zero"), WEIGHT * problem.sigma
    fit = make_solver(told, Objective(problem.normal, problem.data, make_penalty(told), weight), start)
    for _ in range(N_ITERATIONS):
        at = problem.evaluate(fit.c)
        fit.step(at.gradient, at.rss)
    main = fit.c[:1]
    return float(problem.evaluate(fit.c).rss[0].sum() / 2 + weight * VALUES[penalty](main).sum())


@pytest.mark.parametrize(("solver", "penalty"), tuple(admitted()))
def test_what_a_regime_may_name_reaches_the_objective_of_fista(solver, penalty):
    assert reached(solver, penalty) <= 1.01 * reached("fista", penalty)


def test_wavelets_settle():
    """Steps become small: no grid that moves keeps the image moving."""
    scan = small(n_coils=1, acceleration=1)
    problem, told = scan.problem(), regime("fista", "wavelet")
    objective = Objective(problem.normal, problem.data, make_penalty(told), WEIGHT * problem.sigma)
    fit = make_solver(told, objective, problem.start("zero"))
    steps = []
    for _ in range(N_ITERATIONS):
        before = fit.c.clone()
        at = problem.evaluate(fit.c)
        fit.step(at.gradient, at.rss)
        steps.append(float((fit.c - before).abs().max()))
    assert steps[-1] < 1e-5 * steps[0]
