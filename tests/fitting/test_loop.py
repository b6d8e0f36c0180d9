import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from small_problem import ADAM, CPU, MEASURES, SGD, small

from sharpfit.errors import InputError, PausedFitError
from sharpfit.fitting import loop, objective
from sharpfit.fitting.loop import FitLoop, percentile99
from sharpfit.fitting.observe import checkpoint_iterations
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.solving import Objective, make_solver

PACKAGE = Path(objective.__file__).parent


def run(case, regime, **options):
    return reconstruct(case.scan, case.attrs, regime, MEASURES, device=CPU, **options)


def adam(n, **changes):
    return {**ADAM, "n_iterations": n, **changes}


def error(case, image):
    return np.linalg.norm(image - case.truth) / np.linalg.norm(case.truth)


def test_noise_free_data_are_recovered():
    case = small(sigma=1e-4, acceleration=1)
    datasets, attrs, history = run(case, {**SGD, "n_iterations": 30})
    assert error(case, datasets["images"][-1]) < 1e-3
    assert attrs["stopped_because"] == ""
    assert history[-1]["chi2"] == pytest.approx(1 - case.truth.size / (4 * case.truth.size), rel=0.2)


def test_checkpoints_start_at_zero_and_end_at_the_last_iteration():
    datasets, _, history = run(small(), SGD)
    assert datasets["iterations"][0] == 0
    assert datasets["iterations"][-1] == 20 == history[-1]["iteration"]
    assert len(datasets["images"]) == len(datasets["iterations"]) == len(datasets["measures/df"])
    assert [row["iteration"] for row in history] == list(range(21))
    assert checkpoint_iterations(200, 25) == sorted(set(checkpoint_iterations(200, 25)))
    assert checkpoint_iterations(1, 25) == [0, 1]
    assert checkpoint_iterations(100, 2) == checkpoint_iterations(100, 3) == [0, 1, 100]
    assert checkpoint_iterations(100, 4) == [0, 1, 10, 100]


def test_history_chi2_is_the_residual_over_the_noise():
    case = small()
    datasets, attrs, history = run(case, SGD)
    last = datasets["measures/rss"][-1].sum() / (attrs["n_real"] * attrs["sigma"] ** 2)
    assert history[-1]["chi2"] == pytest.approx(last)


def test_gamma_09_starves_where_a_constant_rate_arrives():
    case = small(sigma=0.02)
    starved = run(case, adam(200, schedule=[{"name": "ExponentialLR", "gamma": 0.9}]))
    constant = run(case, adam(200))
    assert sum(row["lr"] for row in starved[2][:-1]) == pytest.approx(0.1, rel=1e-3)
    assert starved[2][-1]["chi2"] > 10 * constant[2][-1]["chi2"]
    assert error(case, starved[0]["images"][-1]) > 2 * error(case, constant[0]["images"][-1])
    assert starved[1]["travel_needed"] > 0.1 > 200 * starved[1]["last_step"]


def test_loss_falls_while_the_image_gets_worse():
    case = small(sigma=0.3, acceleration=3)
    datasets, _, history = run(case, adam(150, optimizer={"name": "Adam", "lr": 0.05}))
    errors = [error(case, image) for image in datasets["images"]]
    chi2 = {row["iteration"]: row["chi2"] for row in history}
    best = int(np.argmin(errors))
    assert chi2[datasets["iterations"][-1]] < chi2[datasets["iterations"][best]]
    assert errors[-1] > 1.2 * errors[best]


def test_a_learning_rate_of_zero_ends_the_loop_with_the_reason():
    datasets, attrs, history = run(small(), adam(200, optimizer={"name": "Adam", "lr": 0.0}))
    assert "parameters did not move" in attrs["stopped_because"]
    assert "the learning rate is 0" in attrs["stopped_because"]
    assert datasets["iterations"][-1] == history[-1]["iteration"] == 10


def test_steps_below_float32_are_told_from_a_rate_of_zero():
    regime = adam(200, optimizer={"name": "SGD", "lr": 1e-12}, start="zero_filled")
    _, attrs, _ = run(small(), regime)
    assert "below the resolution of float32" in attrs["stopped_because"]


