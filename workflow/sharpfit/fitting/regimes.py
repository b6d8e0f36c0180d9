"""Which regimes ``params.yaml`` may name; a mistake in one is told before any job starts.

Read while planning and never by a job, so that to admit one more optimizer or solver makes no fit stale.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from sharpfit.errors import InputError
from sharpfit.fitting.by_name import AUTO, JUDGED
from sharpfit.fitting.command_line import CommandLine
from sharpfit.fitting.foreign import foreign_kind
from sharpfit.fitting.methods import modules_of
from sharpfit.fitting.names import did_you_mean
from sharpfit.fitting.refused import why_refused
from sharpfit.fitting.solvers import torch_optimizer
from sharpfit.fitting.solving import Objective, make_basis, make_penalty, make_solver
from sharpfit.fitting.weight_path import N_WEIGHTS

# Every one updates each coefficient from that coefficient's own history, so batch items cannot mix.
OPTIMIZERS = (
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "ComplexAdam",
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
# How torch computes, which depends on the device; a regime says what is computed.
EXECUTION = ("capturable", "differentiable", "foreach", "fused")
STAND_IN = 1.2345e-3  # for a rate that is to be found; no schedule would begin at it of its own
N_STEPS = 20  # of the solver in a rehearsal; its schedule is rehearsed to the end
Regime = Mapping[str, Any]
T = TypeVar("T")


def check_regime(name: str, regime: Regime) -> None:
    """Run the regime on a throw-away problem, so that a mistake shows before any job starts.

    Parameters
    ----------
    name
        the key under ``regimes`` in ``params.yaml``, for the message
    regime
        ``{optimizer: {name, lr, …}, schedule: [{name, until, …}, …]}`` or
        ``{solver: {name | command | file, …}}``, with ``start`` and ``n_iterations``

    Raises
    ------
    InputError
        an unknown class or argument, a value torch refuses at the start or on the way, or schedules that
        do not join
    """
    try:
        modules_of(regime)
        regime = _with_a_number(regime)
        if "optimizer" in regime:
            _check_optimizer(regime["optimizer"])
            _check_schedule(regime["optimizer"], regime.get("schedule", []), regime["n_iterations"])
        elif foreign_kind(regime["solver"]):
            _check_foreign(regime)
            return  # what a study brings along is run by jobs alone
        else:
            _check_arguments("solver", import_module(modules_of(regime)[0]).make, regime["solver"], skip=2)
            _check_penalty(regime)
        if "basis" in regime:
            basis = import_module(modules_of(regime)[-1]).make
            _check_arguments("basis", basis, regime["basis"], skip=0)
            _try("basis", "its arguments", partial(make_basis, regime, None))
        _rehearse(regime)
    except InputError as error:
        raise InputError(f"params.yaml: regimes.{name}.{error}") from None


def _with_a_number(regime: Regime) -> Regime:
    """Stand in a small learning rate for one that each scan's range test will find."""
    optimizer = regime.get("optimizer", {})
    return {**regime, "optimizer": {**optimizer, "lr": STAND_IN}} if optimizer.get("lr") == AUTO else regime


def _check_foreign(regime: Regime) -> None:
    """Hold a command line against its placeholders; a function is looked at where its file is."""
    solver = regime["solver"]
    if "command" not in solver:
        return
    line = CommandLine(
        solver["command"], {name: value for name, value in solver.items() if name != "command"}
    )
    if regime["n_iterations"] != line.n_values:
        raise InputError(
            f"n_iterations: is {regime['n_iterations']}, but the command runs {line.n_values} times"
        )
    if regime["start"] != "zero":
        raise InputError("start: is told to no command; write zero")


def _rehearse(regime: Regime) -> None:
    """Take some steps towards one, two items of 2 × 2 pixels seen directly."""
    start = torch.zeros(2, 1, 2, 2, dtype=torch.complex64)
    where = "optimizer" if "optimizer" in regime else "solver"
    name = regime[where]["name"]
    penalty = _try("penalty", "its arguments", partial(make_penalty, regime))
    objective = Objective(lambda c: c, start, penalty, 0.1)
    solver = _try(where, name, partial(make_solver, regime, objective, start))
    for t in range(min(regime["n_iterations"], N_STEPS)):
        gradient = solver.c.detach() - 1
        loss = gradient.abs().square().sum((-2, -1))
        _try(where, f"{name} at iteration {t + 1}", partial(solver.step, gradient, loss))


def _check_penalty(regime: Regime) -> None:
    if "penalty" not in regime:
        return
    arguments = {key: value for key, value in regime["penalty"].items() if key != "weight"}
    _check_arguments("penalty", import_module(modules_of(regime)[1]).make, arguments, skip=0)
    if regime["penalty"]["weight"] != JUDGED:
        return
    if regime["n_iterations"] < N_WEIGHTS:
        raise InputError(
            f"n_iterations: is {regime['n_iterations']}, but a judged weight takes {N_WEIGHTS} or more"
        )
    if "stop" in regime:
        raise InputError("stop: the path of a judged weight has its own end; remove the key")


