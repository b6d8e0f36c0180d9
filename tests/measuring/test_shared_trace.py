"""What an image shares with a reference's noise, as sums over pixels."""

import torch
from test_measures import noise

from sharpfit.measuring.shared_noise import SharedNoise


def test_the_trace_is_told_by_the_combined_noise_less_its_surplus_of_energy():
    """⟨D Aᴴw, x(y + δw) − x(y)⟩ / δ, less what this w's energy exceeds the mean over further noise by."""
    shape, apart = (2, 4, 3), 0.3
    w, b, change = noise(2, *shape, seed=1), noise(5, *shape, seed=2), noise(2, *shape, seed=3)
    weight = torch.rand(shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    found = SharedNoise(w, b, weight, apart).trace(change)
    mean = sum(((weight * one).abs() ** 2).sum((1, 2)) for one in b) / 5
    for pair in range(2):
        along = ((weight * w[pair]).conj() * change[pair]).real.sum((1, 2)) / apart
        surplus = ((weight * w[pair]).abs() ** 2).sum((1, 2)) - mean
        torch.testing.assert_close(found[pair], along - surplus)
