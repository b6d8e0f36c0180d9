"""What all solvers of penalised objectives share: weight and penalty, and their state."""

from __future__ import annotations

from typing import Any, Generic

from torch import Tensor

from sharpfit.fitting.iterating import Iterating
from sharpfit.fitting.solving import P


class Penalised(Iterating, Generic[P]):
    """A solver of ½‖A c − y‖² + λ R(c).

    Parameters
    ----------
    start
        (item, slice, …); it is copied
    penalty
        R
    weight
        λ
    """

    def __init__(self, start: Tensor, penalty: P, weight: float) -> None:
        super().__init__(start)
        self.weight = weight
        self._penalty = penalty

    def state_dict(self) -> dict[str, Any]:
        """Return iterate, weight, the penalty's state and what `STATE` names."""
        return super().state_dict() | {"weight": self.weight, "penalty": self._penalty.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        weight, penalty = state["weight"], state["penalty"]
        super().load_state_dict(state)
        self._penalty.load_state_dict(penalty)
        self.weight = weight
