"""What solvers in growing Krylov spaces share: iterate, when an item rests, and the state of a checkpoint."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from sharpfit.fitting.solving import Objective
from sharpfit.physics.conjugate_gradient import at_rest
from sharpfit.physics.norms import energy, item_axes, spread_over


class Krylov:
    """A solver of AᴴA c = Aᴴy without a learning rate, every item a system of its own.

    An item whose residual is rounding stays where it is.

    Parameters
    ----------
    objective
        its gram is applied once a step
    start
        (item, slice, …); it is copied
    """

    lr = float("nan")
    pace = 1.0
    STATE: ClassVar[tuple[str, ...]]
    """The tensors, beside the iterate, that the next step goes on from: ``_name`` of the instance."""

    def __init__(self, objective: Objective, start: Tensor) -> None:
        self.c = start.detach().clone()
        self._gram = objective.gram
        self._direction = torch.zeros_like(start)
        self._first = torch.zeros(start.shape[:2], dtype=torch.float64, device=start.device)  # ‖r₀‖²

    def _power(self, residual: Tensor) -> tuple[Tensor, Tensor]:
        """Return ‖r‖², float64 (item, slice), and 1 where an item still moves, 0 where it rests."""
        power = energy(residual, item_axes(residual))
        self._first = torch.where(self._first > 0, self._first, power)
        return power, (power > at_rest(residual.dtype) ** 2 * self._first).to(power.dtype)

    def _scale(self, values: Tensor) -> Tensor:
        return spread_over(values, self.c).to(self.c.real.dtype)

    def state_dict(self) -> dict[str, Any]:
        """Return the iterate and what `STATE` names."""
        return {"c": self.c, **{name: getattr(self, f"_{name}") for name in self.STATE}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        own = {f"_{name}": state[name] for name in self.STATE}  # before anything changes: it may be another's
        self.c.copy_(state["c"])
        vars(self).update(own)
