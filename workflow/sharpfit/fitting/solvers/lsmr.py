"""LSMR: of all that a Krylov method can reach, the iterate whose normal equations are nearest to solved."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.fitting.krylov import Krylov
from sharpfit.fitting.solving import Objective
from sharpfit.physics.norms import energy, factors, inner, item_axes, quotient


def make(objective: Objective, start: Tensor) -> Lsmr:
    """Put LSMR at ``start`` (item, slice, …); it is copied."""
    return Lsmr(objective, start)


class Lsmr(Krylov):
    """Minimises ‖Aᴴ(A c − y)‖ over growing Krylov spaces.

    These are the iterates of LSMR (Fong & Saunders 2011, doi:10.1137/10079687X), which is MINRES on the
    normal equations; they are reached by conjugate residuals (Stiefel 1955), whose step needs one AᴴA, as
    `cg`'s does, and no bidiagonalisation of data. Both ‖Aᴴ(A c − y)‖ and the loss fall with every step, and
    the loss lags behind that of `cg`: where `cg` begins to fit the noise, these iterates still hold back.
    """

    STATE = ("direction", "mapped", "curvature", "first")

    def __init__(self, objective: Objective, start: Tensor) -> None:
        super().__init__(objective, start)
        self._mapped = torch.zeros_like(start)  # AᴴA of the direction
        self._curvature = torch.zeros_like(self._first)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Step along d = r + β d, r = −gradient: c ← c + α d, α minimising each item's ‖r‖ along d."""
        residual, axes = -gradient, item_axes(gradient)
        _, moving = self._power(residual)
        seen = self._gram(residual)
        curvature = inner(residual, seen, axes)  # ⟨r, AᴴA r⟩
        beta = factors(quotient(curvature, self._curvature), residual)
        self._direction = residual + beta * self._direction
        self._mapped = seen + beta * self._mapped
        alpha = moving * quotient(inner(self._mapped, residual, axes), energy(self._mapped, axes))
        self.c += factors(alpha, self.c) * self._direction
        self._curvature = curvature
