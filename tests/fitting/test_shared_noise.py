"""How far a fit follows the noise of a reference that was combined from its own samples."""

import numpy as np
from small_problem import small

from sharpfit.fitting.observe import observe


def test_a_converged_fit_of_all_samples_follows_the_references_noise_entirely():
    case = small(acceleration=1, n_slices=2)
    case.scan["held_out_mask"][:] = False
    problem = case.problem(n_draws=2)
    c = problem.start("zero")
    for _ in range(60):
        c = c - problem.evaluate(c).gradient
    found = observe(problem, c, problem.evaluate(c))
    power = (np.abs(case.scan["csm"]) ** 2).sum(1)
    expected = 2 * (case.scan["support"] / power).sum((1, 2))
    np.testing.assert_allclose(found["shared_noise"], np.repeat(expected[:, None], 2, 1), rtol=1e-4)


def test_an_image_that_ignores_the_data_shares_none_of_their_noise():
    problem = small(n_slices=2).problem(n_draws=2)
    c = problem.start("zero") + 1
    assert not observe(problem, c, problem.evaluate(c))["shared_noise"].any()


def test_an_undersampled_back_projection_follows_the_noise_of_the_sampled_share():
    """Maps of Σ|S|² = 1: Aᴴ n has the variance 2 m σ² in every pixel, m the share of k-space sampled."""
    case = small(n_slices=2)
    problem = case.problem(n_draws=2)
    c = -problem.evaluate(problem.start("zero")).gradient
    found = observe(problem, c, problem.evaluate(c))["shared_noise"]
    expected = 2 * case.scan["mask"].mean() * case.scan["support"].sum((1, 2))
    np.testing.assert_allclose(found, np.repeat(expected[:, None], 2, 1), rtol=1e-4)
