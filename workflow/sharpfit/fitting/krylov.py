"""What solvers in growing Krylov spaces share: the gram, a direction, and when an item rests."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.fitting.iterating import Iterating
from sharpfit.fitting.solving import Objective
from sharpfit.physics.conjugate_gradient import at_rest
from sharpfit.physics.norms import energy, item_axes


class Krylov(Iterating):
    """A solver of AᴴA c = Aᴴy, every item a system of its own.

    An item whose residual is rounding stays where it is.

    Parameters
    ----------
    objective
        its gram is applied once a step
    start
        (item, slice, …); it is copied
    """

    def __init__(self, objective: Objective, start: Tensor) -> None:
        super().__init__(start)
        self._gram = objective.gram
        self._direction = torch.zeros_like(start)
        self._first = torch.zeros(start.shape[:2], dtype=torch.float64, device=start.device)  # ‖r₀‖²

    def _power(self, residual: Tensor) -> tuple[Tensor, Tensor]:
        """Return ‖r‖², float64 (item, slice), and 1 where an item still moves, 0 where it rests."""
        power = energy(residual, item_axes(residual))
        self._first = torch.where(self._first > 0, self._first, power)
        return power, (power > at_rest(residual.dtype) ** 2 * self._first).to(power.dtype)
