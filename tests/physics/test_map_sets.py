"""Two sets of maps are one on twice the field of view: the same operator, adjoint and back."""

import numpy as np
import pytest
import torch

from sharpfit.physics import map_sets
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.operators import Coils, Fourier, Sampling

SHAPE = (1, 3, 6, 5)


def _complex(shape, seed):
    parts = np.random.default_rng(seed).standard_normal((2, *shape)).astype(np.float32)
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


@pytest.mark.parametrize("axis", [-2, -1])
@pytest.mark.parametrize("n", [(6, 5), (7, 4)])
def test_the_operator_is_the_sum_of_both_sets(axis, n):
    shape = (*SHAPE[:2], *n)
    first, second = _complex(shape, 0), _complex(shape, 1)
    x1, x2 = _complex((1, *n), 2), _complex((1, *n), 3)
    mask = np.random.default_rng(4).random(n) < 0.7
    both = [
        (Sampling(torch.from_numpy(mask)) @ Fourier() @ Coils(torch.from_numpy(S)))(torch.from_numpy(x))
        for S, x in ((first, x1), (second, x2))
    ]
    A = acquisition(
        torch.from_numpy(map_sets.stacked_maps(first, second, axis)),
        torch.from_numpy(map_sets.spread(mask, axis)),
    )
    image = A.encoding.stage_image(torch.from_numpy(map_sets.stacked(x1, x2, axis)))
    seen = map_sets.gathered(A.encoding.unstage(A(image)).numpy(), axis)
    np.testing.assert_allclose(seen, (both[0] + both[1]).numpy(), atol=2e-6)


@pytest.mark.parametrize("axis", [-2, -1])
@pytest.mark.parametrize("n", [(6, 5), (7, 4)])
def test_nothing_is_lost_on_the_way_there_and_back(axis, n):
    first, second = _complex((2, *n), 0), _complex((2, *n), 1)
    for there, back in (
        (map_sets.stacked, map_sets.parted),
        (map_sets.stacked_maps, map_sets.parted_maps),
    ):
        for given, found in zip((first, second), back(there(first, second, axis), axis), strict=True):
            np.testing.assert_allclose(found, given, rtol=1e-6)
    np.testing.assert_array_equal(map_sets.gathered(map_sets.spread(first, axis), axis), first)
    assert np.count_nonzero(map_sets.spread(first, axis)) == first.size


def test_what_is_shown_does_not_change_when_the_sets_are_mixed():
    x1, x2 = _complex((2, 6, 5), 0), _complex((2, 6, 5), 1)
    c, s = np.cos(0.7), np.sin(0.7) * np.exp(0.3j)
    mixed = map_sets.stacked(c * x1 - np.conj(s) * x2, s * x1 + c * x2, -2).astype(np.complex64)
    shown = map_sets.shown(mixed, -2)
    assert shown.dtype == np.complex64
    np.testing.assert_allclose(shown, np.sqrt(abs(x1) ** 2 + abs(x2) ** 2), rtol=1e-5)


def test_the_noise_of_what_is_shown_is_the_one_of_repetitions():
    rng = np.random.default_rng(5)
    x1, x2 = np.full((1, 4, 4), 3 + 4j), np.full((1, 4, 4), -2j)
    n1, n2 = 0.02, 0.05  # of a complex pixel: √2 times that of a component

    def noisy():
        draw = rng.standard_normal((4, 1, 4, 4)) / np.sqrt(2)
        return map_sets.stacked(x1 + n1 * (draw[0] + 1j * draw[1]), x2 + n2 * (draw[2] + 1j * draw[3]), -1)

    repeated = np.array([map_sets.shown(noisy(), -1).real for _ in range(4000)]).std(axis=0).mean()
    noise = map_sets.stacked(np.full((1, 4, 4), n1), np.full((1, 4, 4), n2), -1)
    said = map_sets.shown_noise(map_sets.stacked(x1, x2, -1), noise, -1)
    np.testing.assert_allclose(said, np.sqrt(2) * repeated, rtol=0.02)


@pytest.mark.parametrize(("along", "axis"), [("ky", -2), ("kx", -1), ("both", -2), ("neither", -2)])
def test_the_axis_along_which_lines_lie_is_left_alone(along, axis):
    mask = np.ones((2, 6, 8), bool)
    if along in ("ky", "both"):
        mask[:, ::2] = False
    if along in ("kx", "both"):
        mask[:, :, ::2] = False
    assert map_sets.axis_of(mask) == map_sets.axis_of(mask[0]) == axis
