"""What several readers need: choosing a dataset, and refusing what holds no numbers."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError, UnclearError

# Deflate shrinks zeros about 1030-fold; nothing a file holds is larger than this many times the file.
MAX_COMPRESSION = 1100
_TRAJECTORY = re.compile("traj|k_?loc|spoke")


def pick(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dataset: str | None, structs: Sequence[str] = ()
) -> str:
    """Choose the dataset asked for, else one named kspace, else the only one of two or more axes."""
    _refuse_trajectory(path, shapes)
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
        raise UnclearError(
            f"{path}: which dataset is meant is not clear; state dataset:, it holds {there}", "dataset"
        )
    return large[0]


def _refuse_trajectory(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a file that holds the trajectory its data were acquired on: it is not Cartesian."""
    for name, shape in shapes.items():
        named = name.rsplit("/", 1)[-1].lower()
        long = [n for n in shape if n > 3]  # without an axis of x, y, z
        if len(long) < 2 or not (named == "k" or _TRAJECTORY.search(named)):
            continue
        for other, size in shapes.items():
            if other != name and len(size) > 2 and all(long.count(n) <= size.count(n) for n in long):
                raise InputError(
                    f"{path}: {other} {tuple(size)} lies on a trajectory, {name} {tuple(shape)}: it is not "
                    "Cartesian and cannot be fitted yet; if it is Cartesian, save it without that variable"
                )


def numeric(values: np.ndarray, where: str) -> np.ndarray:
    """Return values that are numbers, refuse others."""
    if values.dtype.kind not in "biufc":
        raise InputError(f"{where}: holds {values.dtype}, not numbers")
    return values


def no_dataset(path: Path, dataset: str | None) -> None:
    """Refuse a dataset's name where a file holds one array."""
    if dataset is not None:
        raise InputError(f"{path}: dataset {dataset!r} is stated, but a {path.suffix} file holds one array")


def check_size(path: Path, shape: Sequence[int], itemsize: int) -> None:
    """Refuse an array that its file cannot hold.

    Raises
    ------
    InputError
        if it asks for more than the file's bytes times what compression can save
    """
    declared = math.prod(shape) * itemsize
    if declared > MAX_COMPRESSION * max(path.stat().st_size, 1):
        raise InputError(
            f"{path}: declares an array of shape {tuple(shape)}, {declared} bytes, but has "
            f"{path.stat().st_size}; it is cut off or damaged"
        )
