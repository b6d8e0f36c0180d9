"""The image that stands in for the truth, held to its definition and to a minimiser of its own."""

import numpy as np
import pytest
from dense_problem import SHAPE, SIGMA, dense_case, matrix
from small_problem import CPU, MEASURES, SGD, small

from sharpfit.errors import InputError
from sharpfit.fitting.observe import observe
from sharpfit.fitting.preprocessed import Preprocessed
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import WEIGHT, surrogate


def total_variation(x):
    steps = np.stack([np.roll(x, -1, axis) - x for axis in (-2, -1)])
    return np.sqrt((np.abs(steps) ** 2).sum(0)).sum()


def objective(A, y, x, weight):
    return 0.5 * np.linalg.norm(A @ x.ravel() - y) ** 2 + weight * total_variation(x)


def minimiser(A, y, weight, n_steps=4000):
    """By ADMM with dense matrices in double precision: x, d = ∇x, u (Boyd 2011)."""
    n = np.prod(SHAPE)
    unit = np.eye(n).reshape(n, *SHAPE)
    D = np.concatenate([(np.roll(unit, -1, axis) - unit).reshape(n, n).T for axis in (1, 2)])
    rho = 2 * weight
    solve = np.linalg.inv(A.conj().T @ A + rho * D.T @ D)
    back = A.conj().T @ y
    d = u = np.zeros(2 * n, complex)
    for _ in range(n_steps):
        x = solve @ (back + rho * D.T @ (d - u))
        moved = D @ x + u
        length = np.sqrt((np.abs(moved.reshape(2, n)) ** 2).sum(0))
        d = (moved.reshape(2, n) * np.maximum(1 - weight / rho / np.maximum(length, 1e-30), 0)).ravel()
        u = moved - d
    return x.reshape(SHAPE)


@pytest.mark.parametrize("kind", ["points", "ky lines", "both"])
def test_it_minimises_the_misfit_and_the_total_variation(kind):
    """Sixty steps come within a hundredth of the way from zero to the least objective, slice by slice."""
    case = dense_case(kind)
    found = surrogate(case.scan, SIGMA)
    assert found.shape == case.truth.shape
    assert found.dtype == np.complex64
    for i, image in enumerate(found):
        A, y = matrix(case, i), case.scan["kspace"][i].ravel()
        best = minimiser(A, y, WEIGHT * SIGMA)
        least, zero = (objective(A, y, x, WEIGHT * SIGMA) for x in (best, 0 * best))
        assert 0 <= objective(A, y, image, WEIGHT * SIGMA) - least < 0.01 * (zero - least)
        assert np.linalg.norm(image - best) < 0.05 * np.linalg.norm(best)


def test_it_counts_in_units_of_the_noise():
    case = small(sigma=0.1)
    louder = case.scan | {"kspace": 4 * case.scan["kspace"]}
    np.testing.assert_allclose(surrogate(louder, 0.4), 4 * surrogate(case.scan, 0.1), rtol=0, atol=1e-4)


def test_it_lies_nearer_to_the_truth_than_any_unregularised_fit():
    case = small((32, 28), acceleration=3, sigma=0.1)
    problem = case.problem()
    plain = problem.start("zero")
    errors = []
    for _ in range(60):
        errors.append(np.linalg.norm(problem.unstage(plain)[0].numpy() - case.truth))
        plain = plain - problem.evaluate(plain).gradient
    assert np.linalg.norm(surrogate(case.scan, 0.1) - case.truth) < 0.7 * min(errors)


def test_a_fit_is_held_against_it_and_refused_without():
    case = small()
    found, _, _ = reconstruct(case.scan, case.attrs, SGD, MEASURES, device=CPU)
    off = (found["images"] - case.scan["surrogate"]) * case.scan["support"]
    wanted = (np.abs(off) ** 2).sum((-2, -1))
    np.testing.assert_allclose(found["measures/surrogate_distance"], wanted, rtol=1e-4)
    del case.scan["surrogate"]
    with pytest.raises(InputError, match="has no surrogate; run preprocess again"):
        reconstruct(case.scan, case.attrs, SGD, MEASURES, device=CPU)


def test_one_that_is_not_finite_is_refused():
    case = small()
    case.scan["kspace"][..., 12, 10] = np.inf
    with pytest.raises(InputError, match="surrogate came out NaN"):
        surrogate(case.scan, 0.1)


def test_the_distance_from_it_is_measured_inside_the_object():
    case = dense_case()
    given = np.random.default_rng(0).standard_normal((2, *SHAPE)).astype(np.complex64)
    problem = case.problem(surrogate=given)
    c = problem.start("zero_filled")
    found = observe(problem, c, problem.evaluate(c))
    off = np.where(case.scan["support"], found["image"] - given, 0)
    np.testing.assert_allclose(found["surrogate_distance"], (np.abs(off) ** 2).sum((1, 2)), rtol=1e-5)
    nothing = case.problem(surrogate=None)
    without = observe(nothing, c, nothing.evaluate(c))
    assert np.isnan(without["surrogate_distance"]).all()


def test_two_sets_of_maps_double_every_slice_along_one_axis_whatever_its_own_mask():
    """One slice of kx lines beside a full one: the frame is that of the fit, which both masks decide."""
    rng = np.random.default_rng(2)

    def drawn(*shape):
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)

    mask = np.ones((2, 8, 6), bool)
    mask[1, :, ::2] = False
    scan = {
        "kspace": drawn(2, 3, 8, 6),
        "csm": 0.3 * drawn(2, 3, 8, 6),
        "csm_second": 0.3 * drawn(2, 3, 8, 6),
    }
    scan |= {"mask": mask, "held_out_mask": np.zeros_like(mask), "support": np.ones((2, 8, 6), bool)}
    found = surrogate(scan, 0.1)
    assert found.shape == Preprocessed.of(scan).support.shape
    assert Preprocessed.of(scan | {"surrogate": found}).surrogate is not None
