"""Proximal maps against independent minimisation, on small complex images."""

import numpy as np
import pytest
import torch

from sharpfit.fitting.penalties import tikhonov, total_variation, wavelet
from sharpfit.physics.wavelet import FILTERS, Wavelet

SHAPE = (2, 1, 6, 8)
THRESHOLD = torch.tensor([0.2, 0.7]).double().reshape(2, 1, 1, 1)


def image(seed=0):
    return torch.randn(SHAPE, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def half_the_energy(x):
    return 0.5 * x.abs().square().sum((-2, -1))


def lengths_of_differences(x):
    squares = sum((torch.roll(x, -1, axis) - x).abs().square() for axis in (-2, -1))
    return squares.sqrt().sum((-2, -1))


PENALTIES = {
    "tikhonov": (tikhonov.make(), half_the_energy),
    "total_variation": (total_variation.TotalVariation(400), lengths_of_differences),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_nothing_near_a_proximal_point_is_better(name):
    (penalty, value), x = PENALTIES[name], image()

    def objective(z):
        """½ ‖z − x‖² + t R(z) of every item."""
        return half_the_energy(z - x) + THRESHOLD[..., 0, 0] * value(z)

    z = penalty.prox(x, THRESHOLD)
    lowest = objective(z)
    for seed in range(20):
        for size in (1e-1, 1e-3):
            assert (objective(z + size * image(seed + 1)) >= lowest - 1e-9).all()
    assert (lowest < objective(x)).all()


def test_calls_that_settle_converge_together():
    """The dual goes on from call to call, so short calls come ever nearer to a long one."""
    x, short, exact = image(), total_variation.make(), total_variation.TotalVariation(3000)
    wanted = exact.prox(x, THRESHOLD)
    errors = [float((short.prox(x, THRESHOLD) - wanted).abs().max()) for _ in range(50)]
    assert errors[-1] < 0.15 * errors[0]
    assert errors[9] < 0.4 * errors[0]


def by_shifts(x, family, n_levels):
    """Shrink the details of the orthonormal wavelets of every shift, one after the other; their mean."""
    Phi, side = Wavelet(family, n_levels), 2**n_levels
    coarse = tuple(slice(n >> n_levels) for n in x.shape[-2:])
    total = torch.zeros_like(x)
    for shift in np.ndindex(side, side):
        coefficients = Phi.H(torch.roll(x, shift, (-2, -1)))
        size = coefficients.abs()
        kept = coefficients * (1 - THRESHOLD / size).clamp(min=0)
        kept[..., *coarse] = coefficients[..., *coarse]
        total += torch.roll(Phi(kept), [-s for s in shift], (-2, -1))
    return total / side**2


@pytest.mark.parametrize("family", FILTERS)
@pytest.mark.parametrize(("shape", "n_levels"), [((8, 16), 1), ((16, 8), 3), ((32, 32), 2)])
def test_wavelets_are_shrunk_at_every_shift(family, shape, n_levels):
    x = torch.randn((2, 3, *shape), dtype=torch.complex128, generator=torch.Generator().manual_seed(3))
    found = wavelet.make(family=family, n_levels=n_levels).prox(x, THRESHOLD)
    torch.testing.assert_close(found, by_shifts(x, family, n_levels))


@pytest.mark.parametrize("shape", [(7, 9), (8, 8), (1, 6), (300, 5)])
def test_shrunk_wavelets_follow_the_image_wherever_it_lies_and_leave_a_flat_one(shape):
    """Of any sides: the map of a shifted image is the shifted map, and nothing has details of nothing."""
    penalty = wavelet.make(family="db4", n_levels=4)
    x = torch.randn((2, 2, *shape), dtype=torch.complex128, generator=torch.Generator().manual_seed(4))
    shifted = penalty.prox(torch.roll(x, (3, 2), (-2, -1)), THRESHOLD)
    torch.testing.assert_close(shifted, torch.roll(penalty.prox(x, THRESHOLD), (3, 2), (-2, -1)))
    torch.testing.assert_close(penalty.prox(x, torch.zeros_like(THRESHOLD)), x)
    torch.testing.assert_close(penalty.prox(torch.ones_like(x), THRESHOLD), torch.ones_like(x))


def test_a_proximal_map_is_firmly_nonexpansive():
    """Re⟨P u − P v, u − v⟩ ≥ ‖P u − P v‖²: what every proximal map of a convex penalty is."""
    penalty = wavelet.make(family="haar", n_levels=2)
    for seed in range(20):
        u, v = image(seed), image(seed + 100) * 10.0 ** (seed % 4 - 2)
        moved = penalty.prox(u, THRESHOLD) - penalty.prox(v, THRESHOLD)
        sums = ((moved.conj() * (u - v)).real - moved.abs().square()).sum((-3, -2, -1))
        assert (sums >= -1e-12).all()


@pytest.mark.parametrize("make", [total_variation.make, lambda: wavelet.make(family="haar", n_levels=2)])
def test_items_do_not_mix_and_a_state_goes_on(make):
    x, whole, first, second, alone = image(), make(), make(), make(), make()
    for _ in range(4):
        wanted = whole.prox(x, THRESHOLD)
        by_itself = alone.prox(x[1:], THRESHOLD[1:])
    for _ in range(2):
        first.prox(x, THRESHOLD)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        found = second.prox(x, THRESHOLD)
    assert torch.equal(found, wanted)
    assert torch.equal(by_itself, wanted[1:])


def textbook_dual(x, threshold, dual, n_steps):
    """Fast gradient projection on the dual of one complex image, by roll, the gradient's norm 8 (squared)."""

    def difference(z):
        return np.stack([np.roll(z, -1, axis) - z for axis in (-2, -1)])

    def primal(p):
        return x - threshold * sum(np.roll(one, 1, axis) - one for one, axis in zip(p, (-2, -1), strict=True))

    ahead, t = dual, 1.0
    for _ in range(n_steps):
        moved = ahead + difference(primal(ahead)) / (8 * threshold)
        moved = moved / np.maximum(np.sqrt((abs(moved) ** 2).sum(0)), 1)
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        ahead = moved + (t - 1) / t_next * (moved - dual)
        dual, t = moved, t_next
    return primal(dual), dual


def test_every_step_of_the_total_variation_s_map_is_that_of_the_textbook():
    """The momentum begins anew at every call, the dual goes on."""
    for n_steps in (1, 2, 3, 8):
        penalty, duals = total_variation.TotalVariation(n_steps), np.zeros((2, *SHAPE), complex)
        for seed in (0, 1):
            x = image(seed)
            found = penalty.prox(x, THRESHOLD).numpy()
            for item, threshold in enumerate(THRESHOLD.flatten().tolist()):
                known, duals[:, item, 0] = textbook_dual(
                    x[item, 0].numpy(), threshold, duals[:, item, 0], n_steps
                )
                np.testing.assert_allclose(found[item, 0], known, atol=1e-12)
