"""What is observed along a fit, held number by number to refits with matrices in double precision."""

import numpy as np
import pytest
import torch
from dense_problem import (
    N_DRAWS,
    SHAPE,
    SIGMA,
    dense_case,
    dense_fit,
    dense_problem,
    measured_noise,
    of_slice,
)
from filter_oracle import left_of
from scipy import ndimage
from small_problem import small

from sharpfit.fitting.observe import PSF_HALF_WIDTH, observe, ring_counts
from sharpfit.measuring.spectral_filter import WEAK, Inverses, Polynomials, degree_for

RATES = [0.9] * 6


KINDS = ("points", "ky lines", "kx lines", "both", "two of lines")


OF_AVERAGES = ("points of averages", "ky lines of averages by small steps")


@pytest.fixture(scope="module", params=[*KINDS, "points by small steps", *OF_AVERAGES])
def seen(request):
    """The product's observation, and the dense fit of each slice."""
    kind, _, steps = request.param.partition(" by ")
    kind, _, averages = kind.partition(" of ") if kind != "two of lines" else (kind, "", "")
    case = dense_case(kind)
    noise = measured_noise(case) if averages else None
    problem = dense_problem(case, may_threshold=bool(steps), measured_noise=noise)
    c = problem.start("zero")
    for rate in RATES:
        c = c - rate * problem.evaluate(c).gradient
    found = observe(problem, c, problem.evaluate(c))
    return case, problem, found, [dense_fit(case, problem, i, RATES) for i in range(2)]


def inside(case):
    """P of each slice, (slice, pixel)."""
    return case.scan["support"].reshape(2, -1)


def close(found, expected, rtol=2e-4):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


def norm2(values):
    return (np.abs(values) ** 2).sum(-1)


def of_every_draw(values, problem):
    """Traces along made noise, (draw,), as they are told: of measured noise, last, the mean of the others."""
    return np.append(values[:N_DRAWS], [values[:N_DRAWS].mean()] * problem.replicas.has_measured)


def test_the_image_and_its_noise_map_lie_where_the_object_lies(seen):
    _, _, found, fits = seen
    for i, fit in enumerate(fits):
        plus, minus = fit.halves
        close(found["image"][i], fit.x[0].reshape(SHAPE))
        close(found["noise_map"][i], np.sqrt((np.abs(plus - minus) ** 2 / 4).mean(0)).reshape(SHAPE))


def test_variances_and_degrees_of_freedom_are_those_of_the_refits(seen):
    case, problem, found, fits = seen
    for i, (fit, P) in enumerate(zip(fits, inside(case), strict=True)):
        plus, minus = fit.halves
        close(found["v_image"][i], norm2(P * (plus - minus)) / 4)
        close(found["v_data"][i], norm2((plus - minus) @ fit.A.T) / 4)
        df = (fit.w.conj() * ((plus - minus) @ fit.A.T)).real.sum(-1) / (2 * SIGMA)
        close(found["df"][i], of_every_draw(df, problem))
        close(found["image_norm"][i], np.linalg.norm(P * fit.x[0]))


def test_df_is_the_trace_of_the_hat_matrix(seen):
    """Gradient descent from 0: A x = Σ … = (1 − (1 − rate s)ⁿ) per eigenvalue s, twice for two components."""
    _, _, found, fits = seen
    for i, fit in enumerate(fits):
        s = np.linalg.eigvalsh(fit.A.conj().T @ fit.A)
        exact = 2 * (1 - (1 - RATES[0] * s) ** len(RATES)).sum()
        assert found["df"][i].mean() == pytest.approx(exact, abs=4 * np.sqrt(2 * exact / N_DRAWS))


def test_residuals_count_the_samples_that_each_item_saw_and_those_it_did_not(seen):
    case, _, found, fits = seen
    for i, fit in enumerate(fits):
        y = case.scan["kspace"][i].ravel()
        held_out = np.broadcast_to(of_slice(case, "held_out_mask", i), (3, *SHAPE)).ravel()
        close(found["rss"][i], norm2(fit.A @ fit.x[0] - y))
        close(found["held_out_rss"][i], norm2((fit.A @ fit.x[-1] - y)[held_out]))
        close(found["gradient_norm"][i], np.linalg.norm(fit.A.conj().T @ (fit.A @ fit.x[0] - y)))


