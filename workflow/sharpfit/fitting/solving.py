"""What a solver is given and what it must offer; the one that a regime names is loaded here.

A solver is a file of `sharpfit.fitting.solvers` with ``make(objective, start, **arguments)``. It minimises
½‖A c − y‖² (plus a penalty) for all batch items at once and never mixes them: every scalar it computes is one
per item and slice. It takes callables, tensors and plain numbers, so that a 5 × 5 matrix tests it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from torch import Tensor

from sharpfit.fitting.acquired import PlainProblem
from sharpfit.fitting.by_name import BASES, MATRIX, PENALTIES, SOLVERS, TORCH
from sharpfit.fitting.foreign import foreign_kind
from sharpfit.physics.operators import LinearOperator


@dataclass(frozen=True)
class Objective:
    """What a solver may ask about ½‖A c − y‖², one value per item and slice.

    Attributes
    ----------
    gram
        AᴴA c of every item, (item, slice, …) → the same shape
    data
        a tensor of the data, which shows the dtype and device that c must have
    penalty
        R, where the objective is ½‖A c − y‖² + λ R(c)
    weight
        λ
    plain
        what a solver that is not ours is given
    """

    gram: Callable[[Tensor], Tensor]
    data: Tensor
    penalty: Penalty | None = None
    weight: float = 0.0
    plain: PlainProblem | None = None


class Penalty(Protocol):
    """R of images (item, slice, y, x); a kind of solver asks for further maps, in a protocol of its own."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the next call goes on from: tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of another instance, made alike."""


@runtime_checkable
class ProximalPenalty(Penalty, Protocol):
    """R with the map by which proximal gradient methods step along it."""

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Minimise ½ ‖z − x‖² + t R(z) over z; t is positive, one per item, shaped to scale ``x``."""


class Solver(Protocol):
    """All batch items of one fit, moved together and never mixed."""

    @property
    def c(self) -> Tensor:
        """The iterate, (item, slice, …), on the device of the fit."""

    @property
    def lr(self) -> float:
        """Learning rate of the next step, for people; NaN where a solver has none."""

    @property
    def pace(self) -> float:
        """How far the next step advances the clock by which the judge reads a fit; 0 when it cannot move.

        The learning rate where there is one, else 1 for each iteration.
        """

    def step(self, gradient: Tensor, loss: Tensor) -> None:
        """Move every item one step.

        Parameters
        ----------
        gradient
            Aᴴ(A c − y) at :attr:`c`, (item, slice, …)
        loss
            each item's own ‖A c − y‖² / (N_r σ²), (item, slice)
        """

    def state_dict(self) -> dict[str, Any]:
        """All that :meth:`load_state_dict` needs to go on bit for bit: tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state that another instance, made alike, was in."""


@runtime_checkable
class WalksAlongWeights(Protocol):
    """A solver whose iterates are images of different weights, and not steps to one image."""

    def weights_at(self, iterations: Sequence[int]) -> list[float]:
        """Return the weight of each checkpoint, in units of σ, NaN at the start; empty where it keeps one."""


@runtime_checkable
class Scheduled(Protocol):
    """A solver whose learning rate follows a schedule."""

    def hold(self) -> None:
        """End the schedule, and step at the largest learning rate so far."""


def solver_of(regime: Mapping[str, Any]) -> str:
    """Name the file of `SOLVERS` that a regime uses."""
    if "solver" not in regime:
        return TORCH
    return foreign_kind(regime["solver"]) or str(regime["solver"]["name"])


def make_solver(regime: Mapping[str, Any], objective: Objective, start: Tensor) -> Solver:
    """Load the solver of a regime and put it at the start.

    The module is imported by its name, so that a job's code is the one solver it uses.
    """
    if "solver" in regime:
        arguments = {name: value for name, value in regime["solver"].items() if name != "name"}
    else:
        arguments = {"optimizer": regime["optimizer"], "schedule": regime.get("schedule", [])}
    module = import_module(f"{SOLVERS}.{solver_of(regime)}")
    return cast(Solver, module.make(objective, start, **arguments))


def make_penalty(regime: Mapping[str, Any]) -> Penalty | None:
    """Load the penalty of a regime by its name; None where it names none."""
    if "penalty" not in regime:
        return None
    spec = regime["penalty"]
    arguments = {name: value for name, value in spec.items() if name not in ("name", "weight")}
    return cast(Penalty, import_module(f"{PENALTIES}.{spec['name']}").make(**arguments))


def make_basis(regime: Mapping[str, Any], images: Tensor | None) -> LinearOperator | None:
    """Load the basis Φ of a regime, or of a scan that brings its own images; None for the identity."""
    if images is not None:
        return cast(LinearOperator, import_module(MATRIX).make(images))
    if "basis" not in regime:
        return None
    arguments = {name: value for name, value in regime["basis"].items() if name != "name"}
    return cast(LinearOperator, import_module(f"{BASES}.{regime['basis']['name']}").make(**arguments))


P = TypeVar("P", bound=Penalty)


def penalty_of(objective: Objective, kind: type[P]) -> P:
    """Return the penalty, of the kind that a solver needs.

    Raises
    ------
    ValueError
        the regime names none, or one of another kind
    """
    if objective.penalty is None:
        raise ValueError("it needs a penalty; name one, or take cg")
    if not isinstance(objective.penalty, kind):
        raise ValueError(f"it cannot take the penalty {type(objective.penalty).__name__}")
    return objective.penalty