def _check_optimizer(spec: Mapping[str, Any]) -> None:
    if spec["name"] not in OPTIMIZERS:
        reason = why_refused(spec["name"]) or did_you_mean(spec["name"], OPTIMIZERS)
        raise InputError(f"optimizer.name: {reason}")
    _check_arguments("optimizer", torch_optimizer.optimizer_class(spec["name"]), spec)
    for key in EXECUTION:
        if key in spec:
            raise InputError(f"optimizer.{key}: says how torch computes, not what; remove it")
    _try("optimizer", spec["name"], partial(_optimizer, spec))


def _optimizer(spec: Mapping[str, Any]) -> Optimizer:
    leaf = torch.zeros(1, dtype=torch.complex64, requires_grad=True)
    leaf.grad = torch.ones_like(leaf)
    return torch_optimizer.make_optimizer([leaf], spec)


def _check_schedule(optimizer: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], n: int) -> None:
    """Check every part, how they join, and the whole schedule to the last of n iterations."""
    for i, part in enumerate(parts):
        if part["name"] not in SCHEDULES:
            raise InputError(f"schedule[{i}].name: {did_you_mean(part['name'], SCHEDULES)}")
        _check_arguments(f"schedule[{i}]", getattr(lr_scheduler, part["name"]), part)
        _check_rate(f"schedule[{i}]", optimizer, part)
    _check_joints(parts)
    trial = _optimizer(optimizer)
    schedule = torch_optimizer.make_schedule(trial, parts)
    for t in range(n):
        lr = float(trial.param_groups[0]["lr"])
        if not abs(lr) <= torch.finfo(torch.float32).max:
            raise InputError(f"optimizer.lr: is {lr:.3g} at iteration {t + 1}, more than float32 holds")
        if t == 0:
            _try("optimizer", optimizer["name"], trial.step)
        _try("schedule", f"iteration {t + 1}", partial(_advance, schedule))


def _check_rate(where: str, optimizer: Mapping[str, Any], part: Mapping[str, Any]) -> None:
    """Refuse a part of a schedule that torch would not build, or that overwrites the optimizer's rate."""
    trial = _optimizer(optimizer)
    group = trial.param_groups[0]
    stated = float(group["lr"])
    _try(where, part["name"], partial(torch_optimizer.make_part, trial, part))
    begins = float(group.get("initial_lr", stated))  # a factor of a warm-up changes lr alone
    if not math.isclose(begins, stated, rel_tol=1e-5):
        raise InputError(
            f"{where}: {part['name']} begins at {begins:.6g} whatever optimizer.lr says; "
            f"write {begins:.6g} there"
        )


def _advance(schedule: LRScheduler | ReduceLROnPlateau | None) -> None:
    if isinstance(schedule, ReduceLROnPlateau):
        schedule.step(1.0)
    elif schedule is not None:
        schedule.step()


def _check_joints(parts: Sequence[Mapping[str, Any]]) -> None:
    ends: list[Any] = [part.get("until") for part in parts]
    if len(parts) > 1:
        for i, part in enumerate(parts):
            if part["name"] == ReduceLROnPlateau.__name__:
                raise InputError(
                    f"schedule[{i}]: ReduceLROnPlateau watches the loss and must be the only schedule"
                )
    for i, end in enumerate(ends[:-1]):
        if end is None or end <= (ends[i - 1] or 0 if i else 0):
            raise InputError(
                f"schedule[{i}].until: is {end}, but must be the iteration, later than the one before, "
                f"at which schedule[{i + 1}] takes over"
            )
    if ends and ends[-1] is not None:
        raise InputError(
            f"schedule[{len(ends) - 1}].until: nothing follows this schedule; remove the key or add another"
        )


def _check_arguments(where: str, kind: Callable[..., Any], spec: Mapping[str, Any], skip: int = 1) -> None:
    """Hold the keys of a spec against a signature, but for its first arguments, which are not the user's."""
    known = list(inspect.signature(kind).parameters)[skip:]
    for key, value in spec.items():
        if key in ("name", "until"):
            continue
        if key not in known:
            raise InputError(
                f"{where}.{key}: {spec['name']} has no such argument; it takes {', '.join(known) or 'none'}"
            )
        if isinstance(value, str) and _is_number(value):
            raise InputError(f"{where}.{key}: YAML reads {value} as text; write {value} without quotes")


def _try(where: str, what: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except Exception as error:
        raise InputError(f"{where}: {what} refused: {_reason(error)}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    """Return the first line of what torch said, with the kind of error where the words alone say little."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