def test_sharpness_is_counted_in_both_halves(seen):
    case, _, found, fits = seen
    for i, (fit, P) in enumerate(zip(fits, inside(case), strict=True)):
        for k, (plus, minus) in enumerate(zip(*fit.halves, strict=True)):
            cross = power = 0.0
            for axis in (0, 1):
                steps = [
                    P.reshape(SHAPE) * (np.roll(x.reshape(SHAPE), -1, axis) - x.reshape(SHAPE))
                    for x in (plus, minus)
                ]
                cross += (steps[0].conj() * steps[1]).real.sum()
                power += sum((np.abs(step) ** 2).sum() for step in steps) / 2
            close(found["cross_gradient"][i, k], cross)
            close(found["gradient_energy"][i, k], power)
            assert power - cross > 0.01 * power


def test_ring_correlations_are_sums_over_the_rings_of_an_explicit_transform(seen):
    _, problem, found, fits = seen
    ky, kx = (np.arange(n) - n // 2 for n in SHAPE)
    waves = [np.exp(-2j * np.pi * np.outer(k, k) / len(k)) / np.sqrt(len(k)) for k in (ky, kx)]
    ring = np.round(np.hypot(ky[:, None] / SHAPE[0], kx / SHAPE[1]) * min(SHAPE)).astype(int)
    n_rings = (min(SHAPE) + 1) // 2
    assert found["frc"].shape == (2, problem.replicas.n_full - 1, n_rings)
    np.testing.assert_array_equal(ring_counts(SHAPE), np.bincount(ring.ravel())[:n_rings])
    for i, fit in enumerate(fits):
        for k, halves in enumerate(zip(*fit.halves, strict=True)):
            plus, minus = (waves[0] @ x.reshape(SHAPE) @ waves[1].T for x in halves)
            for r in range(n_rings):
                p, m = plus[ring == r], minus[ring == r]
                expected = (p * m.conj()).real.sum() / np.sqrt(norm2(p) * norm2(m))
                assert found["frc"][i, k, r] == pytest.approx(expected, abs=1e-4)


def strays_from_one(problem, s):
    """1 − Q(s) of both filters, Q = s p(s): of a polynomial, or of inverses where the slice has lines."""
    asked = problem.instruments.cutoff
    if isinstance(problem.instruments.filtered._filters, Inverses):
        return [(a / (s + a)) ** 2 for a in (asked, WEAK / 5)]

    return [left_of(s, degree_for(asked, Polynomials.HIGHEST_DEGREE)), left_of(s, 12)]


def eigenvalues(fit):
    s, V = np.linalg.eigh(fit.A.conj().T @ fit.A)
    return np.clip(s, 1e-9, None), V


def test_the_weak_modes_are_those_with_small_eigenvalues(seen):
    case, problem, found, fits = seen
    for i, (fit, P) in enumerate(zip(fits, inside(case), strict=True)):
        s, V = eigenvalues(fit)
        _, strays = strays_from_one(problem, s)
        left = (V * strays) @ V.conj().T @ fit.x[0]
        expected = np.linalg.norm(P * left) / np.linalg.norm(P * fit.x[0])
        assert found["weak_mode_share"][i] == pytest.approx(expected, rel=2e-3)
        assert np.abs(strays[s > WEAK]).max() < 1 / 11
        assert np.abs(strays[s > 10 * WEAK]).max() < 0.014
        assert strays[s < WEAK / 30].min(initial=1) > 0.7


def test_the_local_psf_is_the_mean_resolution_around_the_pixels_of_the_object(seen):
    """As the draws show it, number by number, and within its scatter of the matrix itself."""
    case, _, found, fits = seen
    size = 2 * PSF_HALF_WIDTH + 1
    for i, (fit, P) in enumerate(zip(fits, inside(case), strict=True)):
        plus, minus = (half[:N_DRAWS] for half in fit.halves)
        back = fit.w[:N_DRAWS] @ fit.A.conj()
        s, V = eigenvalues(fit)
        resolution = (V * (1 - (1 - RATES[0] * s) ** len(RATES))) @ V.conj().T
        pixels = np.flatnonzero(P)
        y, x = np.unravel_index(pixels, SHAPE)
        assert found["psf"][i].shape == (size, size)
        for dy, dx in [(0, 0), (1, 0), (0, -1), (2, 3), (-6, 6)]:
            there = np.ravel_multi_index(((y + dy) % SHAPE[0], (x + dx) % SHAPE[1]), SHAPE)
            seen_by_noise = ((plus - minus)[:, there] * back[:, pixels].conj()).mean() / (4 * SIGMA)
            at = found["psf"][i][PSF_HALF_WIDTH + dy, PSF_HALF_WIDTH + dx]
            assert at == pytest.approx(seen_by_noise, abs=2e-4)
            exact = resolution[there, pixels].mean()
            assert abs(at - exact) < 5 / np.sqrt(len(pixels) * N_DRAWS)


def test_the_cutoff_is_where_an_average_mode_of_the_object_holds_as_much_signal_as_noise(seen):
    """2σ² tr(P AᴴA) / (‖y‖² − N σ²); the trace by random signs, so within three of its standard errors."""
    case, problem, _, fits = seen
    grams = [P[:, None] * (fit.A.conj().T @ fit.A) * P for fit, P in zip(fits, inside(case), strict=True)]
    trace = sum(np.trace(gram).real for gram in grams)
    error = np.sqrt(2 * sum(norm2(gram - np.diag(np.diag(gram))).sum() for gram in grams)) / trace
    n_real = 2 * 3 * sum(of_slice(case, "mask", i).sum() for i in range(2))
    signal = (np.abs(case.scan["kspace"]) ** 2).sum() - n_real * SIGMA**2
    assert problem.instruments.cutoff == pytest.approx(2 * SIGMA**2 * trace / signal, rel=3 * error)
    assert 3 * error < 0.3


def filters(problem, fits):
    """p(M) and Q = p(M) M of each slice, from eigenvalues."""
    made = []
    for fit in fits:
        s, V = eigenvalues(fit)
        Q = 1 - strays_from_one(problem, s)[0]
        made.append([(V * values) @ V.conj().T for values in (Q / s, Q)])
    return made


def test_the_filtered_risk_is_built_from_filtered_refits(seen):
    case, problem, found, fits = seen
    shapes = zip(fits, filters(problem, fits), inside(case), strict=True)
    for i, (fit, (p, Q), P) in enumerate(shapes):
        plus, minus = fit.halves
        g = fit.A.conj().T @ (fit.A @ fit.x[0] - case.scan["kspace"][i].ravel())
        filtered = P * ((fit.w @ fit.A.conj()) @ p.T)
        close(found["filtered_rss"][i], norm2(P * (p @ g)), rtol=2e-3)
        close(found["v_filtered"][i], norm2(P * ((plus - minus) @ Q.T)) / 4, rtol=2e-3)
        sketches = norm2(P * (fit.sketches @ p.T))
        followed = ((filtered @ Q.T).conj() * (plus - minus)).real.sum(-1) / (2 * SIGMA)
        own = norm2(filtered)
        left = (1 - np.clip(followed / own, 0, 1)) ** 2
        trace = 2 * followed - own + left * (own - sketches.mean())
        close(found["filtered_trace"][i], of_every_draw(trace, problem), rtol=5e-3)
        error = left * sketches.std(ddof=1) / np.sqrt(len(sketches))
        close(found["filtered_trace_error"][i], of_every_draw(error, problem), rtol=5e-3)
        sketch = ((P * (fit.sketches @ p.T)).conj() * (P * (p @ g))).real.sum(-1)
        close(found["filtered_sketch"][i], sketch, rtol=5e-3)


def test_every_noise_of_the_replicas_is_drawn_on_its_own(seen):
    """Draws and sketches of both slices: unit variance, and no two alike."""
    fits = seen[-1]
    drawn = [noise for fit in fits for noise in fit.w]
    sampled = (np.abs(drawn) > 1e-6).all(axis=0)
    values = np.stack([noise[sampled] for noise in drawn])
    covariance = values @ values.conj().T / sampled.sum()
    np.testing.assert_allclose(covariance, 2 * np.eye(len(values)), atol=10 / np.sqrt(sampled.sum()))
    backs = [noise @ fit.A.conj() for fit in fits for noise in fit.w]
    backs = np.stack([*backs, *(sketch for fit in fits for sketch in fit.sketches)])
    backs /= np.linalg.norm(backs, axis=1, keepdims=True)
    overlap = np.abs(backs @ backs.conj().T) - np.eye(len(backs))
    assert overlap.max() < 0.5
    assert len(fits[0].sketches) == 8


def test_a_solver_that_is_not_ours_is_given_the_mask_of_its_slice_and_item(seen):
    case, problem, _, fits = seen
    for i, fit in enumerate(fits):
        mask, held_out = (of_slice(case, name, i) for name in ("mask", "held_out_mask"))
        for item, wanted in ((0, mask), (problem.replicas.n_full, mask & ~held_out)):
            given = problem.acquired(item, i)
            np.testing.assert_array_equal(given.mask.numpy(), wanted)
            close(given.kspace.numpy().ravel(), fit.data[item])


def test_the_held_out_residual_of_the_truth_is_one(seen):
    """And so is chi2: all samples, or those held out, of all slices, over as many variances."""
    case, problem, _, _ = seen
    staged = problem._slices[0].A.encoding.stage_image(torch.from_numpy(case.truth.astype(np.complex64)))
    at = problem.evaluate(staged.expand(problem.replicas.n_items, *staged.shape).clone())
    n_real, n_held_out = (
        2 * 3 * np.mean([of_slice(case, name, i).sum() for i in range(2)])
        for name in ("mask", "held_out_mask")
    )
    assert (problem.n_real, problem.n_held_out) == (n_real, n_held_out)
    floor = [2 * 3 * of_slice(case, "mask", i).sum() * SIGMA**2 for i in range(2)]
    np.testing.assert_allclose(problem.noise_floor.numpy(), floor)
    for found, n in ((at.held_out_rss, n_held_out), (at.rss[0], problem.n_real)):
        assert float(found.sum()) / (2 * n * SIGMA**2) == pytest.approx(1, abs=4 / np.sqrt(n))


def test_a_slice_of_air_counts_nowhere():
    """Where the second slice holds no object, what is told of images is the first one's alone."""
    case = dense_case("ky lines")
    case.scan["support"][1] = False
    problem = dense_problem(case)
    c = problem.start("zero") - 0.9 * problem.evaluate(problem.start("zero")).gradient
    found = observe(problem, c, problem.evaluate(c))
    for name in ("v_image", "v_filtered", "cross_gradient", "gradient_energy", "filtered_rss", "image_norm"):
        assert np.all(found[name][0] > 0)
        assert not found[name][1].any()
    for name in ("frc", "psf", "weak_mode_share"):
        assert np.isfinite(found[name][0]).all()
        assert np.isnan(found[name][1]).all()


def test_an_error_of_the_model_is_not_taken_for_one_of_the_true_image():
    """Noise-free data of maps that are 2 % off: what the filter sees of the true image should be nothing.

    In weak modes the data's error is divided by their small eigenvalues, so there it looks like a large one.
    """
    case = small(shape=(48, 40), acceleration=4, sigma=1e-3)
    off = ndimage.gaussian_filter(
        np.random.default_rng(1).standard_normal(case.scan["csm"].shape), (0, 0, 6, 6)
    )
    maps = case.scan["csm"] * (1 + 0.02 * off / off.std()) / 1.1  # ‖A‖ < 1
    seen = {}
    for model_errs in (False, True):
        problem = case.problem(csm=maps.astype(np.complex64), model_errs=model_errs)
        x = problem.stage(torch.from_numpy(1.1 * case.truth).to(torch.complex64))
        c = x.expand_as(problem.start("zero"))
        gradient = problem.evaluate(c).image_gradient[0]
        filtered = problem.instruments.filtered.look(gradient, gradient[None])
        seen[model_errs] = float(filtered.rss.sum()) / float(x.abs().square().sum())
    assert seen[True] < 1e-3 < 1e-2 < seen[False]
