"""The leaf that is fitted, with the optimizer that moves it, and the guards around both."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sharpfit.fitting.regimes import Regime, make_optimizer, make_schedule


class FrozenFitError(RuntimeError):
    """The fit could never move: the leaf, the optimizer and the data do not belong together."""


def check_leaf(leaf: Tensor, optimizer: Optimizer, data: Tensor) -> None:
    """Refuse, before the first iteration, a fit that could not move.

    Args:
        leaf: the tensor that is fitted.
        optimizer: the optimizer that is meant to move it.
        data: what the operator computes with; the leaf must share its dtype and device.

    Raises:
        FrozenFitError: the leaf is not a leaf or takes no gradient, differs from the data in dtype or
            device, or is not the tensor that the optimizer holds.
    """
    if not leaf.is_leaf:
        raise FrozenFitError(
            "c is not a leaf of the autograd graph: it was made from another tensor (by .to(), .cuda() or "
            "arithmetic after requires_grad), so its .grad stays None; create it on its device"
        )
    if not leaf.requires_grad:
        raise FrozenFitError("c does not require a gradient; create it with requires_grad=True")
    if leaf.dtype != data.dtype:
        raise FrozenFitError(
            f"c is {leaf.dtype} but the data and maps are {data.dtype}; preprocess casts once to "
            "complex64, and nothing is cast after"
        )
    if leaf.device != data.device:
        raise FrozenFitError(f"c is on {leaf.device} but the data and maps are on {data.device}")
    held = [p for group in optimizer.param_groups for p in group["params"]]
    if not any(p is leaf for p in held):
        raise FrozenFitError(
            "the optimizer holds another tensor than c (was c moved or copied after it was built?), so "
            "its steps would never reach c; build the optimizer from the tensor that is fitted"
        )


class Descent:
    """All batch items of one fit, moved together and never mixed.

    The coefficients are created on their device as one leaf, then handed to the optimizer; they are
    never moved after. A schedule that watches the loss (ReduceLROnPlateau) would let one item's loss set
    another's learning rate, so there every (replica, slice) is a leaf with its own optimizer.

    Args:
        start: complex coefficients (replica, slice, y, x) on the device of the fit; copied.
        regime: optimizer and schedule, see :func:`sharpfit.fitting.regimes.check_regime`.
        data: the staged k-space, for the guards.
    """

    def __init__(self, start: Tensor, regime: Regime, data: Tensor) -> None:
        self.c = start.detach().clone()
        schedule = regime.get("schedule", [])
        self._watches_loss = any(part["name"] == ReduceLROnPlateau.__name__ for part in schedule)
        parts = list(self.c.flatten(0, 1)) if self._watches_loss else [self.c]
        self._leaves = [part.detach().requires_grad_() for part in parts]
        self._optimizers = [make_optimizer([leaf], regime["optimizer"]) for leaf in self._leaves]
        self._schedules = [make_schedule(optimizer, schedule) for optimizer in self._optimizers]
        for leaf, optimizer in zip(self._leaves, self._optimizers, strict=True):
            check_leaf(leaf, optimizer, data)

    @property
    def lr(self) -> float:
        """Learning rate of the next step of the main fit; the mean over slices where they differ."""
        n_main = self.c.shape[1] if self._watches_loss else 1
        rates = [optimizer.param_groups[0]["lr"] for optimizer in self._optimizers[:n_main]]
        return float(sum(rates) / len(rates))

    def step(self, gradient: Tensor, loss: Tensor) -> None:
        """Move every item one step.

        Args:
            gradient: (replica, slice, y, x), the gradient of each item's own loss.
            loss: (replica, slice), each item's own loss; only a schedule that watches the loss reads it.
        """
        gradients = gradient.flatten(0, 1) if self._watches_loss else [gradient]
        losses = loss.flatten().tolist()
        for i, (leaf, optimizer) in enumerate(zip(self._leaves, self._optimizers, strict=True)):
            leaf.grad = gradients[i]
            optimizer.step()
            schedule = self._schedules[i]
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(losses[i])
            elif schedule is not None:
                schedule.step()

    def state_dict(self) -> dict[str, Any]:
        """Everything that a later :meth:`load_state_dict` needs to go on bit for bit."""
        return {
            "c": self.c,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "schedules": [schedule.state_dict() if schedule else None for schedule in self._schedules],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state another instance of the same regime was in."""
        self.c.copy_(state["c"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for schedule, saved in zip(self._schedules, state["schedules"], strict=True):
            if schedule is not None:
                schedule.load_state_dict(saved)
