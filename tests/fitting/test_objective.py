from types import SimpleNamespace

import numpy as np
import pytest
import torch
from dense_problem import samples
from small_problem import small

from sharpfit.fitting import instruments
from sharpfit.fitting.objective import Problem


def random_images(problem, seed=1):
    shape = problem.start("zero").shape
    return torch.randn(shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(seed))


def half_rss(problem, i, c):
    """½ ‖A c − y‖² of all items of a slice, the held-out one without the samples it never sees."""
    part = problem._slices[i]
    fitted = part.A(c[: problem.replicas.n_full]) - samples(problem, i)
    rest = part.held_out.rest(part.held_out.A(c[-1:]) - part.held_out.data)
    return 0.5 * (fitted.abs().square().sum() + rest.abs().square().sum())


@pytest.mark.parametrize("kind", ["lines", "points"])
def test_the_gradient_is_what_autograd_finds(kind):
    case = small(n_slices=2)
    if kind == "points":
        case.scan["mask"] &= np.random.default_rng(2).random(case.scan["mask"].shape) < 0.7
        case.scan["held_out_mask"] &= case.scan["mask"]
    problem = case.problem(n_draws=2)
    c = random_images(problem).requires_grad_()
    found = problem.evaluate(c.detach())
    loss = sum(half_rss(problem, i, c[:, i]) for i in range(2))
    loss.backward()
    assert len(problem._slices) == 2
    torch.testing.assert_close(found.gradient, c.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(float(0.5 * found.rss.sum()), float(loss.detach()), rtol=1e-5, atol=0)


def test_replicas_differ_from_the_main_data_by_what_they_stand_for():
    case = small(sigma=0.05)
    problem = case.problem(n_draws=2)
    part, items = problem._slices[0], problem.replicas
    data = samples(problem, 0)
    w = (data[1 : items.n_full] - data[0]) / (items.step * problem.sigma)
    sampled = torch.view_as_real(problem.unstage(w).flatten()[problem.unstage(w).flatten() != 0])
    assert float(sampled.var()) == pytest.approx(1, abs=5 / np.sqrt(sampled.numel()))
    correlation = torch.vdot(w[1].flatten(), w[0].flatten()).abs() / (w[1].norm() * w[0].norm())
    assert correlation < 5 / np.sqrt(w[0].numel())
    torch.testing.assert_close(
        problem.instruments.noise_adjoint[:, 0], part.A.encoding.adjoint(w), rtol=1e-3, atol=1e-4
    )


def test_noise_does_not_depend_on_the_sampling_or_the_order_of_slices():
    one, two = small(n_slices=1).problem(), small(n_slices=2).problem()
    torch.testing.assert_close(samples(one, 0), samples(two, 0))
    assert not torch.equal(samples(two, 0)[1], samples(two, 1)[1])


def test_held_out_samples_reach_the_held_out_replica_in_no_way():
    case = small()
    problem = case.problem()
    broken = np.where(case.scan["held_out_mask"], np.nan, case.scan["kspace"]).astype(np.complex64)
    leaky = case.problem(kspace=broken)
    c = random_images(problem)
    clean, seen = problem.evaluate(c), leaky.evaluate(c)
    assert torch.equal(clean.gradient[-1], seen.gradient[-1])
    assert torch.equal(clean.rss[-1], seen.rss[-1])
    assert torch.isnan(seen.held_out_rss).all()
    assert torch.isnan(seen.rss[0]).all()  # the main fit does use them


def test_zero_filled_start_minimises_the_residual_along_itself():
    problem = small().problem()
    start = problem.start("zero_filled")
    best = problem.evaluate(start).rss
    for factor in (0.95, 1.05):
        assert (problem.evaluate(factor * start).rss > best).all()


def test_a_zero_filled_start_has_the_scale_of_its_own_items_steepest_descent():
    case = small(n_slices=2)
    problem = case.problem(n_draws=2)
    start, at_zero = problem.start("zero_filled"), problem.evaluate(problem.start("zero"))
    back = -at_zero.gradient
    for item in (0, 2, -1):
        for i in range(2):
            full = torch.zeros_like(back)
            full[item, i] = back[item, i]
            forward = torch.vdot(full.flatten(), problem.normal(full).flatten()).real
            alpha = full.abs().square().sum() / forward
            torch.testing.assert_close(start[item, i], alpha * back[item, i], rtol=1e-3, atol=1e-6)


def test_gram_is_the_operator_of_the_gradient():
    problem = small(n_slices=2).problem()
    x = random_images(problem)
    zero = torch.zeros_like(x)
    difference = problem.evaluate(x).gradient - problem.evaluate(zero).gradient
    torch.testing.assert_close(problem.gram(x[:1]), difference[:1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(problem.normal(x), difference, rtol=1e-4, atol=1e-5)


def test_no_held_out_samples_means_no_held_out_replica():
    case = small()
    problem = case.problem(held_out_mask=np.zeros_like(case.scan["mask"]))
    assert problem.replicas.n_items == problem.replicas.n_full
    assert torch.isnan(problem.evaluate(problem.start("zero")).held_out_rss).all()


def test_the_problem_reads_one_slice_at_a_time():
    case = small(n_slices=3)
    seen = []

    class Lazy:
        shape = case.scan["kspace"].shape
        dtype = case.scan["kspace"].dtype

        def __getitem__(self, i):
            seen.append(i)
            return case.scan["kspace"][i]

    Problem(
        Lazy(),
        case.scan["csm"],
        case.scan["mask"],
        case.scan["held_out_mask"],
        case.scan["support"],
        0.05,
        n_draws=1,
        seed=1,
        device=torch.device("cpu"),
    )
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(("n_slices", "sigma"), [(1, 0.05), (2, 0.2)])
def test_the_cutoff_asks_for_the_power_of_a_mode_of_the_object(n_slices, sigma):
    """2σ² / P, P the signal's energy over the trace of EᴴE inside the object: maps of Σ|S|² = 1.

    Of the data as they are: a replica holds more noise, which tells where it is strong.
    """
    case = small(acceleration=2, n_slices=n_slices, sigma=sigma)
    problem = case.problem()
    n_real = 2 * n_slices * case.scan["csm"].shape[1] * case.scan["mask"].sum()
    energy = (np.abs(case.scan["kspace"]) ** 2).sum() - n_real * problem.sigma**2
    trace = case.scan["support"].sum() * case.scan["mask"].mean()
    assert problem.instruments.cutoff == pytest.approx(2 * problem.sigma**2 * trace / energy, rel=0.1)


@pytest.mark.parametrize("fitting", [1, 2, 3])
def test_half_as_many_items_are_taken_at_once_where_the_device_is_full(monkeypatch, caplog, fitting):
    """A device that holds so many of 9 images at once: nothing is lost, and the log says it."""
    problem = small().problem(n_draws=7)
    x = random_images(problem)[:, 0]
    encoding, taken = problem._slices[0].A.encoding, []
    wanted = torch.cat([encoding.gram(x[n : n + 1]) for n in range(len(x))])
    normal = type(encoding).normal

    def of_few(self, images):
        taken.append(len(images))
        if len(images) > fitting:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return normal(self, images)

    monkeypatch.setattr(type(encoding), "normal", of_few)
    problem._at_once, found = 9, torch.zeros_like(x)
    problem._gram_by_parts(encoding, x, found)
    assert torch.equal(found, wanted)
    assert taken[-1] <= fitting < max(taken)
    assert caplog.messages[-1].endswith(f"from here on {problem._at_once} at a time")
    fitting = 0
    with pytest.raises(torch.OutOfMemoryError):
        problem._gram_by_parts(encoding, x, found)


def test_a_reference_combines_samples_by_the_maps_power():
    """D = 1 / Σ|S|², 0 where no coil sees."""
    maps = np.ones((3, 8, 8), np.complex64) * np.array([1, 2j, -1])[:, None, None]
    maps[:, 2, 5] = 0
    combination = instruments._combination(maps, torch.device("cpu")).numpy()
    assert combination[2, 5] == 0
    combination[2, 5] = 1 / 6
    np.testing.assert_allclose(combination, 1 / 6, rtol=1e-6)


def test_dense_matrices_of_the_filter_are_those_of_every_slice_or_none():
    """Each slice keeps three of them, EᴴE and two inverses, and where one slice has none, none has."""
    asked = []

    def encoding(found):
        return SimpleNamespace(line_gram=lambda *sizes: asked.append(sizes) or found)

    assert instruments._line_grams([encoding("a"), encoding("b")], 0.5) == ["a", "b"]
    assert instruments._line_grams([encoding("a"), encoding(None)], 0.5) == []
    assert [n_matrices for n_matrices, _ in asked] == [6] * 4
