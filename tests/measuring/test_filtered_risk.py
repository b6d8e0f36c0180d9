"""The filtered risk against the risk itself."""

import numpy as np
import pytest
import torch
from filter_oracle import left_of
from test_measures import N, fit, gram_of, noise, system, truth

from sharpfit.fitting.replicas import STEP
from sharpfit.measuring import filtered_risk, measures, spectral_filter


def look(risk, gradient):
    """What a gradient shows, without a draw."""
    return risk.look(gradient, gradient.new_zeros(0, *gradient.shape))


@pytest.mark.parametrize("solver", ["gradient descent", "Adam"])
@pytest.mark.parametrize("lowest", [0.5, 0.02, 1e-3])
@pytest.mark.parametrize("part", ["everywhere", "inside"])
def test_filtered_risk_is_unbiased_over_200_draws(solver, lowest, part):
    inside = torch.ones(N, N, dtype=torch.bool)
    if part == "inside":  # off the centre, and of another width than height
        inside[:3] = inside[:, 8:] = False
    A, sigma, n_draws = system(), 0.05, 200
    gram, clean = gram_of(A), A @ truth().flatten()
    draws = clean + sigma * noise(n_draws, len(clean), seed=31)
    w = noise(n_draws, len(clean), seed=32)
    x = fit(A, draws, solver)
    d = (fit(A, draws + STEP * sigma * w, solver) - x) / STEP
    sketches = (noise(8, n_draws, len(clean), seed=34) @ A.conj()).reshape(8, -1, N, N)
    risk = filtered_risk.FilteredRisk(
        gram, (w @ A.conj()).reshape(1, -1, N, N), sigma, lowest, sketches, inside
    )
    gradient = gram(x) - (draws @ A.conj()).reshape(-1, N, N)
    estimate = look(risk, gradient).rss + sigma**2 * risk.trace(d[None])[0][0]
    degree = spectral_filter.degree_for(lowest, spectral_filter.Polynomials.HIGHEST_DEGREE)
    assert risk.lowest == spectral_filter.reach(degree)
    series = spectral_filter.filter_series(degree)
    (seen,) = spectral_filter.apply_series(gram, gram(x - truth()), series)
    error = estimate - measures.energy(seen * inside)
    assert abs(error.mean()) < 3 * error.std() / n_draws**0.5


def test_sketch_gives_the_standard_error_of_a_paired_difference():
    """Two fixed images, 400 draws: the spread of the estimated difference is 2σ rms(sketch)."""
    A, sigma, lowest = system(), 0.05, 0.02
    gram, clean = gram_of(A), A @ truth().flatten()
    noises = sigma * noise(400, len(clean), seed=41)
    probes = (noise(400, len(clean), seed=44) @ A.conj()).reshape(-1, N, N)
    risk = filtered_risk.FilteredRisk(
        gram, probes[:1, None], 0.1, lowest, probes[:, None], torch.ones(N, N) > 0
    )
    images = truth() + 0.1 * noise(2, 1, N, N, seed=43)
    gradients = gram(images) - ((clean + noises) @ A.conj()).reshape(-1, N, N)
    difference = torch.subtract(*(look(risk, g).rss for g in gradients))
    sketch = torch.subtract(*(look(risk, g[:1]).sketch for g in gradients))
    error = 2 * sigma * sketch.square().mean().sqrt()
    assert 0.8 < error / difference.std() < 1.25


def test_filtered_variance_is_the_images_own_where_everything_is_seen():
    gram = gram_of(torch.eye(N * N, dtype=torch.complex128))
    d = noise(3, N, N, seed=33)
    risk = filtered_risk.FilteredRisk(gram, d[:, None], 0.1, 0.5, d[:, None], torch.ones(N, N) > 0)
    variance = risk.look(d[0, None], d[:, None]).variance[:, 0]
    torch.testing.assert_close(variance, measures.energy(d), rtol=0.01, atol=0)


