"""Whether more iterations would help: a finished fit's main item, taken further, and the surrogate."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from sharpfit.fitting.loop import Beyond, FitLoop, Saving
from sharpfit.fitting.observe import checkpoint_iterations
from sharpfit.fitting.solving import Scheduled

N_LOOKS = 8

NO_SOONER = 0.2
"""Share of the iterations that are gone anyway: momentum may swing away before it comes nearer. Of 354 fits
that went all the way, the end at the first look after that which is no nearer named two otherwise, and took
half the iterations."""


def go_on(fit: FitLoop, n: int, beyond: Beyond) -> np.ndarray:
    """Take the main item of a fit that has ended ``n`` iterations on, at the largest learning rate it had.

    It ends before where it moves away from the surrogate. The replicas are given no gradient, which saves the
    time of theirs; where they go means nothing.

    Parameters
    ----------
    fit
        ended, or taken up from a state that was saved here
    n
        iterations
    beyond
        where it stands: `FitLoop.beyond`, or a new one; it is moved along

    Returns
    -------
        iterations from the end, log-spaced, and the squared distance from the surrogate after so many,
        float64 (look, 2); they end where the loss is not finite

    Raises
    ------
    PausedFitError
        the fit is to pause
    """
    problem, solver = fit.problem, fit.solver
    if beyond.done == 0 and isinstance(solver, Scheduled):
        solver.hold()
    fit.tell(f"going on for up to {n - beyond.done} iterations, to see whether they would help")
    loss = torch.ones(solver.c.shape[:2], dtype=torch.float64, device=solver.c.device)
    looks, saving = checkpoint_iterations(n, N_LOOKS)[1:], Saving()
    for t in range(beyond.done + 1, n + 1):
        if _moves_away(beyond, n):
            break
        gradient = torch.zeros_like(solver.c)  # a new one: solvers keep that of the step before
        gradient[:1], rss = problem.main_gradient(solver.c)
        if not torch.isfinite(rss).all():
            break
        loss[0] = rss / problem.noise_floor
        solver.step(gradient, loss)
        beyond.done = t
        if t in looks:
            distance = problem.instruments.surrogate_distance(problem.image(solver.c[:1])[0])
            beyond.seen.append((t, float(distance.sum())))
        save = partial(fit.save_beyond, beyond)
        saving.after_step(save, paused=fit.pause(), where=f"{t} iterations beyond the end")
    found = np.array(beyond.seen, dtype=np.float64).reshape(-1, 2)
    return found[np.isfinite(found).all(1)]


def _moves_away(beyond: Beyond, n: int) -> bool:
    """Tell whether the last look is a late one that was no nearer than the one before."""
    if len(beyond.seen) < 2:
        return False
    (_, before), (t, last) = beyond.seen[-2:]
    return t >= NO_SOONER * n and last > before
