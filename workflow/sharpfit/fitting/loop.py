"""The loop: step, look, stop when nothing moves or nothing is finite, and go on after a crash."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from sharpfit.errors import PausedFitError
from sharpfit.fitting.objective import Evaluation, Problem
from sharpfit.fitting.observe import Observation, observe
from sharpfit.fitting.solving import Solver

UNMOVED_PATIENCE = 10  # iterations in a row without any change that end the loop
SAVE_EVERY_SECONDS = 20.0

Row = dict[str, float]


@dataclass
class Trajectory:
    """What a fit leaves behind.

    Args:
        history: one row per iteration 0 … T.
        iterations: the checkpoints.
        observations: what was seen at each.
        stopped_because: why the loop ended early, empty when it ran to the end.
    """

    history: list[Row] = field(default_factory=list)
    iterations: list[int] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    stopped_because: str = ""


@dataclass
class Fit:
    """One fit of all replicas of a scan under one regime.

    Args:
        problem: the staged data.
        solver: at the start.
        checkpoints: iterations to observe, ascending; the last one ends the fit.
        state: file in which the fit survives being killed; None keeps nothing.
        on_row: called with every row of the history.
        stop: asked at every checkpoint with all checkpoints and observations so far; a reason ends the fit.
        pause: asked every iteration; True saves the state and raises :class:`PausedFitError`.
    """

    problem: Problem
    solver: Solver
    checkpoints: Sequence[int]
    state: Path | None = None
    on_row: Callable[[Row], None] = lambda _row: None
    stop: Callable[[Sequence[int], Sequence[Observation]], str] | None = None
    pause: Callable[[], bool] = lambda: False

    def run(self) -> Trajectory:
        """Iterate from the start, or from the saved state, to the last checkpoint.

        Raises:
            PausedFitError: ``pause`` said so.
            ValueError: the objective is not finite at the start.
        """
        t, previous, unmoved, trajectory = self._resume()
        saved_at = time.monotonic()
        while True:
            at = self.problem.evaluate(self.solver.c)
            if not torch.isfinite(at.rss).all():
                return self._end_non_finite(t, previous, trajectory)
            row = self._row(t, at, previous, trajectory)
            trajectory.history.append(row)
            self.on_row(row)
            unmoved = unmoved + 1 if t and row["step"] == 0 and _same(self.solver.c, previous) else 0
            stuck = unmoved >= UNMOVED_PATIENCE and row["gradient_norm"] > 0
            if stuck:
                trajectory.stopped_because = self._why_stuck(row)
            if stuck or t in self.checkpoints:
                self._observe(t, at, trajectory)
                if self.stop is not None and not stuck:
                    trajectory.stopped_because = self.stop(trajectory.iterations, trajectory.observations)
            if trajectory.stopped_because or t == self.checkpoints[-1]:
                return trajectory
            previous = self.solver.c.clone()
            self.solver.step(at.gradient, at.rss / (self.problem.n_real * self.problem.sigma**2))
            t += 1
            paused = self.pause()
            if paused or time.monotonic() - saved_at > SAVE_EVERY_SECONDS:
                self._save(t, previous, unmoved, trajectory)
                saved_at = time.monotonic()
            if paused:
                raise PausedFitError(f"paused after iteration {t}; run again to go on from there")

    def _row(self, t: int, at: Evaluation, previous: Tensor, trajectory: Trajectory) -> Row:
        problem, n_slices = self.problem, at.rss.shape[1]
        norm = float(torch.linalg.vector_norm(at.gradient[0]))
        first = trajectory.history[0]["gradient_norm_absolute"] if t else norm
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

    def _observe(self, t: int, at: Evaluation, trajectory: Trajectory) -> None:
        trajectory.iterations.append(t)
        trajectory.observations.append(observe(self.problem, self.solver.c, at))

    def _end_non_finite(self, t: int, previous: Tensor, trajectory: Trajectory) -> Trajectory:
        if t == 0:
            raise ValueError(
                "the loss is not finite at the start: the preprocessed scan holds NaN or infinite values"
            )
        trajectory.stopped_because = f"non-finite loss at iteration {t}; the last finite iterate is kept"
        if trajectory.iterations[-1] != t - 1:
            self.solver.c.copy_(previous)
            self._observe(t - 1, self.problem.evaluate(previous), trajectory)
        return trajectory

    def _why_stuck(self, row: Row) -> str:
        reason = f"steps at lr {row['lr']:.3g} are below the resolution of float32"
        if row["lr"] == 0:
            reason = "the learning rate is 0"
        elif math.isnan(row["lr"]):
            reason = "what is left of it is the rounding of float32"
        return (
            f"parameters did not move for {UNMOVED_PATIENCE} iterations, yet the gradient is not 0: {reason}"
        )

    def _save(self, t: int, previous: Tensor, unmoved: int, trajectory: Trajectory) -> None:
        if self.state is None:
            return
        self.state.parent.mkdir(parents=True, exist_ok=True)
        partial = self.state.with_name(f"{self.state.name}.{os.getpid()}.partial")
        solver = self.solver.state_dict()
        with partial.open("wb") as file:
            torch.save(
                {
                    "t": t,
                    "previous": previous,
                    "unmoved": unmoved,
                    "trajectory": trajectory,
                    "solver": solver,
                },
                file,
            )
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.state)

    def _resume(self) -> tuple[int, Tensor, int, Trajectory]:
        if self.state is None or not self.state.exists():
            return 0, self.solver.c.clone(), 0, Trajectory()
        try:
            # The file is this program's own, so unpickling it is safe.
            saved = torch.load(self.state, map_location=self.problem.device, weights_only=False)
        except Exception as error:  # whatever a damaged file makes the unpickler raise
            print(
                f"{self.state} cannot be read ({type(error).__name__}); starting from iteration 0", flush=True
            )
            self.state.unlink()
            return 0, self.solver.c.clone(), 0, Trajectory()
        self.solver.load_state_dict(saved["solver"])
        return saved["t"], saved["previous"], saved["unmoved"], saved["trajectory"]


def percentile99(x: Tensor) -> float:
    """99th percentile of |x|; with torch.quantile it would end at 16 million elements."""
    flat = x.abs().flatten()
    return float(flat.kthvalue(max(1, round(0.99 * flat.numel()))).values)


def _same(a: Tensor, b: Tensor) -> bool:
    return bool((a[0] == b[0]).all())
