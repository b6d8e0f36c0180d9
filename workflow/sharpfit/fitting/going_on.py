"""Whether more iterations would help: a finished fit's main item, taken further, and the surrogate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sharpfit.errors import PausedFitError
from sharpfit.fitting.loop import FitLoop, Saving
from sharpfit.fitting.observe import checkpoint_iterations
from sharpfit.fitting.solving import Scheduled
from sharpfit.physics.norms import energy

N_LOOKS = 8


def go_on(fit: FitLoop, n: int, attributes: Mapping[str, Any]) -> np.ndarray:
    """Take the main item of a fit that has ended ``n`` iterations on, at the largest learning rate it had.

    The replicas are given no gradient, which saves the time of theirs; where they go means nothing.

    Parameters
    ----------
    fit
        ended, or taken up from a state that was saved here
    n
        iterations
    attributes
        what was made of the fit's end, which is saved beside: the solver moves away from it

    Returns
    -------
        iterations from the end, log-spaced, and the squared distance from the surrogate after so many,
        float64 (look, 2); it ends where the loss is not finite

    Raises
    ------
    PausedFitError
        the fit is to pause
    """
    problem, solver, tools = fit.problem, fit.solver, fit.problem.instruments
    done, seen = (0, []) if fit.went_on is None else fit.went_on
    if fit.went_on is None and isinstance(solver, Scheduled):
        solver.hold()
    fit.tell(f"going on for {n - done} iterations, to see whether they would help")
    loss = torch.ones(solver.c.shape[:2], dtype=torch.float64, device=solver.c.device)
    looks, saving = checkpoint_iterations(n, N_LOOKS)[1:], Saving()
    for t in range(done + 1, n + 1):
        gradient = torch.zeros_like(solver.c)  # a new one: solvers keep that of the step before
        gradient[:1], rss = problem.main_gradient(solver.c)
        if not torch.isfinite(rss).all():
            break
        loss[0] = rss / problem.noise_floor
        solver.step(gradient, loss)
        if t in looks:
            away = (problem.image(solver.c[:1])[0] - tools.surrogate) * tools.inside_staged
            seen.append((t, float(energy(away).sum())))
        paused = fit.pause()
        if paused or saving.is_due():
            with saving:
                fit.save_end(attributes, t, seen)
        if paused:
            raise PausedFitError(f"paused {t} iterations beyond the end; run again to go on from there")
    found = np.array(seen, dtype=np.float64).reshape(-1, 2)
    return found[np.isfinite(found).all(1)]