def test_divergence_keeps_the_last_finite_iterate():
    datasets, attrs, history = run(
        small(), {**SGD, "optimizer": {"name": "SGD", "lr": 1e4}, "n_iterations": 200}
    )
    assert attrs["stopped_because"].startswith("non-finite loss at iteration")
    assert not attrs["is_finite"]
    assert np.isfinite(datasets["images"]).all()
    assert datasets["iterations"][-1] == history[-1]["iteration"]
    assert history[-1]["chi2"] > history[0]["chi2"]


@pytest.mark.parametrize(
    "schedule",
    [
        [],
        [{"name": "ReduceLROnPlateau", "patience": 1}],
        [{"name": "LinearLR", "start_factor": 0.1, "total_iters": 9}],
    ],
)
def test_a_killed_fit_goes_on_and_ends_with_the_same_bits(tmp_path, schedule):
    case, regime, state = small(), adam(20, schedule=schedule), tmp_path / "fit"
    whole = run(case, regime)
    asked = iter(range(100))
    with pytest.raises(PausedFitError, match="paused after iteration 8"):
        run(case, regime, state=state, pause=lambda: next(asked) == 7)
    resumed = run(case, regime, state=state)
    assert resumed[2] == whole[2]
    assert resumed[1] == whole[1]
    for name, values in whole[0].items():
        np.testing.assert_array_equal(resumed[0][name], values)


def paused(case, regime, state):
    asked = iter(range(100))
    with pytest.raises(PausedFitError):
        run(case, regime, state=state, pause=lambda: next(asked) == 7)


def test_a_state_of_another_solver_is_left_behind_and_said(tmp_path, caplog):
    case, state = small(), tmp_path / "fit"
    paused(case, {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 20}, state)
    again, whole = run(case, ADAM, state=state), run(case, ADAM)
    np.testing.assert_array_equal(again[0]["images"], whole[0]["images"])
    assert again[2] == whole[2]
    assert caplog.text.count("cannot be taken up (KeyError: it was made by another solver)") == 1


def test_the_iterate_before_a_non_finite_step_is_kept_although_it_was_a_checkpoint():
    regime = {**SGD, "optimizer": {"name": "SGD", "lr": 1e30}, "n_iterations": 200}
    datasets, attrs, history = run(small(), regime)
    assert attrs["stopped_because"].startswith("non-finite loss at iteration")
    assert not attrs["is_finite"]
    assert datasets["iterations"][-1] == history[-1]["iteration"]
    assert np.isfinite(attrs["travel_needed"])


def test_a_slice_of_nothing_starts_zero_filled_as_nothing():
    case = small(n_slices=2)
    case.scan["kspace"][1] = 0
    case.scan["csm"][1] = 0
    datasets, attrs, _ = run(case, adam(5, start="zero_filled"))
    assert attrs["stopped_because"] == ""
    assert not datasets["images"][0, 1].any()
    assert datasets["images"][0, 0].any()


@pytest.mark.parametrize("schedule", [[], [{"name": "ReduceLROnPlateau", "patience": 1}]])
def test_slices_and_replicas_never_mix(schedule):
    """Two slices fitted together end where each ends alone, and more replicas change no image."""
    both, regime = small(n_slices=2), adam(15, schedule=schedule)
    together = run(both, regime)[0]["images"]
    for i in range(2):
        names = ("kspace", "csm", "support", "surrogate")
        alone = both.scan | {name: both.scan[name][i : i + 1] for name in names}
        images = reconstruct(alone, both.attrs, regime, MEASURES, device=CPU)[0]["images"]
        np.testing.assert_array_equal(images[:, 0], together[:, i])
    more = reconstruct(both.scan, both.attrs, regime, {**MEASURES, "n_replicas": 3}, device=CPU)[0]["images"]
    np.testing.assert_array_equal(more, together)


