"""Which files a regime uses, of several: its solver. Planning reads this table, a job never does."""

from collections.abc import Mapping
from typing import Any

from sharpfit.errors import InputError
from sharpfit.fitting.names import did_you_mean

SOLVERS = "sharpfit.fitting.solvers"
TORCH = "torch_optimizer"

_SOLVERS = ("cg",)
"""Solvers that a regime may name; `optimizer:` asks for the one of torch."""

EVERY_MODULE = tuple(f"{SOLVERS}.{name}" for name in (TORCH, *_SOLVERS))
"""All that `modules_of` can name."""


def modules_of(regime: Mapping[str, Any]) -> tuple[str, ...]:
    """Modules that a fit under this regime loads by name.

    Raises
    ------
    InputError
        if no file is known by a name that the regime gives
    """
    if "solver" not in regime:
        return (f"{SOLVERS}.{TORCH}",)
    name = regime["solver"]["name"]
    if name not in _SOLVERS:
        raise InputError(f"solver.name: {did_you_mean(name, _SOLVERS)}")
    return (f"{SOLVERS}.{name}",)
