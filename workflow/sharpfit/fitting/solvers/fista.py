"""FISTA: proximal gradient steps with momentum that restarts, for a penalised objective."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sharpfit.fitting.solving import Objective, Penalty, penalty_of
from sharpfit.physics.norms import inner, item_axes, spread_over


def make(objective: Objective, start: Tensor) -> Fista:
    """Put FISTA at ``start`` (item, slice, …); it is copied."""
    return Fista(start, penalty_of(objective), objective.weight)


class Fista:
    """Minimises ½‖A c − y‖² + λ R(c), ‖A‖ ≤ 1, so every step has length 1.

    c₊ = prox_{λR}(z − ∇f(z)), z = c + β (c − c₋) (Beck & Teboulle 2009, doi:10.1137/080716542). f is
    quadratic, so its gradient at z is the same combination of the gradients at c and c₋, and one evaluation
    a step is enough. Each item's momentum restarts when it points uphill (O'Donoghue & Candès 2015,
    doi:10.1007/s10208-013-9150-3).
    """

    lr = float("nan")
    pace = 1.0

    def __init__(self, start: Tensor, penalty: Penalty, weight: float) -> None:
        self.c = start.detach().clone()
        self.weight = weight
        self._penalty = penalty
        self._before, self._gradient_before = self.c.clone(), torch.zeros_like(start)
        self.restart()

    def restart(self) -> None:
        """Forget all momentum."""
        self._theta = torch.ones(self.c.shape[:2], dtype=torch.float64, device=self.c.device)
        self._beta = torch.zeros_like(self._theta)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Move every item one step."""
        beta = spread_over(self._beta, self.c).to(self.c.real.dtype)
        z = self.c + beta * (self.c - self._before)
        gradient_there = gradient + beta * (gradient - self._gradient_before)
        threshold = torch.full_like(beta, self.weight)
        moved = self._penalty.prox(z - gradient_there, threshold)
        uphill = inner(z - moved, moved - self.c, item_axes(self.c)) > 0
        after = (1 + (1 + 4 * self._theta**2).sqrt()) / 2
        self._beta = torch.where(uphill, 0.0, (self._theta - 1) / after)
        self._theta = torch.where(uphill, 1.0, after)
        self._before, self._gradient_before = self.c.clone(), gradient
        self.c.copy_(moved)

    def state_dict(self) -> dict[str, Any]:
        """Both last iterates, the last gradient, the momentum and the penalty's state."""
        return {
            "c": self.c,
            "before": self._before,
            "gradient_before": self._gradient_before,
            "theta": self._theta,
            "beta": self._beta,
            "weight": self.weight,
            "penalty": self._penalty.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        self._penalty.load_state_dict(state["penalty"])
        self.c.copy_(state["c"])
        self._before, self._gradient_before = state["before"], state["gradient_before"]
        self._theta, self._beta, self.weight = state["theta"], state["beta"], state["weight"]
