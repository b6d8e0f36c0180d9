"""The loop: step, look, stop when nothing moves or nothing is finite, and go on after a crash."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from sharpfit.errors import PausedFitError
from sharpfit.fitting.checkpoint_file import CheckpointFile, Observation, Row, Seen
from sharpfit.fitting.iterating import Iterating
from sharpfit.fitting.objective import Misfit, Problem
from sharpfit.fitting.observe import observe
from sharpfit.fitting.penalised import Penalised
from sharpfit.fitting.solving import Solver
from sharpfit.physics.norms import energy, item_axes

UNMOVED_PATIENCE = 10  # iterations in a row without any change that end the loop
SAVE_EVERY_SECONDS = 20.0
SAVING_SHARE = 0.05  # of the time at most: the state of many slices is a gigabyte


class Saving:
    """Saves now and then, and the more seldom the longer it takes."""

    def __init__(self) -> None:
        self._at = time.monotonic() + SAVE_EVERY_SECONDS

    def after_step(self, save: Callable[[], None], *, paused: bool, where: str) -> None:
        """Save where it is time or the fit pauses, which is raised as :class:`PausedFitError`."""
        begun = time.monotonic()
        if paused or begun > self._at:
            save()
            saved = time.monotonic()
            self._at = saved + max(SAVE_EVERY_SECONDS, (saved - begun) / SAVING_SHARE)
        if paused:
            raise PausedFitError(f"paused {where}; run again to go on from there")


@dataclass
class Beyond:
    """How far a fit that has ended went on.

    Attributes
    ----------
    attributes
        what was made of its end, from which the solver moves away
    done
        iterations since
    seen
        after some of them, the squared distance from the surrogate
    """

    attributes: dict[str, Any]
    done: int = 0
    seen: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class Trajectory(Seen):
    """What a fit leaves behind: one history row per iteration 0 … T, and its checkpoints.

    Attributes
    ----------
    stopped_because
        why the loop ended early, empty when it ran to the end
    is_finite
        whether no iterate had a loss that is not finite
    by_rule
        whether the regime's own rule stopped it
    """

    stopped_because: str = ""
    is_finite: bool = True
    by_rule: bool = False


@dataclass
class FitLoop:
    """One fit of all replicas of a scan under one regime.

    Attributes
    ----------
    problem
        the staged data
    solver
        at the start
    checkpoints
        iterations to observe, ascending; the last one ends the fit
    keep
        where the fit survives being killed; None keeps nothing
    on_row
        called with every row of the history
    stop
        asked at every checkpoint with all checkpoints and observations so far; a reason ends the fit
    steer
        called with every observation but the start's, so that a solver may choose its way by it
    pause
        asked every iteration; True saves the state and raises :class:`PausedFitError`
    tell
        is given what the fit does beside its rows, a line each
    beyond
        where a state was taken up that `save_beyond` kept: what it kept
    """

    problem: Problem
    solver: Solver
    checkpoints: Sequence[int]
    keep: CheckpointFile | None = None
    on_row: Callable[[Row], None] = lambda _row: None
    stop: Callable[[Sequence[int], Sequence[Observation]], str] | None = None
    steer: Callable[[Observation], None] | None = None
    pause: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = lambda _text: None
    beyond: Beyond | None = None
    _trajectory: Trajectory = field(default_factory=Trajectory)

    def run(self) -> Trajectory:
        """Iterate from the start, or from the saved state, to the last checkpoint.

        Raises
        ------
        PausedFitError
            ``pause`` said so
        ValueError
            the objective is not finite at the start
        """
        t, previous, unmoved = self._resume()
        trajectory, saving = self._trajectory, Saving()
        if self.beyond is not None:
            return trajectory
        while True:
            at = self.problem.evaluate(self.solver.c)
            if not torch.isfinite(at.rss).all():
                return self._end_non_finite(t, previous)
            row = self._row(t, at, previous)
            trajectory.history.append(row)
            self.on_row(row)
            unmoved = unmoved + 1 if t and _same(self.solver.c, previous) else 0
            stuck = unmoved >= UNMOVED_PATIENCE and row["gradient_norm"] > 0
            if stuck:
                trajectory.stopped_because = _why_stuck(row, self.solver)
            if stuck or t in self.checkpoints:
                self._observe(t, at)
                if self.stop is not None and not stuck:
                    trajectory.stopped_because = self.stop(trajectory.iterations, trajectory.observations)
                    trajectory.by_rule = bool(trajectory.stopped_because)
            if trajectory.stopped_because or t == self.checkpoints[-1]:
                return trajectory
            previous = self.solver.c.clone()
            self.solver.step(at.gradient, at.rss / self.problem.noise_floor)
            t += 1
            save = partial(self._save, t, previous, unmoved)
            saving.after_step(save, paused=self.pause(), where=f"after iteration {t}")

    def _row(self, t: int, at: Misfit, previous: Tensor) -> Row:
        problem, n_slices = self.problem, at.rss.shape[1]
        norm = float(energy(at.gradient[:1], item_axes(at.gradient)).sum().sqrt())
        first = self._trajectory.history[0]["gradient_norm_absolute"] if t else norm
        noise_floor = n_slices * problem.sigma**2
        held_out = float(at.held_out_rss.sum()) / (noise_floor * max(problem.n_held_out, 1))
        return {
            "iteration": t,
            "lr": self.solver.lr,
            "pace": self.solver.pace,
            "chi2": float(at.rss[0].sum()) / (noise_floor * problem.n_real),
            "held_out": held_out,
            "gradient_norm": norm / first if first else 0.0,
            "step": percentile99(problem.image(self.solver.c[0] - previous[0])) if t else 0.0,
            "gradient_norm_absolute": norm,
        }

    def _observe(self, t: int, at: Misfit) -> None:
        self._trajectory.iterations.append(t)
        self._trajectory.observations.append(observe(self.problem, self.solver.c, at))
        if self.steer is not None and t:
            self.steer(self._trajectory.observations[-1])

    def _end_non_finite(self, t: int, previous: Tensor) -> Trajectory:
        """Go back to the last finite iterate, and observe it unless it was a checkpoint."""
        if t == 0:
            raise ValueError(
                "the loss is not finite at the start: the preprocessed scan holds NaN or infinite values"
            )
        trajectory = self._trajectory
        trajectory.is_finite = False
        trajectory.stopped_because = f"non-finite loss at iteration {t}; the last finite iterate is kept"
        self.solver.c.copy_(previous)
        if trajectory.iterations[-1] != t - 1:
            self._observe(t - 1, self.problem.evaluate(previous))
        return trajectory

    def _save(self, t: int, previous: Tensor, unmoved: int) -> None:
        if self.keep is not None:
            state = {"t": t, "previous": previous, "unmoved": unmoved, "solver": self.solver.state_dict()}
            self.keep.save(state, self._trajectory)

    def save_beyond(self, beyond: Beyond) -> None:
        """Keep that the fit has ended, and how far its solver went on since."""
        if self.keep is not None:
            state = {"beyond": json.dumps(vars(beyond)), "solver": self.solver.state_dict()}
            self.keep.save(state, self._trajectory)

    def _resume(self) -> tuple[int, Tensor, int]:
        """Take up the saved state; one that does not fit this solver is left behind."""
        saved = self.keep.load() if self.keep is not None else None
        if self.keep is not None and saved is not None:
            state, seen = saved
            fresh = copy.deepcopy(self.solver.state_dict())
            try:
                self.solver.load_state_dict(state["solver"])
                self._trajectory = Trajectory(seen.history, seen.iterations, seen.observations)
                if "beyond" in state:
                    self.beyond = Beyond(**json.loads(state["beyond"]))
                    self._trajectory.stopped_because = self.beyond.attributes["stopped_because"]
                    return seen.iterations[-1], self.solver.c, 0
                return state["t"], state["previous"], state["unmoved"]
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                self.solver.load_state_dict(fresh)
                self.keep.forget(f"{type(error).__name__}: it was made by another solver")
        return 0, self.solver.c.clone(), 0


def percentile99(x: Tensor) -> float:
    """99th percentile of |x| of complex x, the smallest of the largest hundredth.

    torch.quantile ends at 16 million elements, and torch.kthvalue has no deterministic form on a GPU.
    """
    squares = torch.view_as_real(x).square().sum(-1).flatten()
    n_above = squares.numel() - max(1, round(0.99 * squares.numel())) + 1
    return float(torch.topk(squares, n_above, sorted=False).values.min().sqrt())


def _same(a: Tensor, b: Tensor) -> bool:
    return bool((a[0] == b[0]).all())


def _why_stuck(row: Row, solver: Solver) -> str:
    reason = f"steps at lr {row['lr']:.3g} are below the resolution of float32"
    if row["lr"] == 0:
        reason = "the learning rate is 0"
    elif isinstance(solver, Penalised):
        reason = "the penalty's balances it"
    elif isinstance(solver, Iterating):
        reason = "what is left of it is the rounding of float32"
    elif math.isnan(row["lr"]):
        reason = "the solver gives the same iterate again"
    return f"parameters did not move for {UNMOVED_PATIENCE} iterations, yet the gradient is not 0: {reason}"
