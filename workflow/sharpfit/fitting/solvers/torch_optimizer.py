"""Any elementwise optimizer of torch with its learning-rate schedule, and the guards around its leaf."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau, SequentialLR

from sharpfit.fitting.solving import Objective

Spec = Mapping[str, Any]
OWN = "sharpfit.fitting.optimizers"


class FrozenFitError(RuntimeError):
    """The fit could never move: the leaf, the optimizer and the data do not belong together."""


def make(objective: Objective, start: Tensor, *, optimizer: Spec, schedule: Sequence[Spec]) -> Descent:
    """Make the leaf and its optimizer, ``torch.optim.<name>(leaf, lr=…, …)``, in this order.

    Parameters
    ----------
    objective
        only its data are looked at, for the guards
    start
        complex coefficients (item, slice, …) on the device of the fit; copied
    optimizer
        name and keyword arguments
    schedule
        each part's name, keyword arguments and ``until``

    Raises
    ------
    FrozenFitError
        if leaf, optimizer and data do not belong together
    """
    return Descent(start, optimizer, schedule, objective.data)


class Descent:
    """All batch items of one fit, moved by one optimizer.

    The coefficients are created on their device as one leaf, then handed to the optimizer; they are
    never moved after. A schedule that watches the loss (ReduceLROnPlateau) would let one item's loss set
    another's learning rate, so there every (item, slice) is a leaf with its own optimizer.
    """

    def __init__(self, start: Tensor, optimizer: Spec, schedule: Sequence[Spec], data: Tensor) -> None:
        self.c = start.detach().clone()
        self._watches_loss = any(part["name"] == ReduceLROnPlateau.__name__ for part in schedule)
        parts = list(_parts(self.c)) if self._watches_loss else [self.c]
        self._leaves = [part.detach().requires_grad_() for part in parts]
        self._optimizers = [make_optimizer([leaf], optimizer) for leaf in self._leaves]
        self._schedules = [make_schedule(one, schedule) for one in self._optimizers]
        self._largest = [_options(one) for one in self._optimizers]  # those of the step of the largest rate
        for leaf, one in zip(self._leaves, self._optimizers, strict=True):
            check_leaf(leaf, one, data)

    @property
    def lr(self) -> float:
        """Learning rate of the next step of the main fit; the mean over slices where they differ."""
        n_main = self.c.shape[1] if self._watches_loss else 1
        rates = [optimizer.param_groups[0]["lr"] for optimizer in self._optimizers[:n_main]]
        return float(sum(rates) / len(rates))

    @property
    def pace(self) -> float:
        """The learning rate."""
        return self.lr

    def step(self, gradient: Tensor, loss: Tensor) -> None:
        """Move every item one step; only a schedule that watches the loss reads it."""
        gradients = _parts(gradient) if self._watches_loss else [gradient]
        losses = loss.flatten().tolist()
        for i, (leaf, optimizer) in enumerate(zip(self._leaves, self._optimizers, strict=True)):
            leaf.grad = gradients[i]
            optimizer.step()
            if abs(optimizer.param_groups[0]["lr"]) > abs(self._largest[i]["lr"]):
                self._largest[i] = _options(optimizer)
            schedule = self._schedules[i]
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(losses[i])
            elif schedule is not None:
                schedule.step()

    def hold(self) -> None:
        """End every schedule, and step as at the largest rate so far, with the momentum it had there."""
        self._schedules = [None] * len(self._schedules)
        for optimizer, options in zip(self._optimizers, self._largest, strict=True):
            optimizer.param_groups[0].update(options)

    def state_dict(self) -> dict[str, Any]:
        """c, and the state of every optimizer and schedule."""
        return {
            "c": self.c,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "schedules": [schedule.state_dict() if schedule else None for schedule in self._schedules],
            "largest": self._largest,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance of the same regime."""
        self.c.copy_(state["c"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self._largest = list(state["largest"])
        for i, (schedule, saved) in enumerate(zip(self._schedules, state["schedules"], strict=True)):
            if schedule is not None and saved is not None:
                schedule.load_state_dict(saved)
            elif saved is None:  # it had ended, see `hold`
                self._schedules[i] = None


def make_optimizer(leaves: Sequence[Tensor], spec: Spec) -> Optimizer:
    """Build ``torch.optim.<name>(leaves, lr=…, …)``, or one of `sharpfit.fitting.optimizers`."""
    arguments = {key: value for key, value in spec.items() if key != "name"}
    optimizer: Optimizer = optimizer_class(spec["name"])(list(leaves), **arguments)
    return optimizer


def optimizer_class(name: str) -> Callable[..., Optimizer]:
    """Look a class up in torch, then among our own: ComplexAdam in ``complex_adam.py``.

    Raises
    ------
    ModuleNotFoundError
        if neither knows the name
    """
    file = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
    room = torch.optim if hasattr(torch.optim, name) else import_module(f"{OWN}.{file}")
    return cast(Callable[..., Optimizer], getattr(room, name))


def _options(optimizer: Optimizer) -> dict[str, Any]:
    """Return what the next step is made with, beside the leaf."""
    return {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}


def _parts(c: Tensor) -> list[Tensor]:
    """One view for every item and slice, (1, 1, …)."""
    return [part[None, None] for part in c.flatten(0, 1)]


def make_schedule(optimizer: Optimizer, parts: Sequence[Spec]) -> LRScheduler | ReduceLROnPlateau | None:
    """Build the learning-rate schedule; each part but the last has ``until``, where the next takes over."""
    built = [make_part(optimizer, part) for part in parts]
    if len(built) < 2:
        return built[0] if built else None
    return SequentialLR(optimizer, built, milestones=[part["until"] for part in parts[:-1]])


def make_part(optimizer: Optimizer, part: Spec) -> LRScheduler:
    """Build ``torch.optim.lr_scheduler.<name>(optimizer, …)``."""
    arguments = {key: value for key, value in part.items() if key not in ("name", "until")}
    schedule: LRScheduler = getattr(lr_scheduler, part["name"])(optimizer, **arguments)
    return schedule


def check_leaf(leaf: Tensor, optimizer: Optimizer, data: Tensor) -> None:
    """Refuse, before the first iteration, a fit that could not move.

    Parameters
    ----------
    leaf
        the tensor that is fitted
    optimizer
        the optimizer that is meant to move it
    data
        what the operator computes with; the leaf must share its dtype and device

    Raises
    ------
    FrozenFitError
        if the leaf is not a leaf or takes no gradient, differs from the data in dtype or device, or is not
        the tensor that the optimizer holds
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
