"""A regime: a torch optimizer and its learning-rate schedule, as ``params.yaml`` names them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau, SequentialLR

from sharpfit.errors import InputError

# Every one updates each coefficient from that coefficient's own history, so batch items cannot mix.
OPTIMIZERS = (
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "Adadelta",
    "Adagrad",
    "RMSprop",
    "Rprop",
    "SGD",
    "ASGD",
)
# Those that numbers alone describe; several are joined by listing them.
SCHEDULES = (
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "StepLR",
)
MAX_REHEARSAL = 5000  # iterations a regime is rehearsed for, about a second
Regime = Mapping[str, Any]


def check_regime(name: str, regime: Regime) -> None:
    """Run the regime once on a throw-away coefficient, so that a mistake shows before any job starts.

    Args:
        name: the key under ``regimes`` in ``params.yaml``, for the message.
        regime: ``{optimizer: {name, lr, …}, schedule: [{name, until, …}, …], start, n_iterations}``.

    Raises:
        InputError: an unknown class or argument, a value torch refuses at the start or on the way, or
            schedules that do not join.
    """
    leaf = torch.zeros(1, dtype=torch.complex64, requires_grad=True)
    try:
        optimizer = make_optimizer([leaf], regime["optimizer"])
        schedule = make_schedule(optimizer, regime.get("schedule", []))
    except InputError as error:
        raise InputError(f"params.yaml: regimes.{name}.{error}") from None
    leaf.grad = torch.ones_like(leaf)
    for t in range(min(regime.get("n_iterations", 1), MAX_REHEARSAL)):
        try:
            optimizer.step()
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(1.0)
            elif schedule is not None:
                schedule.step()
        except Exception as error:
            raise InputError(
                f"params.yaml: regimes.{name} fails at iteration {t + 1}: {_reason(error)}"
            ) from error


def make_optimizer(leaves: Sequence[torch.Tensor], spec: Mapping[str, Any]) -> Optimizer:
    """Build ``torch.optim.<name>(leaves, lr=…, …)``."""
    arguments = dict(spec)
    kind = _pick("optimizer.name", arguments.pop("name"), OPTIMIZERS)
    return _call("optimizer", getattr(torch.optim, kind), list(leaves), arguments)


def make_schedule(
    optimizer: Optimizer, parts: Sequence[Mapping[str, Any]]
) -> LRScheduler | ReduceLROnPlateau | None:
    """Build the learning-rate schedule; several parts follow each other.

    Every part but the last has ``until``: the iteration at which the next one takes over.
    ReduceLROnPlateau watches the loss and stands alone.
    """
    if not parts:
        return None
    built = [_make_part(optimizer, i, part) for i, part in enumerate(parts)]
    ends: list[Any] = [part.get("until") for part in parts]
    if len(built) == 1:
        if ends[0] is not None:
            raise InputError(
                "schedule[0].until: nothing follows this schedule; remove the key or add a second one"
            )
        return built[0]
    _check_joints(built, ends)
    return SequentialLR(optimizer, built, milestones=ends[:-1])


def _make_part(optimizer: Optimizer, i: int, part: Mapping[str, Any]) -> LRScheduler:
    arguments = {key: value for key, value in part.items() if key not in ("name", "until")}
    kind = _pick(f"schedule[{i}].name", part["name"], SCHEDULES)
    return _call(f"schedule[{i}]", getattr(lr_scheduler, kind), optimizer, arguments)


def _check_joints(built: Sequence[LRScheduler], ends: Sequence[int | None]) -> None:
    for i, part in enumerate(built):
        if isinstance(part, ReduceLROnPlateau):
            raise InputError(
                f"schedule[{i}]: ReduceLROnPlateau watches the loss and must be the only schedule"
            )
    for i, end in enumerate(ends[:-1]):
        if end is None or end <= (ends[i - 1] or 0 if i else 0):
            raise InputError(
                f"schedule[{i}].until: is {end}, but must be the iteration, later than the one before, "
                f"at which schedule[{i + 1}] takes over"
            )
    if ends[-1] is not None:
        raise InputError(f"schedule[{len(ends) - 1}].until: nothing follows this schedule; remove the key")


def _pick(where: str, name: str, allowed: Sequence[str]) -> str:
    if name in allowed:
        return name
    near = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(allowed)}"
    raise InputError(f"{where}: {name!r} cannot be used here; {hint}")


def _call(where: str, kind: type, first: Any, arguments: Mapping[str, Any]) -> Any:
    known = list(inspect.signature(kind).parameters)[1:]
    for key in arguments:
        if key not in known:
            raise InputError(
                f"{where}.{key}: {kind.__name__} has no such argument; it takes {', '.join(known)}"
            )
        if isinstance(arguments[key], str) and _is_number(arguments[key]):
            raise InputError(
                f"{where}.{key}: YAML reads {arguments[key]} as text; write {float(arguments[key])!r}"
            )
    try:
        return kind(first, **arguments)
    except Exception as error:
        raise InputError(f"{where}: {kind.__name__} refused its arguments: {_reason(error)}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    """Return the first line of what torch said, with the kind of error where the words alone say little."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
