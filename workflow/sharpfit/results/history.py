"""``history.csv``: one row per iteration of a fit."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Row = Mapping[str, float]
"""One iteration of a fit, by the names of `COLUMNS`."""

COLUMNS = ("iteration", "lr", "pace", "chi2", "held_out", "gradient_norm", "step")


def write_history(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows with 9 significant digits, which float32 results do not exceed.

    Columns: ``iteration``; ``lr`` of the step taken from it; ``pace``, how far that step advances the clock
    by which the judge reads a fit: the learning rate, or 1 where a solver has none; ``chi2`` =
    RSS / (N_r σ²); ``held_out``, the same over the samples its replica never saw; ``gradient_norm``
    relative to iteration 0; ``step``, the 99th percentile of |x_t − x_{t−1}| in fitted units. ``nan``
    where there is no value.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([int(row["iteration"]), *(f"{row[name]:.9g}" for name in COLUMNS[1:])])


def read_history(path: Path) -> dict[str, np.ndarray]:
    """Read history.csv into one float array per column."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = zip(*rows, strict=True)
    return {
        name: np.array([float(value) for value in column])
        for name, column in zip(header, columns, strict=True)
    }
