"""What an image shares with a reference's noise, as sums over pixels."""

import pytest
import torch
from test_measures import noise

from sharpfit.measuring.shared_noise import SharedNoise

SHAPE, SIGMA = (2, 4, 3), 0.3
WEIGHT = torch.rand(SHAPE, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
SAMPLED = torch.tensor([1.0, 0.4], dtype=torch.float64)


def test_the_trace_is_a_share_of_the_combined_noise_times_its_mean_energy():
    """⟨D Aᴴw, d⟩ / σ over ‖D Aᴴw‖², times 2 m Σ D."""
    w, d = noise(2, *SHAPE, seed=1), noise(2, *SHAPE, seed=3)
    found = SharedNoise(w, WEIGHT, SAMPLED, SIGMA).trace(d)
    for k in range(2):
        along = ((WEIGHT * w[k]).conj() * d[k]).real.sum((1, 2)) / SIGMA
        power = ((WEIGHT * w[k]).abs() ** 2).sum((1, 2))
        torch.testing.assert_close(found[k], along / power * 2 * SAMPLED * WEIGHT.sum((1, 2)))


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_an_image_that_follows_a_share_of_the_noise_is_told_so_whatever_was_drawn(share):
    mean = 2 * SAMPLED * WEIGHT.sum((1, 2))
    for seed in range(3):
        w = noise(2, *SHAPE, seed=seed)
        found = SharedNoise(w, WEIGHT, SAMPLED, SIGMA).trace(share * SIGMA * WEIGHT * w)
        torch.testing.assert_close(found, share * mean.expand(2, 2))


def test_a_slice_without_an_object_shares_nothing():
    w = noise(2, *SHAPE, seed=1)
    assert not SharedNoise(w, 0 * WEIGHT, SAMPLED, SIGMA).trace(w).any()
