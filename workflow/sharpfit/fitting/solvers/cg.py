"""Conjugate gradients on AᴴA c = Aᴴy: no learning rate, and the fewest steps a gradient method can take."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.fitting.krylov import Krylov
from sharpfit.fitting.solving import Objective
from sharpfit.physics.norms import factors, inner, item_axes, quotient


def make(objective: Objective, start: Tensor) -> ConjugateGradients:
    """Put conjugate gradients at ``start`` (item, slice, …); it is copied."""
    return ConjugateGradients(objective, start)


class ConjugateGradients(Krylov):
    """Hestenes & Stiefel 1952 (doi:10.6028/jres.049.044).

    The residual of the normal equations is −gradient, taken anew at every step and not by recurrence, so
    rounding does not add up.
    """

    STATE = ("direction", "last_power", "first")

    def __init__(self, objective: Objective, start: Tensor) -> None:
        super().__init__(objective, start)
        self._last_power = torch.zeros_like(self._first)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Step along d = r + β d, r = −gradient: c ← c + α d, α minimising each item's loss along d."""
        residual, axes = -gradient, item_axes(gradient)
        power, moving = self._power(residual)
        self._direction = residual + factors(quotient(power, self._last_power), residual) * self._direction
        curvature = inner(self._direction, self._gram(self._direction), axes)
        alpha = moving * quotient(inner(residual, self._direction, axes), curvature)
        self.c += factors(alpha, self.c) * self._direction
        self._last_power = power
