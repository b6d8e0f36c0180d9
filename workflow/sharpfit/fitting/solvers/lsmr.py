"""LSMR: of all that a Krylov method can reach, the iterate whose normal equations are nearest to solved."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sharpfit.fitting.solving import Objective
from sharpfit.physics.conjugate_gradient import at_rest
from sharpfit.physics.norms import energy, inner, item_axes, quotient, spread_over


def make(objective: Objective, start: Tensor) -> Lsmr:
    """Put LSMR at ``start`` (item, slice, …); it is copied."""
    return Lsmr(objective, start)


class Lsmr:
    """Minimises ‖Aᴴ(A c − y)‖ over growing Krylov spaces, every item a system of its own.

    These are the iterates of LSMR (Fong & Saunders 2011, doi:10.1137/10079687X), which is MINRES on the
    normal equations; they are reached by conjugate residuals (Stiefel 1955), whose step needs one AᴴA, as
    `cg`'s does, and no bidiagonalisation of data. Both ‖Aᴴ(A c − y)‖ and the loss fall with every step, and
    the loss lags behind that of `cg`: where `cg` begins to fit the noise, these iterates still hold back. An
    item whose residual is rounding stays where it is.
    """

    lr = float("nan")
    pace = 1.0

    def __init__(self, objective: Objective, start: Tensor) -> None:
        self.c = start.detach().clone()
        self._gram = objective.gram
        self._direction = torch.zeros_like(start)
        self._mapped = torch.zeros_like(start)  # AᴴA of the direction
        self._curvature = torch.zeros(start.shape[:2], dtype=torch.float64, device=start.device)
        self._first = torch.zeros_like(self._curvature)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """C ← c + α d with d = r + β d, r = −gradient, and α minimising each item's ‖r‖ along d."""
        residual, axes = -gradient, item_axes(gradient)
        power = energy(residual, axes)
        self._first = torch.where(self._first > 0, self._first, power)
        moving = (power > at_rest(gradient.dtype) ** 2 * self._first).to(power.dtype)
        seen = self._gram(residual)
        curvature = inner(residual, seen, axes)  # ⟨r, AᴴA r⟩
        beta = self._scale(quotient(curvature, self._curvature))
        self._direction = residual + beta * self._direction
        self._mapped = seen + beta * self._mapped
        alpha = moving * quotient(inner(self._mapped, residual, axes), energy(self._mapped, axes))
        self.c += self._scale(alpha) * self._direction
        self._curvature = curvature

    def _scale(self, values: Tensor) -> Tensor:
        return spread_over(values, self.c).to(self.c.real.dtype)

    def state_dict(self) -> dict[str, Any]:
        """c, the last direction, and what the next step divides by."""
        return {
            "c": self.c,
            "direction": self._direction,
            "mapped": self._mapped,
            "curvature": self._curvature,
            "first": self._first,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        self.c.copy_(state["c"])
        self._direction, self._mapped = state["direction"], state["mapped"]
        self._curvature, self._first = state["curvature"], state["first"]