def test_the_held_out_residual_is_unmoved_by_what_it_holds_out():
    """Leak test: with the held-out samples overwritten, the held-out replica's trajectory keeps its bits."""
    case = small()
    changed = np.where(case.scan["held_out_mask"], 1e3, case.scan["kspace"]).astype(np.complex64)
    ends = []
    for kspace in (case.scan["kspace"], changed):
        problem = case.problem(kspace=kspace)
        objective = Objective(problem.normal, problem.data)
        solver = make_solver(ADAM, objective, problem.start("zero_filled"))
        FitLoop(problem, solver, [0, 12]).run()
        ends.append(solver.c[-1].clone())
    assert torch.equal(*ends)


def test_float64_is_refused():
    case = small()
    case.scan["kspace"] = case.scan["kspace"].astype(np.complex128)
    with pytest.raises(InputError, match="kspace is complex128, but preprocess writes complex64"):
        run(case, SGD)


def test_percentile_is_that_of_the_magnitudes():
    x = torch.arange(1, 1001) * torch.exp(1j * torch.arange(1000))
    assert percentile99(x.to(torch.complex64)) == pytest.approx(990, rel=1e-5)


def test_the_loop_calls_nothing_that_a_gpu_has_no_deterministic_form_of():
    """torch alerts on the CPU for some calls only; these have no deterministic form on CUDA."""
    names = {name for file in PACKAGE.rglob("*.py") for name in used_names(file)}
    assert not names & {"kthvalue", "median", "cumsum", "histc", "bincount", "put_", "scatter_add_"}


def used_names(file):
    return {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}


def test_every_row_is_told_of_the_main_fit_over_all_slices():
    """Plain descent by hand: loss and held-out loss over the noise, the gradient over its start, the step."""
    case = small(n_slices=2)
    problem = case.problem()
    solver = make_solver(
        {**SGD, "optimizer": {"name": "SGD", "lr": 0.5}},
        Objective(problem.normal, problem.data),
        problem.start("zero"),
    )
    rows = FitLoop(problem, solver, [0, 4]).run().history
    c, before, first = problem.start("zero"), None, None
    for t, row in enumerate(rows):
        at = problem.evaluate(c)
        norm = float(at.gradient[0].abs().square().sum().sqrt())
        first = first or norm
        noise = 2 * case.attrs["sigma"] ** 2
        assert row["iteration"] == t
        assert row["chi2"] == pytest.approx(float(at.rss[0].sum()) / (noise * problem.n_real))
        assert row["held_out"] == pytest.approx(float(at.held_out_rss.sum()) / (noise * problem.n_held_out))
        assert row["gradient_norm"] == pytest.approx(norm / first, rel=1e-5)
        assert (row["lr"], row["pace"]) == (0.5, 0.5)
        moved = 0.0 if before is None else np.sort((c - before)[0].abs().numpy().ravel())
        assert row["step"] == pytest.approx(
            moved if t == 0 else moved[round(0.99 * moved.size) - 1], rel=1e-4
        )
        before, c = c, c - 0.5 * at.gradient
    assert len(rows) == 5


@pytest.mark.parametrize(("cost", "saved"), [(0.5, [7, 14, 21]), (2.0, [7, 21])])
def test_a_fit_is_saved_every_twenty_seconds_and_for_a_twentieth_of_the_time_at_most(
    monkeypatch, cost, saved
):
    """An iteration takes three seconds here, and saving as many as stated."""
    clock, kept = [0.0], []

    class Keep:
        def load(self):
            return None

        def save(self, state, trajectory):
            clock[0] += cost
            kept.append(state["t"])
            assert len(trajectory.history) == state["t"]

    problem = small().problem()
    evaluate = problem.evaluate

    def slowly(c):
        clock[0] += 3
        return evaluate(c)

    problem.evaluate = slowly
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])
    solver = make_solver(SGD, Objective(problem.normal, problem.data), problem.start("zero"))
    FitLoop(problem, solver, [0, 24], keep=Keep()).run()
    assert kept == saved


@pytest.mark.parametrize("n", [1, 2, 50, 149, 150, 151, 1000])
def test_the_percentile_is_the_smallest_of_the_largest_hundredth(n):
    x = torch.from_numpy(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)) * 1j)
    assert percentile99(x) == pytest.approx(max(1, round(0.99 * n)))
