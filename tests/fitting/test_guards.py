"""What ends a fit, and what the loop tells solver and watchers; with a solver that moves as it is told."""

import numpy as np
import pytest
import torch
from dense_problem import SIGMA, dense_case, dense_problem

from sharpfit.errors import PausedFitError
from sharpfit.fitting import loop
from sharpfit.fitting.checkpoint_file import CheckpointFile
from sharpfit.fitting.iterating import Iterating
from sharpfit.fitting.loop import UNMOVED_PATIENCE, FitLoop
from sharpfit.fitting.penalised import Penalised

LAST = 40


class Scripted:
    """Adds the next of its moves to c at every step, and nothing once they are used up."""

    lr = pace = 0.5

    def __init__(self, start, moves=()):
        self.c, self._moves, self.told = start.clone(), list(moves), []

    def step(self, gradient, loss):
        self.told.append((gradient.clone(), loss.clone()))
        if self._moves:
            self.c += self._moves.pop(0)

    def state_dict(self):
        return {"c": self.c}

    def load_state_dict(self, state):
        self.c.copy_(state["c"])


@pytest.fixture(scope="module")
def problem():
    return dense_problem(dense_case())


def moved(problem, *where):
    """A move of c at one place, 0 elsewhere."""
    move = problem.start("zero")
    move[where] = 0.1
    return move


def run(problem, moves=(), *, start=None, checkpoints=(0, LAST), **options):
    solver = Scripted(problem.start("zero") if start is None else start, moves)
    return FitLoop(problem, solver, list(checkpoints), **options).run(), solver


def test_ten_iterations_without_a_move_end_a_fit(problem):
    everything = torch.full_like(problem.start("zero"), 0.01)
    trajectory, _ = run(problem, [everything] * 3)
    assert trajectory.history[-1]["iteration"] == 3 + UNMOVED_PATIENCE == 13
    assert trajectory.iterations == [0, 13]
    assert trajectory.stopped_because.startswith("parameters did not move for 10 iterations")
    assert "steps at lr 0.5 are below the resolution" in trajectory.stopped_because


class Balanced(Penalised):
    """Has arrived where the penalty's gradient balances that of the loss."""

    STATE = ()

    def step(self, gradient, loss):
        pass


class Rounded(Iterating):
    """Has arrived where rounding is left of the gradient."""

    STATE = ()

    def step(self, gradient, loss):
        pass


class Repeating(Scripted):
    """Gives one iterate again, as a solver of a study's own may."""

    lr, pace = float("nan"), 1.0


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda start: Balanced(start, None, 0.1), "the penalty's balances it"),
        (Rounded, "what is left of it is the rounding of float32"),
        (Repeating, "the solver gives the same iterate again"),
    ],
)
def test_a_fit_without_a_learning_rate_says_why_it_rests(problem, make, reason):
    trajectory = FitLoop(problem, make(problem.start("zero")), [0, LAST]).run()
    assert trajectory.stopped_because.endswith(f"yet the gradient is not 0: {reason}")


def test_every_move_starts_the_count_anew(problem):
    nothing, everything = problem.start("zero"), torch.full_like(problem.start("zero"), 0.01)
    trajectory, _ = run(problem, [*[nothing] * 9, everything])
    assert trajectory.history[-1]["iteration"] == 20


def test_one_pixel_that_moves_is_a_move_though_the_step_reads_zero(problem):
    trajectory, _ = run(problem, [moved(problem, 0, 1, 2, 3)] * LAST)
    assert {row["step"] for row in trajectory.history} == {0}
    assert trajectory.stopped_because == ""
    assert trajectory.history[-1]["iteration"] == LAST


def test_replicas_that_move_do_not_keep_a_still_fit_going(problem):
    trajectory, _ = run(problem, [moved(problem, 1)] * LAST)
    assert trajectory.history[-1]["iteration"] == UNMOVED_PATIENCE


def test_a_fit_that_has_arrived_is_not_stuck(problem):
    case = dense_case()
    silent = case.problem(kspace=np.zeros_like(case.scan["kspace"]))
    trajectory, _ = run(silent)
    assert trajectory.stopped_because == ""
    assert trajectory.history[-1]["iteration"] == LAST
    assert {row["gradient_norm"] for row in trajectory.history} == {0}


