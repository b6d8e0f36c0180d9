"""Proximal maps against independent minimisation, on small complex images."""

import numpy as np
import pytest
import torch

from sharpfit.fitting.penalties import tikhonov, total_variation, wavelet
from sharpfit.physics.wavelet import Wavelet

SHAPE = (2, 1, 6, 8)
THRESHOLD = torch.tensor([0.2, 0.7]).double().reshape(2, 1, 1, 1)


def image(seed=0):
    return torch.randn(SHAPE, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def half_the_energy(x):
    return 0.5 * x.abs().square().sum((-2, -1))


def lengths_of_differences(x):
    squares = sum((torch.roll(x, -1, axis) - x).abs().square() for axis in (-2, -1))
    return squares.sqrt().sum((-2, -1))


def moduli_of_details(x):
    wavelet = Wavelet("haar", 2)
    return torch.where(wavelet.details(x.shape), wavelet.adjoint(x).abs(), 0).sum((-2, -1))


PENALTIES = {
    "tikhonov": (tikhonov.make(), half_the_energy),
    "total_variation": (total_variation.TotalVariation(400), lengths_of_differences),
    "wavelet": (wavelet.WaveletSparsity(Wavelet("haar", 2), spin=False), moduli_of_details),
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


def test_spinning_moves_the_grid():
    x, spun = image(), wavelet.make(family="haar", n_levels=2)
    assert not torch.equal(spun.prox(x, THRESHOLD), spun.prox(x, THRESHOLD))


def test_the_image_is_back_in_its_place_after_every_spin():
    x, spun = image(), wavelet.make(family="haar", n_levels=2)
    for _ in range(4):
        torch.testing.assert_close(spun.prox(x, torch.zeros_like(THRESHOLD)), x)


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
