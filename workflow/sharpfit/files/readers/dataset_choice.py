"""What several readers need: choosing a dataset, and refusing what holds no numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError


def pick(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dataset: str | None, structs: Sequence[str] = ()
) -> str:
    """Choose the dataset asked for, else one named kspace, else the only one of two or more axes."""
    parts = [f"{name} {tuple(shape)}" for name, shape in shapes.items()]
    parts += [f"{name} (a struct, which cannot be read: save the variable itself)" for name in structs]
    there = ", ".join(parts) or "nothing"
    if dataset is not None:
        wanted = dataset.strip("/")
        if wanted not in shapes:
            raise InputError(f"{path}: no dataset {dataset!r}; it holds {there}")
        return wanted
    large = [name for name, shape in shapes.items() if sum(n > 1 for n in shape) >= 2]
    if "kspace" in large:
        return "kspace"
    if len(large) != 1:
        raise InputError(f"{path}: which dataset is meant is not clear; state dataset:, it holds {there}")
    return large[0]


def numeric(values: np.ndarray, where: str) -> np.ndarray:
    """Return values that are numbers, refuse others."""
    if values.dtype.kind not in "biufc":
        raise InputError(f"{where}: holds {values.dtype}, not numbers")
    return values


def no_dataset(path: Path, dataset: str | None) -> None:
    """Refuse a dataset's name where a file holds one array."""
    if dataset is not None:
        raise InputError(f"{path}: dataset {dataset!r} is stated, but a {path.suffix} file holds one array")


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, its kind where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
