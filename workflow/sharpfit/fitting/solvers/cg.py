"""Conjugate gradients on AᴴA c = Aᴴy: no learning rate, and the fewest steps a gradient method can take."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sharpfit.fitting.solving import Objective
from sharpfit.physics.conjugate_gradient import at_rest
from sharpfit.physics.norms import energy, inner, item_axes, quotient, spread_over


def make(objective: Objective, start: Tensor) -> ConjugateGradients:
    """Put conjugate gradients at ``start`` (item, slice, …); it is copied."""
    return ConjugateGradients(objective, start)


class ConjugateGradients:
    """Hestenes & Stiefel 1952 (doi:10.6028/jres.049.044), every item a system of its own.

    The residual of the normal equations is −gradient, taken anew at every step and not by recurrence, so
    rounding does not add up. An item whose residual is rounding stays where it is.
    """

    lr = float("nan")
    pace = 1.0

    def __init__(self, objective: Objective, start: Tensor) -> None:
        self.c = start.detach().clone()
        self._gram = objective.gram
        self._direction = torch.zeros_like(start)
        self._power = torch.zeros(start.shape[:2], dtype=torch.float64, device=start.device)  # last ‖r‖²
        self._first = torch.zeros_like(self._power)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """C ← c + α d with d = r + β d, r = −gradient, and α minimising each item's loss along d."""
        residual, axes = -gradient, item_axes(gradient)
        power = energy(residual, axes)
        self._first = torch.where(self._first > 0, self._first, power)
        moving = (power > at_rest(gradient.dtype) ** 2 * self._first).to(power.dtype)
        beta = quotient(power, self._power)
        self._direction = residual + self._scale(beta) * self._direction
        curvature = inner(self._direction, self._gram(self._direction), axes)
        alpha = moving * quotient(inner(residual, self._direction, axes), curvature)
        self.c += self._scale(alpha) * self._direction
        self._power = power

    def _scale(self, values: Tensor) -> Tensor:
        return spread_over(values, self.c).to(self.c.real.dtype)

    def state_dict(self) -> dict[str, Any]:
        """c, the last direction, and what the next step divides by."""
        return {"c": self.c, "direction": self._direction, "power": self._power, "first": self._first}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        self.c.copy_(state["c"])
        self._direction, self._power, self._first = state["direction"], state["power"], state["first"]
