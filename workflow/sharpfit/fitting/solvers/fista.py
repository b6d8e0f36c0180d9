"""FISTA: proximal gradient steps with momentum that restarts, for a penalised objective."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.fitting.penalised import Penalised
from sharpfit.fitting.solving import Objective, ProximalPenalty, penalty_of
from sharpfit.physics.norms import factors, inner, item_axes


def make(objective: Objective, start: Tensor) -> Fista:
    """Put FISTA at ``start`` (item, slice, …); it is copied."""
    return Fista(start, penalty_of(objective, ProximalPenalty), objective.weight)


class Fista(Penalised[ProximalPenalty]):
    """Minimises ½‖A c − y‖² + λ R(c), ‖A‖ ≤ 1, so every step has length 1.

    c₊ = prox_{λR}(z − ∇f(z)), z = c + β (c − c₋) (Beck & Teboulle 2009, doi:10.1137/080716542). f is
    quadratic, so its gradient at z is the same combination of the gradients at c and c₋, and one evaluation
    a step is enough. Each item's momentum restarts when it points uphill (O'Donoghue & Candès 2015,
    doi:10.1007/s10208-013-9150-3).
    """

    STATE = ("before", "gradient_before", "theta", "beta")

    def __init__(self, start: Tensor, penalty: ProximalPenalty, weight: float) -> None:
        super().__init__(start, penalty, weight)
        self._before, self._gradient_before = self.c.clone(), torch.zeros_like(start)
        self.restart()

    def restart(self) -> None:
        """Forget all momentum."""
        self._theta = torch.ones(self.c.shape[:2], dtype=torch.float64, device=self.c.device)
        self._beta = torch.zeros_like(self._theta)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Move every item one step."""
        beta = factors(self._beta, self.c)
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
