"""Solvers that a regime may name for one penalty end where FISTA does."""

from functools import cache

import pytest
import torch
from small_problem import small
from test_penalties import half_the_energy, lengths_of_differences, moduli_of_details

from sharpfit.errors import InputError
from sharpfit.fitting.methods import modules_of
from sharpfit.fitting.solving import Objective, make_penalty, make_solver

WEIGHT = 0.7  # in σ
N_ITERATIONS, N_LEVELS = 300, 2
WAVELET = {"family": "haar", "n_levels": N_LEVELS}


def mean_over_shifts(x):
    """What wavelets that are drawn anew at every step penalise in the long run."""
    shifts = [(i, j) for i in range(2**N_LEVELS) for j in range(2**N_LEVELS)]
    return sum(moduli_of_details(torch.roll(x, shift, (-2, -1))) for shift in shifts) / len(shifts)


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


def test_a_solver_whose_momentum_never_settles_on_moving_wavelets_is_refused_for_them():
    with pytest.raises(InputError, match=r"^penalty\.name: pogm cannot take wavelet; fista can$"):
        modules_of(regime("pogm", "wavelet"))
