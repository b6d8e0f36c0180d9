"""What all solvers of penalised objectives share: iterate, weight, penalty, and the state of a checkpoint."""

from __future__ import annotations

from typing import Any, ClassVar, Generic

from torch import Tensor

from sharpfit.fitting.solving import P


class Penalised(Generic[P]):
    """A solver of ½‖A c − y‖² + λ R(c) without a learning rate.

    Parameters
    ----------
    start
        (item, slice, …); it is copied
    penalty
        R
    weight
        λ
    """

    lr = float("nan")
    pace = 1.0
    STATE: ClassVar[tuple[str, ...]]
    """The tensors, beside the iterate, that the next step goes on from: ``_name`` of the instance."""

    def __init__(self, start: Tensor, penalty: P, weight: float) -> None:
        self.c = start.detach().clone()
        self.weight = weight
        self._penalty = penalty

    def state_dict(self) -> dict[str, Any]:
        """Return iterate, weight, the penalty's state and what `STATE` names."""
        own = {name: getattr(self, f"_{name}") for name in self.STATE}
        return {"c": self.c, "weight": self.weight, "penalty": self._penalty.state_dict(), **own}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        own = {f"_{name}": state[name] for name in self.STATE}  # before anything changes: it may be another's
        self._penalty.load_state_dict(state["penalty"])
        self.c.copy_(state["c"])
        self.weight = state["weight"]
        vars(self).update(own)
