"""Solvers that a study brings along: which a regime asks for. No import, so that planning can ask too."""

from collections.abc import Mapping
from typing import Any

FOREIGN = {"command": "command", "file": "function"}
"""Key of `solver:` that asks for one → the file of `sharpfit.fitting.solvers` that runs it."""


def foreign_kind(solver: Mapping[str, Any]) -> str:
    """Name the file that runs a solver of the study's own; empty for the solvers that have a name here."""
    return next((kind for key, kind in FOREIGN.items() if key in solver), "")