@pytest.mark.parametrize("norm", [0.98, 1.0, 1.04])
def test_the_estimate_survives_an_operator_norm_that_was_misjudged(norm):
    """The largest eigenvalue is found to about a per cent: weak noise asks for a high degree too."""
    A, sigma = norm**0.5 * system(), 1e-3
    gram, clean = gram_of(A), A @ truth().flatten()
    probes = (noise(40, len(clean), seed=52) @ A.conj()).reshape(-1, N, N)
    risk = filtered_risk.FilteredRisk(gram, probes[:, None], 0.1, 1e-5, probes[:, None], torch.ones(N, N) > 0)
    image = truth() + 0.1 * noise(1, N, N, seed=53)
    data = clean + sigma * noise(1, len(clean), seed=54)
    gradient = gram(image) - (data @ A.conj()).reshape(-1, N, N)
    seen = float(look(risk, gradient).rss) - sigma**2 * float(risk._noise_energy.mean())
    assert seen == pytest.approx(float(measures.energy(image - truth())), rel=0.35)


@pytest.mark.parametrize("together", [1, 40, 1 << 22])
@pytest.mark.parametrize("asked", [0.2, 0.004])
def test_every_part_is_what_its_formula_says_of_independent_modes(monkeypatch, together, asked):
    """M is diagonal, so that p(M), Q and r(M) are numbers of each mode; however many are filtered at once."""
    monkeypatch.setattr(filtered_risk, "_TOGETHER", together)
    shape, sigma = (2, 4, 5), 0.3
    m = torch.rand(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    inside = torch.rand(shape, generator=torch.Generator().manual_seed(6)) < 0.7
    w, b, g = noise(3, *shape, seed=61), noise(5, *shape, seed=62), noise(*shape, seed=63)
    d = noise(3, *shape, seed=64)
    risk = filtered_risk.FilteredRisk(lambda x: m * x, w, sigma, asked, b, inside)

    def polynomial(degree):
        return torch.from_numpy((1 - left_of(m.numpy(), degree)) / m.numpy())

    def summed(values):
        return (values * inside).real.sum((-2, -1))

    p = polynomial(spectral_filter.degree_for(asked, 80))
    r = polynomial(12)
    signs = torch.where(torch.rand(shape, generator=torch.Generator().manual_seed(7)) < 0.5, -1.0, 1.0)
    z = signs * inside + 0j
    assert risk.seen_share(z, m * z) == pytest.approx(float((m * p)[inside].mean()))
    found = risk.look(g, d)
    close = {"rtol": 1e-9, "atol": 1e-9}
    torch.testing.assert_close(found.rss, summed((p * g).abs().square()), **close)
    torch.testing.assert_close(found.sketch, summed((p * b).conj() * (p * g)), **close)
    torch.testing.assert_close(found.variance, summed((p * d).abs().square()), **close)
    torch.testing.assert_close(found.strong, r * g, **close)
    torch.testing.assert_close(risk.strong(g), r * g, **close)
    followed, own = summed((p * w).conj() * m * p * d) / sigma, summed((p * w).abs().square())
    others = summed((p * b).abs().square())
    left = (1 - (followed / own).clamp(0, 1)).square()
    trace, error = risk.trace(d)
    torch.testing.assert_close(trace, 2 * followed - own + left * (own - others.mean(0)), **close)
    torch.testing.assert_close(error, left * others.std(0) / 5**0.5, **close)


@pytest.mark.parametrize("follows", [0.0, 0.5, 0.8])
def test_risk_varies_less_with_the_noise_of_a_trace_than_it_would_and_says_by_how_much(follows):
    """Of a map that takes w to k w / m, 300 draws: unbiased, and its spread is the error that it states.

    With two draws, which share the mean over other noise, the shared part is as large as with one.
    """
    m = torch.tensor([1e-3, 3e-3, *torch.linspace(0.01, 1, 30)], dtype=torch.float64).reshape(1, 1, -1)
    inside = torch.ones_like(m) > 0
    found, plain, stated = [], [], []
    for draw in range(300):
        w, b = (noise(n, *m.shape, seed=10 * draw + n) * m.sqrt() for n in (2, 8))
        risk = filtered_risk.FilteredRisk(lambda x: m * x, w, 1.0, 2e-3, b, inside)
        trace, error = risk.trace(follows * w / m)  # which Q p shows as k q
        own = risk._noise_energy
        variance = follows**2 * own
        found.append((trace - variance).mean())
        plain.append((2 * follows * own - own - variance).mean())
        stated.append(error.mean())
    found, plain, stated = np.array(found), np.array(plain), np.array(stated)
    assert abs(found.mean() - plain.mean()) < 3 * max(plain.std(), found.std(), 1e-9) / 300**0.5
    assert found.std() <= 0.8 * plain.std() + 1e-9
    assert stated.mean() == pytest.approx(found.std(), rel=0.25, abs=1e-9)