@pytest.mark.parametrize("item", [0, 3, -1])
def test_any_item_that_is_not_finite_ends_the_fit_at_the_iterate_before(problem, item):
    broken = problem.start("zero")
    broken[item, 1, 2, 3] = torch.inf
    everything = torch.full_like(broken, 0.01)
    trajectory, _ = run(problem, [everything, everything, broken], checkpoints=(0, 1, LAST))
    assert trajectory.stopped_because.startswith("non-finite loss at iteration 3")
    assert trajectory.iterations == [0, 1, 2]
    assert [row["iteration"] for row in trajectory.history] == [0, 1, 2]
    np.testing.assert_allclose(trajectory.observations[-1]["image"], 0.02, rtol=1e-5)
    at_checkpoint, _ = run(problem, [everything, broken], checkpoints=(0, 1, LAST))
    assert at_checkpoint.iterations == [0, 1]


def test_a_start_that_is_not_finite_is_an_error(problem):
    with pytest.raises(ValueError, match="not finite at the start"):
        run(problem, start=torch.full_like(problem.start("zero"), torch.nan))


def test_the_stop_rule_is_asked_at_checkpoints_with_all_of_them(problem):
    asked = []

    def stop(iterations, observations):
        asked.append((list(iterations), len(observations)))
        return "enough" if iterations[-1] == 4 else ""

    everything = torch.full_like(problem.start("zero"), 0.01)
    trajectory, _ = run(problem, [everything] * LAST, checkpoints=(0, 2, 4, LAST), stop=stop)
    assert asked == [([0], 1), ([0, 2], 2), ([0, 2, 4], 3)]
    assert trajectory.stopped_because == "enough"
    assert trajectory.history[-1]["iteration"] == 4


def test_a_still_fit_says_so_whatever_the_stop_rule_would_say(problem):
    trajectory, _ = run(problem, stop=lambda iterations, _seen: "judged" if iterations[-1] else "")
    assert trajectory.stopped_because.startswith("parameters did not move")


def test_every_row_is_told_once_and_in_order(problem):
    rows = []
    trajectory, _ = run(problem, checkpoints=(0, 5), on_row=rows.append)
    assert rows == trajectory.history
    assert [row["iteration"] for row in rows] == [0, 1, 2, 3, 4, 5]


def test_the_solver_is_told_each_items_own_gradient_and_chi_squared(problem):
    start = torch.randn(problem.start("zero").shape, dtype=torch.complex64)
    _, solver = run(problem, start=start, checkpoints=(0, 1))
    at = problem.evaluate(start)
    (gradient, loss), *others = solver.told
    assert not others
    assert torch.equal(gradient, at.gradient)
    torch.testing.assert_close(loss, at.rss / (problem.n_real * SIGMA**2))


def test_a_fit_without_held_out_samples_has_no_held_out_residual(problem):
    case = dense_case()
    seen_all = case.problem(held_out_mask=np.zeros_like(case.scan["mask"]))
    trajectory, _ = run(seen_all, checkpoints=(0, 2))
    assert np.isnan([row["held_out"] for row in trajectory.history]).all()


class Keep:
    """Remembers when it was told to save."""

    def __init__(self, on_save=lambda: None):
        self.saved, self._on_save = [], on_save

    def load(self):
        return None

    def save(self, state, seen):
        self.saved.append((state["t"], len(seen.history)))
        self._on_save()


@pytest.mark.parametrize(("took", "saved"), [(1, [(4, 4), (8, 8), (12, 12)]), (3, [(4, 4)])])
def test_the_state_is_saved_every_twenty_seconds_or_after_twenty_times_what_it_took(
    problem, monkeypatch, took, saved
):
    """With a clock that goes on by six seconds at each iteration, and by what each save takes."""
    clock = [0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])

    def passes(seconds):
        clock[0] += seconds
        return False

    keep, everything = Keep(lambda: passes(took)), torch.full_like(problem.start("zero"), 0.01)
    run(problem, [everything] * 20, keep=keep, checkpoints=(0, 12), pause=lambda: passes(6))
    assert keep.saved == saved


def test_a_fit_that_was_paused_while_still_goes_on_counting(problem, tmp_path):
    keep = CheckpointFile(tmp_path / "fit", torch.device("cpu"))
    asked = iter(range(100))
    with pytest.raises(PausedFitError, match="paused after iteration 6"):
        run(problem, keep=keep, pause=lambda: next(asked) == 5)
    trajectory, _ = run(problem, keep=keep)
    assert trajectory.history[-1]["iteration"] == UNMOVED_PATIENCE
    assert [row["iteration"] for row in trajectory.history] == list(range(11))
