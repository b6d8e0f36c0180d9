"""A primal-dual method for penalties of differences: no proximal map is solved within a step."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from sharpfit.fitting.penalised import Penalised
from sharpfit.fitting.solving import Objective, Penalty, penalty_of

DUAL_STEP = 0.1
"""σ. Duals are bounded by λ, hundredths of the image, so short dual steps leave long primal ones."""
_CURVATURE = 0.5  # half of ‖A‖²: what the primal step has to respect of the data


@runtime_checkable
class SplitPenalty(Penalty, Protocol):
    """λ R(x) = λ ‖K x‖ + g(x), in a norm whose dual ball `clip` projects onto, and g with a proximal map."""

    norm: float
    """‖K‖², an upper bound."""

    def begin_step(self, x: Tensor) -> None:
        """Be told the iterate that the next step starts from."""

    def split(self, x: Tensor) -> Tensor:
        """Return K x."""

    def merge(self, dual: Tensor) -> Tensor:
        """Return Kᴴ p."""

    def clip(self, dual: Tensor, weight: float) -> Tensor:
        """Project p onto the ball of radius λ."""

    def shrink(self, x: Tensor, weight: float, step: float) -> Tensor:
        """Minimise ½ ‖z − x‖² + τ g(z) over z, g at the weight λ."""


def make(objective: Objective, start: Tensor) -> PrimalDual:
    """Put the method at ``start`` (item, slice, y, x); it is copied."""
    return PrimalDual(start, penalty_of(objective, SplitPenalty), objective.weight)


class PrimalDual(Penalised[SplitPenalty]):
    """Minimises ½‖A c − y‖² + λ ‖K c‖ + g(c), ‖A‖ ≤ 1.

    c₊ = prox_{τg}(c − τ (∇f(c) + Kᴴp)), p₊ = P_λ(p + σ K (2 c₊ − c)), 1/τ = ½ + σ ‖K‖² (Condat 2013,
    doi:10.1007/s10957-012-0245-9; Vũ 2013, doi:10.1007/s10444-011-9254-8). Momentum on inexact proximal maps
    lets pixels wander that no coil sees, since no data pull them back; here every map is exact. Steps are the
    same for all items, so none mix.
    """

    STATE = ("dual",)

    def __init__(self, start: Tensor, penalty: SplitPenalty, weight: float) -> None:
        super().__init__(start, penalty, weight)
        self._tau = 1 / (_CURVATURE + DUAL_STEP * penalty.norm)
        self._dual = torch.zeros_like(penalty.split(self.c))

    def restart(self) -> None:
        """Go on: the dual is the best start for another weight, and there is no momentum."""

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Move every item one step."""
        penalty = self._penalty
        penalty.begin_step(self.c)
        moved = self.c - self._tau * (gradient + penalty.merge(self._dual))
        moved = penalty.shrink(moved, self.weight, self._tau)
        self._dual = penalty.clip(self._dual + DUAL_STEP * penalty.split(2 * moved - self.c), self.weight)
        self.c.copy_(moved)
