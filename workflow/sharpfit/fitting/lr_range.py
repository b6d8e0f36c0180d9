"""A learning rate without guessing: raise it step by step and see where the loss falls fastest.

The range test of Smith 2017 (doi:10.1109/WACV.2017.58) on the data of the main fit alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.objective import Problem
from sharpfit.fitting.solvers.torch_optimizer import make_optimizer
from sharpfit.physics.norms import inner, item_axes

LOWEST, HIGHEST = 1e-5, 10.0
N_STEPS = 60
"""The rate found depends on the ratio of two steps, so it is the same for fits of every length."""


@dataclass(frozen=True, eq=False)
class RangeTest:
    """What was seen.

    Attributes
    ----------
    rates
        learning rates, log-spaced (step,)
    losses
        ‖A c − y‖² / ‖y‖² after the step with each, 1 at the start of a fit from zero (step,)
    """

    rates: np.ndarray
    losses: np.ndarray

    @property
    def found(self) -> float:
        """The rate at which the loss falls fastest per log of the rate, before it is lowest; three digits."""
        n = int(np.nanargmin(self.losses)) + 1
        fall = np.gradient(self.losses, np.log(self.rates))[:n]
        return float(f"{self.rates[int(np.nanargmin(fall))]:.3g}")


def range_test_of(problem: Problem, optimizer: Mapping[str, Any], start: Tensor) -> RangeTest:
    """Test the main fit of a problem.

    Parameters
    ----------
    problem
        the staged data
    optimizer
        name and keyword arguments of a class of ``torch.optim``; ``lr`` is not looked at
    start
        where the fit begins, (item, slice, …)
    """
    at_zero = problem.evaluate(torch.zeros_like(start))
    data_energy = float(at_zero.rss[0].sum())
    return range_test(problem.full_normal, -at_zero.gradient[:1], data_energy, optimizer, start[:1])


def range_test(
    normal: Callable[[Tensor], Tensor],
    back_projection: Tensor,
    data_energy: float,
    optimizer: Mapping[str, Any],
    start: Tensor,
) -> RangeTest:
    """Take one step with every rate, each from where the last one led.

    Parameters
    ----------
    normal
        AᴴA
    back_projection
        Aᴴy, (1, slice, …)
    data_energy
        ‖y‖²
    optimizer
        name and keyword arguments
    start
        where to begin, (1, slice, …); copied
    """
    rates = np.geomspace(LOWEST, HIGHEST, N_STEPS)
    c = start.detach().clone().requires_grad_()
    stepping = make_optimizer([c], {**optimizer, "lr": LOWEST})
    axes, losses = item_axes(c), []
    gradient = normal(c.detach()) - back_projection
    for rate in rates:
        for group in stepping.param_groups:
            group["lr"] = float(rate)
        c.grad = gradient
        stepping.step()
        at = c.detach()
        gradient = normal(at) - back_projection
        excess = inner(at, gradient - back_projection, axes).sum()  # ‖A c‖² − 2 Re⟨c, Aᴴy⟩
        losses.append(float(excess) / data_energy + 1)
    return RangeTest(rates, np.where(np.isfinite(losses), losses, np.nan))
