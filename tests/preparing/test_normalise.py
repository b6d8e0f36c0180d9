"""Scales and units of the fitted problem, held to dense matrices: two slices, not square, a line mask."""

import numpy as np
import pytest

from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing.normalise import normalise

RNG = np.random.default_rng(5)
SHAPE = (6, 5)


def complex_normal(*shape):
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


MASK = np.zeros(SHAPE, bool)
MASK[[0, 2, 3, 5]] = True
MAPS = complex_normal(2, 3, *SHAPE)
MAPS[1] *= 0.4  # the other slice sets the operator's norm
KSPACE = complex_normal(2, 3, *SHAPE) * np.array([1, 5])[:, None, None, None] * MASK  # and this one the scale
FACTOR = np.eye(3) + 0.4 * complex_normal(3, 3)
WHITENING = np.linalg.inv(np.linalg.cholesky(FACTOR @ FACTOR.conj().T))


def white(values):
    return np.einsum("ij,sj...->si...", WHITENING, values)


def matrices():
    """M F L⁻¹S of every slice, one column for every pixel."""
    units = np.eye(30).reshape(30, 1, *SHAPE)
    return [(to_kspace(maps * units)[..., MASK]).reshape(30, -1).T for maps in white(MAPS)]


@pytest.fixture(scope="module")
def fit():
    return normalise(KSPACE.astype(np.complex64), MAPS.astype(np.complex64), MASK, FACTOR @ FACTOR.conj().T)


def test_the_operator_norm_is_the_largest_singular_value_of_all_slices(fit):
    norms = [np.linalg.norm(A, 2) for A in matrices()]
    assert norms[0] > 1.5 * norms[1]
    assert fit.operator_norm == pytest.approx(norms[0], rel=1e-3)
    np.testing.assert_allclose(fit.csm, white(MAPS) / fit.operator_norm, rtol=1e-4, atol=1e-6)


def test_the_scale_is_that_of_one_steepest_descent_step_over_all_slices(fit):
    samples = white(KSPACE)[..., MASK].reshape(2, -1)
    gradients = [A.conj().T @ y for A, y in zip(matrices(), samples, strict=True)]
    forward = [A @ g for A, g in zip(matrices(), gradients, strict=True)]
    step = np.linalg.norm(gradients) ** 2 / np.linalg.norm(forward) ** 2
    image = step * np.concatenate(gradients)  # in units of whitened data / input image
    brightness = np.percentile(np.abs(image), 99) * np.linalg.norm(matrices()[0], 2)
    assert fit.data_scale == pytest.approx(1 / brightness, rel=1e-3)
    np.testing.assert_allclose(fit.kspace, fit.data_scale * white(KSPACE), rtol=1e-4, atol=1e-6)


def test_the_scales_lead_back(fit):
    """y = M F S x in input units is data_scale · M F L⁻¹S x in fitted ones, so c = x / image_scale."""
    image = complex_normal(2, *SHAPE)
    measured = np.where(MASK, to_kspace(MAPS * image[:, None]), 0)
    fitted = np.where(MASK, to_kspace(fit.csm * (image / fit.image_scale)[:, None]), 0)
    np.testing.assert_allclose(fitted, fit.data_scale * white(measured), rtol=1e-4, atol=1e-5)
    noise = np.einsum("ij,jn->in", np.linalg.inv(WHITENING), complex_normal(3, 40000) / np.sqrt(2))
    assert np.std((fit.data_scale * WHITENING @ noise).real) == pytest.approx(fit.sigma, rel=0.02)


def test_maps_that_see_nothing_give_infinite_scales():
    nothing = normalise(np.zeros_like(KSPACE, np.complex64), MAPS.astype(np.complex64), MASK, np.eye(3))
    assert nothing.data_scale == np.inf
