"""POGM: the proximal gradient method with the smallest worst case, restarting, for a penalised objective."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.fitting.penalised import Penalised
from sharpfit.fitting.solving import Objective, ProximalPenalty, penalty_of
from sharpfit.physics.norms import factors, inner, item_axes


def make(objective: Objective, start: Tensor) -> Pogm:
    """Put POGM at ``start`` (item, slice, …); it is copied."""
    return Pogm(start, penalty_of(objective, ProximalPenalty), objective.weight)


class Pogm(Penalised[ProximalPenalty]):
    """Minimises ½‖A c − y‖² + λ R(c), ‖A‖ ≤ 1.

    ω₊ = c − ∇f(c), then c₊ = prox_{γλR}(z₊) with z₊ a combination of ω₊, ω, c and z (Taylor, Hendrickx &
    Glineur 2017, doi:10.1137/16M108104X, in the form of Kim & Fessler 2018, doi:10.1007/s10957-018-1287-4,
    with their restart by the gradient). Its worst case is half of FISTA's.
    """

    STATE = ("omega", "z", "theta", "gamma")

    def __init__(self, start: Tensor, penalty: ProximalPenalty, weight: float) -> None:
        super().__init__(start, penalty, weight)
        self.restart()

    def restart(self) -> None:
        """Forget all momentum."""
        self._omega, self._z = self.c.clone(), self.c.clone()
        self._theta = torch.ones(self.c.shape[:2], dtype=torch.float64, device=self.c.device)
        self._gamma = torch.ones_like(self._theta)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Move every item one step."""
        theta, gamma = self._theta, self._gamma
        after = (1 + (1 + 4 * theta**2).sqrt()) / 2
        ahead = (2 * theta + after - 1) / after
        omega = self.c - gradient
        z = (
            omega
            + factors((theta - 1) / after, self.c) * (omega - self._omega)
            + factors(theta / after, self.c) * (omega - self.c)
            + factors((theta - 1) / (gamma * after), self.c) * (self._z - self.c)
        )
        moved = self._penalty.prox(z, self.weight * factors(ahead, self.c))
        downhill = gradient - (moved - z) / factors(ahead, self.c)
        uphill = inner(downhill, omega - self._omega, item_axes(self.c)) > 0
        self._theta = torch.where(uphill, 1.0, after)
        self._gamma = torch.where(uphill, 1.0, ahead)
        self._omega = omega
        self._z = z
        self.c.copy_(moved)
