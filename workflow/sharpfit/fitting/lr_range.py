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

from sharpfit.errors import InputError
from sharpfit.fitting.objective import Problem
from sharpfit.fitting.solvers.torch_optimizer import make_optimizer
from sharpfit.physics.norms import inner, item_axes

LOWEST, HIGHEST = 3e-5, 10.0
N_STEPS = 55
"""The rate found depends on the ratio of two steps, so it is the same for fits of every length."""
RESOLVED = 1e-5
"""The least fall of the loss, in shares of ‖y‖², that is no rounding: sums hold within 1e-6."""


@dataclass(frozen=True, eq=False)
class RangeTest:
    """What was seen.

    Attributes
    ----------
    rates
        learning rates, log-spaced (step,)
    losses
        ‖A c − y‖² / ‖y‖² after the step with each (step,)
    at_start
        the same before the first step, 1 from zero
    """

    rates: np.ndarray
    losses: np.ndarray
    at_start: float

    @property
    def found(self) -> float:
        """The rate at which the loss falls fastest per log of the rate, before it is lowest; three digits.

        Raises
        ------
        InputError
            no rate lowers the loss
        """
        if not self.at_start - np.nanmin(self.losses) > RESOLVED:
            raise InputError(
                f"lr: auto finds no rate: none from {self.rates[0]:g} to {self.rates[-1]:.3g} lowers the "
                "loss from this start, which fits the data already; state a rate, or start from zero"
            )
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

    Descent is tried at rates at which it does not diverge: from a start that fits what the data determine
    best, the loss falls beyond them too, until the errors of that have grown out of their rounding.

    Parameters
    ----------
    normal
        AᴴA, ‖A‖ = 1
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
    rates = rates[rates < _bound(optimizer)]
    c = start.detach().clone().requires_grad_()
    stepping = make_optimizer([c], {**optimizer, "lr": LOWEST})
    gradient = normal(c.detach()) - back_projection
    losses = [_loss(c.detach(), gradient, back_projection, data_energy)]
    for rate in rates:
        for group in stepping.param_groups:
            group["lr"] = float(rate)
        c.grad = gradient
        stepping.step()
        gradient = normal(c.detach()) - back_projection
        losses.append(_loss(c.detach(), gradient, back_projection, data_energy))
    at_start, *after = np.where(np.isfinite(losses), losses, np.nan)
    return RangeTest(rates, np.array(after), float(at_start))


def _loss(c: Tensor, gradient: Tensor, back_projection: Tensor, data_energy: float) -> float:
    """Return ‖A c − y‖² / ‖y‖², by ‖A c‖² − 2 Re⟨c, Aᴴy⟩."""
    return float(inner(c, gradient - back_projection, item_axes(c)).sum()) / data_energy + 1


def _bound(optimizer: Mapping[str, Any]) -> float:
    """Return the rate from which descent diverges where ‖A‖ = 1; ∞ for optimizers that scale its steps."""
    if optimizer["name"] not in ("SGD", "ASGD"):
        return np.inf
    momentum = optimizer.get("momentum", 0.0)
    return 2 * (1 + momentum) / (1 + 2 * momentum if optimizer.get("nesterov") else 1)
