"""Which files a regime uses, of several: solver, penalty, basis. Planning reads this, a job never does."""

from collections.abc import Mapping, Sequence
from typing import Any

from sharpfit.errors import InputError
from sharpfit.fitting.by_name import AUTO, BASES, LR_RANGE, MATRIX, PENALTIES, SOLVERS, TORCH
from sharpfit.fitting.foreign import FOREIGN, foreign_kind
from sharpfit.fitting.names import did_you_mean

OPTIMIZERS = {"ComplexAdam": "sharpfit.fitting.optimizers.complex_adam"}
"""Our own optimizers, which torch lacks → the file."""

_UNPENALISED = ("cg", "lsmr")
_PENALTIES_OF = {
    "fista": ("tikhonov", "total_variation", "wavelet"),
    "pogm": ("tikhonov", "total_variation", "wavelet"),
    "primal_dual": ("smooth_phase", "total_variation"),
}
_PENALTIES = sorted({name for names in _PENALTIES_OF.values() for name in names})
_BASES = ("dct", "wavelet")

EVERY_MODULE = (
    LR_RANGE,
    *(f"{SOLVERS}.{name}" for name in (TORCH, *_UNPENALISED, *_PENALTIES_OF)),
    *(f"{PENALTIES}.{name}" for name in _PENALTIES),
    *(f"{SOLVERS}.{name}" for name in FOREIGN.values()),
    *(f"{BASES}.{name}" for name in _BASES),
    *OPTIMIZERS.values(),
    MATRIX,
)
"""All that `modules_of` can name."""


def acts_on_coefficients(regime: Mapping[str, Any]) -> bool:
    """Whether a regime can fit coefficients: neither its solver nor its penalty is made for images."""
    if foreign_kind(regime.get("solver", {})):
        return False
    return "penalty" not in regime or regime["penalty"]["name"] == "tikhonov"


def modules_of(regime: Mapping[str, Any]) -> tuple[str, ...]:
    """Modules that a fit under this regime loads by name, its solver first.

    Raises
    ------
    InputError
        if no file is known by a name that the regime gives, or its parts do not belong together
    """
    modules = _solver_and_penalty(regime)
    if "basis" not in regime:
        return modules
    if not acts_on_coefficients(regime):
        raise InputError("basis: the regime's solver or penalty works on images; remove one of them")
    return (*modules, f"{BASES}.{_known('basis', regime['basis']['name'], _BASES)}")


def _solver_and_penalty(regime: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what `modules_of` does, but for the basis."""
    if "solver" not in regime:
        optimizer = regime.get("optimizer", {})
        own = OPTIMIZERS.get(optimizer.get("name"))
        auto = LR_RANGE if optimizer.get("lr") == AUTO else None
        return (f"{SOLVERS}.{TORCH}", *(module for module in (own, auto) if module))
    if kind := foreign_kind(regime["solver"]):
        if "penalty" in regime:
            raise InputError("penalty: a solver of your own brings its own")
        return (f"{SOLVERS}.{kind}",)
    solver = _known("solver", regime["solver"]["name"], (*_UNPENALISED, *_PENALTIES_OF))
    if "penalty" not in regime:
        if solver in _PENALTIES_OF:
            raise InputError(f"solver: {solver} is for penalised fits; name a penalty, or take cg")
        return (f"{SOLVERS}.{solver}",)
    if solver not in _PENALTIES_OF:
        raise InputError(f"penalty: {solver} knows none; take {' or '.join(_PENALTIES_OF)}")
    penalty = _known("penalty", regime["penalty"]["name"], _PENALTIES)
    if penalty not in _PENALTIES_OF[solver]:
        others = [name for name, penalties in _PENALTIES_OF.items() if penalty in penalties]
        raise InputError(f"penalty.name: {solver} cannot take {penalty}; {' or '.join(others)} can")
    return (f"{SOLVERS}.{solver}", f"{PENALTIES}.{penalty}")


def _known(key: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise InputError(f"{key}.name: {did_you_mean(name, names)}")
    return name
