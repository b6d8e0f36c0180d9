"""Each measure alone, against something that knows the answer."""

import pytest
import torch

from sharpfit.fitting.replicas import STEP
from sharpfit.measuring import estimates, measures
from sharpfit.physics.conjugate_gradient import conjugate_gradient

N = 12

EVERYWHERE = torch.ones((), dtype=torch.bool)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    """Unit variance per real and imaginary component."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, 2, generator=generator, dtype=torch.float64).view(*shape, 2)[..., 0] + 1j * (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
    )


def system(n_coils: int = 3, acceleration: int = 2, seed: int = 5):
    """A = M F S on an N × N image as a dense matrix, with smooth maps; largest singular value 1."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, N), torch.linspace(-1, 1, N), indexing="ij")
    angles = torch.arange(n_coils) * 2 * torch.pi / n_coils
    csm = torch.stack([torch.exp(-((y - a.sin()) ** 2 + (x - a.cos()) ** 2) + 1j * a) for a in angles])
    csm = (csm / csm.abs().square().sum(0).sqrt()).to(torch.complex128)
    mask = torch.zeros(N, N, dtype=torch.bool)
    mask[::acceleration] = True
    mask[N // 2 - 1 : N // 2 + 1] = True
    eye = torch.eye(N * N, dtype=torch.complex128).reshape(N * N, 1, N, N)
    shifted = torch.fft.ifftshift(csm * eye, dim=(-2, -1))
    full = torch.fft.fftshift(torch.fft.fft2(shifted, norm="ortho"), dim=(-2, -1))
    matrix = full[..., mask].reshape(N * N, -1).T  # (coil · sample, pixel)
    return matrix / torch.linalg.matrix_norm(matrix, 2)


def gram_of(matrix: torch.Tensor):
    """AᴴA of a dense A, on images (..., N, N)."""
    return lambda c: ((matrix.mH @ matrix) @ c.flatten(-2)[..., None])[..., 0].reshape(c.shape)


def fit(matrix: torch.Tensor, y: torch.Tensor, solver: str, n_iterations: int = 15) -> torch.Tensor:
    """x_t(y) (..., N, N), from zero. y: (..., sample)."""
    c = torch.zeros(*y.shape[:-1], N * N, dtype=torch.complex128)
    first, second = torch.zeros_like(c), torch.zeros_like(c)
    for t in range(1, n_iterations + 1):
        gradient = ((matrix @ c[..., None])[..., 0] - y) @ matrix.conj()
        if solver == "gradient descent":
            c = c - gradient
            continue
        first = 0.9 * first + 0.1 * gradient
        square = torch.view_as_complex(torch.view_as_real(gradient).square().contiguous())
        second = 0.999 * second + 0.001 * square
        scale = torch.view_as_real(second / (1 - 0.999**t)).sqrt() + 1e-8
        c = c - 0.05 * torch.view_as_complex(torch.view_as_real(first / (1 - 0.9**t)) / scale)
    return c.reshape(*y.shape[:-1], N, N)


def truth() -> torch.Tensor:
    image = torch.zeros(N, N, dtype=torch.complex128)
    image[2:10, 3:9] = 1
    image[4:6, 5:7] = 0.3 + 0.4j
    return image


def test_df_matches_the_trace_of_the_dense_jacobian():
    A = system()
    n_iterations, n_probes, sigma = 8, 64, 0.05
    modes = torch.linalg.eigvalsh(A.mH @ A)
    trace = 2 * (1 - (1 - modes) ** n_iterations).sum()
    y = A @ truth().flatten()
    probe = noise(n_probes, len(y))
    eps = 0.2 * sigma
    difference = fit(A, y + eps * probe, "gradient descent", n_iterations) - fit(
        A, y, "gradient descent", n_iterations
    )
    at_samples = (A @ difference.flatten(-2)[..., None])[..., 0]
    df = measures.degrees_of_freedom(probe, at_samples, eps, dims=(-1,))
    assert abs(df.mean() - trace) < 3 * df.std() / n_probes**0.5
    as_images = (probe @ A.conj()).reshape(-1, N, N)
    torch.testing.assert_close(measures.degrees_of_freedom(as_images, difference, eps), df)


@pytest.mark.parametrize("solver", ["gradient descent", "Adam"])
def test_sure_is_unbiased_over_200_draws(solver):
    A, sigma, n_draws = system(), 0.05, 200
    clean = A @ truth().flatten()
    draws = clean + sigma * noise(n_draws, len(clean), seed=1)
    probe, eps = noise(n_draws, len(clean), seed=2), 0.2 * sigma
    x = fit(A, draws, solver)
    fitted = (A @ x.flatten(-2)[..., None])[..., 0]
    difference = fit(A, draws + eps * probe, solver) - x
    df = measures.degrees_of_freedom((probe @ A.conj()).reshape(-1, N, N), difference, eps)
    n_real = 2 * len(clean)
    sure = estimates.sure(measures.energy(fitted - draws, (-1,)), df, sigma, n_real)
    error = sure - measures.energy(fitted - clean, (-1,))
    assert abs(error.mean()) < 3 * error.std() / n_draws**0.5


def test_halves_by_one_draw_are_as_sharp_and_as_alike_as_two_scans_of_twice_the_noise():
    """Of a linear fit, 200 times: G, P and the ring correlation of x ± d against those of two scans."""
    A, sigma, n_draws = system(), 0.1, 200
    clean = A @ truth().flatten()
    y, w, one, two = (sigma * noise(n_draws, len(clean), seed=seed) for seed in (3, 4, 5, 6))
    x = fit(A, clean + y, "gradient descent")
    d = fit(A, clean + y + w, "gradient descent") - x
    scans = [fit(A, clean + 2**0.5 * n, "gradient descent") for n in (one, two)]
    cross, power = measures.gradient_energies(x, d, EVERYWHERE)
    steps = [[torch.roll(scan, -1, axis) - scan for axis in (-2, -1)] for scan in scans]
    of_scans = sum(measures.inner(a, b) for a, b in zip(*steps, strict=True))
    both = sum(measures.energy(step) for scan in steps for step in scan) / 2
    rings = measures.ring_index((N, N), "cpu")
    curves = measures.frc(x + d, x - d, rings).mean(0), measures.frc(*scans, rings).mean(0)
    assert float(cross.mean()) == pytest.approx(float(of_scans.mean()), rel=0.03)
    assert float(power.mean()) == pytest.approx(float(both.mean()), rel=0.03)
    torch.testing.assert_close(*curves, atol=0.06, rtol=0)


@pytest.mark.parametrize(("solver", "low", "high"), [("gradient descent", 0.95, 1.05), ("Adam", 0.95, 1.1)])
def test_v_image_against_the_variance_of_100_draws(solver, low, high):
    A, sigma = system(), 0.05
    clean = A @ truth().flatten()
    x = fit(A, clean + sigma * noise(100, len(clean), seed=6), solver)
    true = measures.energy(x - x.mean(0)).sum() / 99
    y = clean + sigma * noise(100, len(clean), seed=7)
    w = sigma * noise(100, len(clean), seed=8)
    d = (fit(A, y + STEP * w, solver) - fit(A, y, solver)) / STEP
    assert low < measures.noise_variance(d, EVERYWHERE).mean() / true < high
    torch.testing.assert_close(
        measures.noise_map(d).square().sum(), measures.noise_variance(d, EVERYWHERE).mean()
    )
    v_data = measures.data_noise_variance(d, gram_of(A)(d))
    torch.testing.assert_close(v_data, measures.energy((A @ d.flatten(-2)[..., None])[..., 0], (-1,)))


def test_frc_against_a_known_signal_to_noise_ratio():
    """Halves of equal signal S and noise N correlate by S / (S + N)."""
    signal, one, two = noise(20, 64, 64, seed=9), noise(20, 64, 64, seed=10), noise(20, 64, 64, seed=11)
    rings = measures.ring_index((64, 64), "cpu")
    ratio = 0.6
    curve = measures.frc(signal + ratio * one, signal + ratio * two, rings)
    counts = measures.ring_counts(rings)
    assert counts[0] == 1
    assert counts.sum() < 64 * 64
    mean = (curve * counts).sum(-1) / counts.sum()
    assert abs(mean.mean() - 1 / (1 + ratio**2)) < 0.01
    empty = measures.frc(torch.zeros(64, 64) + 0j, torch.zeros(64, 64) + 0j, rings)
    assert empty.isnan().all()


def test_rings_of_a_long_image_have_square_pixels():
    rings = measures.ring_index((230, 180), "cpu")
    assert rings.shape[0] == 90
    frequency = torch.hypot(
        ((torch.arange(230) - 115) / 230)[:, None], ((torch.arange(180) - 90) / 180)[None, :]
    ).flatten()
    ring = frequency[rings[40][rings[40] >= 0]]
    assert (ring - 40 / 180).abs().max() <= 0.5 / 180 + 1e-6


def test_cross_gradient_energy_does_not_see_the_noise():
    clean = noise(32, 32, seed=12)
    held, drawn = (0.5 * noise(500, 32, 32, seed=seed) for seed in (13, 14))
    cross, power = measures.gradient_energies(clean + held, drawn, EVERYWHERE)
    target, same = measures.gradient_energies(clean, 0 * clean, EVERYWHERE)
    assert target == same
    assert abs(cross.mean() / target - 1) < 0.02
    assert power.mean() / target > 1.2


def test_gradient_energies_are_sums_over_steps_that_begin_inside():
    """Written out: every pixel's step to the next along y and x, the last's to the first."""
    x, d = noise(5, 4, seed=21), noise(2, 5, 4, seed=22)
    inside = torch.rand(5, 4, generator=torch.Generator().manual_seed(3)) < 0.6
    cross, power = measures.gradient_energies(x, d, inside)
    for n in range(2):
        one, two = (x + d[n]).numpy(), (x - d[n]).numpy()
        steps = [
            (one[to] - one[y, x], two[to] - two[y, x])
            for y, x in inside.nonzero().tolist()
            for to in (((y + 1) % 5, x), (y, (x + 1) % 4))
        ]
        assert float(cross[n]) == pytest.approx(sum((a * b.conjugate()).real for a, b in steps))
        assert float(power[n]) == pytest.approx(sum(abs(a) ** 2 + abs(b) ** 2 for a, b in steps) / 2)


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (7, 7)])
def test_rings_hold_the_samples_that_are_that_far_out(shape):
    """In samples of the smaller side, rounded; below Nyquist."""
    rows, columns = shape
    n = min(shape)
    rings = measures.ring_index(shape, "cpu")
    wanted = [[] for _ in range((n + 1) // 2)]
    for place in range(rows * columns):
        y, x = divmod(place, columns)
        ring = round(n * (((y - rows // 2) / rows) ** 2 + ((x - columns // 2) / columns) ** 2) ** 0.5)
        if ring < n / 2:
            wanted[ring].append(place)
    assert [[i for i in ring if i >= 0] for ring in rings.tolist()] == wanted
    assert set(rings[rings < 0].tolist()) <= {-1}
    assert measures.ring_counts(rings).tolist() == [len(ring) for ring in wanted]


def test_a_ring_correlation_is_that_of_the_spectra():
    """Written out with the centred transform as a matrix, of an image that is not square."""
    shape = (6, 9)
    plus, minus = noise(2, *shape, seed=23), noise(2, *shape, seed=24)
    rings = measures.ring_index(shape, "cpu")
    curve, counts = measures.frc(plus, minus, rings), measures.ring_counts(rings)
    dft = []
    for n in shape:
        at = torch.arange(n, dtype=torch.float64) - n // 2
        dft.append(torch.exp(-2j * torch.pi * at[:, None] * at / n) / n**0.5)
    one, two = ((dft[0] @ half @ dft[1].T).flatten(-2) for half in (plus, minus))
    for r, ring in enumerate(rings):
        members = ring[ring >= 0]
        a, b = one[:, members], two[:, members]
        wanted = (a * b.conj()).real.sum(-1) / (a.abs().square().sum(-1) * b.abs().square().sum(-1)).sqrt()
        torch.testing.assert_close(curve[:, r], wanted)
        assert int(counts[r]) == len(members)


def test_a_noise_map_is_the_rms_over_draws():
    d = noise(3, 5, 4, seed=25)
    wanted = torch.zeros(5, 4, dtype=torch.float64)
    for one in d:
        wanted += one.abs() ** 2 / 3
    torch.testing.assert_close(measures.noise_map(d), wanted.sqrt())
    inside = torch.arange(20).reshape(5, 4) % 3 == 0
    energy = d.abs().square()[:, inside].sum(-1)
    torch.testing.assert_close(measures.noise_variance(d, inside), energy)


@pytest.mark.parametrize("n_inside", [1, 5])
def test_a_mean_response_is_the_mean_over_the_objects_pixels(n_inside):
    """Written out: Σ_p d(p + Δ) conj(Aᴴw)(p) / (2 σ · pixels), images wrapping around."""
    w, d, sigma = noise(7, 6, seed=27), noise(7, 6, seed=28), 0.4
    inside = torch.zeros(7, 6, dtype=torch.bool)
    inside.view(-1)[torch.tensor([3, 8, 20, 33, 41])[:n_inside]] = True
    window = measures.mean_response(w, d, inside, sigma, 2)
    wanted = torch.zeros(5, 5, dtype=torch.complex128)
    for y, x in inside.nonzero().tolist():
        for i in range(5):
            for j in range(5):
                wanted[i, j] += d[(y + i - 2) % 7, (x + j - 2) % 6] * w[y, x].conj()
    torch.testing.assert_close(window, wanted / (2 * sigma * n_inside))
    assert measures.mean_response(w, d, ~inside & inside, sigma, 2).isnan().all()


def test_weak_mode_share_is_what_is_not_determined():
    x = noise(3, N, N, seed=16)
    x[1] = 0
    determined, inside = 0.75 * x, torch.rand(N, N, generator=torch.Generator().manual_seed(1)) < 0.5
    determined[0] += ~inside * 5.0
    determined[2, inside] = 0
    share = measures.weak_mode_share(x, determined, inside)
    assert share[1].isnan()
    torch.testing.assert_close(share[[0, 2]], torch.tensor([0.25, 1.0], dtype=torch.float64))


def test_the_response_to_a_shift_is_a_shifted_point():
    """A reconstruction that shifts and scales: all of Aᴴw comes back so; the scatter is that of w."""
    w, sigma = noise(2, 40, 30, seed=18), 0.3
    inside = torch.zeros(40, 30, dtype=torch.bool)
    inside[3:33, 5:28] = True
    window = measures.mean_response(w, sigma * torch.roll(0.5 * w, (2, -1), (-2, -1)), inside, sigma, 4)
    assert window.shape == (2, 9, 9)
    point = torch.zeros(9, 9)
    point[4 + 2, 4 - 1] = 0.5
    assert (window - point).abs().max() < 5 * 0.5 / int(inside.sum()) ** 0.5
    flat = torch.ones(40, 30, dtype=torch.complex128)
    window = measures.mean_response(flat, flat, inside, sigma, 1)
    torch.testing.assert_close(window, torch.full((3, 3), 1 / (2 * sigma), dtype=torch.complex128))


def test_conjugate_gradient_solves_each_item_as_if_alone():
    gram = gram_of(system())
    rhs = gram(noise(4, N, N, seed=17))
    rhs[2] = 0
    together = conjugate_gradient(gram, rhs, 8)
    alone = torch.stack([conjugate_gradient(gram, item, 8) for item in rhs])
    torch.testing.assert_close(together, alone)
    assert together[2].abs().max() == 0
    assert together.isfinite().all()
