"""What our own solvers share: an iterate, no learning rate, and the state of a checkpoint."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor


class Iterating:
    """A solver without a learning rate.

    Parameters
    ----------
    start
        (item, slice, …); it is copied
    """

    lr = float("nan")
    pace = 1.0
    STATE: ClassVar[tuple[str, ...]]
    """The tensors, beside the iterate, that the next step goes on from: ``_name`` of the instance."""

    def __init__(self, start: Tensor) -> None:
        self.c = start.detach().clone()

    def state_dict(self) -> dict[str, Any]:
        """Return the iterate and what `STATE` names."""
        return {"c": self.c, **{name: getattr(self, f"_{name}") for name in self.STATE}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance."""
        own = {f"_{name}": state[name] for name in self.STATE}  # before anything changes: it may be another's
        self.c.copy_(state["c"])
        vars(self).update(own)
