"""Iterative MRI reconstruction as a cached workflow that judges its own fits.

The names of `sharpfit.api` are here too: ``import sharpfit; sharpfit.open_study("path/to/study")``.
"""

import importlib
from typing import Any

_DOOR = ("Fit", "Study", "judge", "open_study", "plot")
__all__ = [*_DOOR]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- of whatever kind the name is
    """Take a name from the door when it is asked for: every job imports this package, and no job the door."""
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return getattr(importlib.import_module(f"{__name__}.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_DOOR})
