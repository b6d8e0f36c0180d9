"""reconstruction.h5 with its history.csv, as the judge reads them."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sharpfit.errors import InputError
from sharpfit.judging.record import MEASURES, Record
from sharpfit.results.history import read_history

ATTRIBUTES = ("sigma", "n_real", "n_held_out", "stopped_because", "last_step", "travel_needed")


def read_record(reconstruction: Path, history: Path) -> Record:
    """Read what reconstruct measured; values that are not finite become NaN.

    Raises:
        InputError: a dataset or attribute of the reconstruction is missing.
    """
    with h5py.File(reconstruction) as file:
        try:
            arrays: dict[str, Any] = {name: _finite(file[_place(name)][()]) for name in MEASURES}
            attrs = {name: file.attrs[name] for name in ATTRIBUTES}
        except KeyError as error:
            raise InputError(f"{reconstruction}: {error.args[0]}; reconstruct it again") from error
    return Record(
        **arrays,
        history=read_history(history),
        sigma=float(attrs["sigma"]),
        n_real=int(attrs["n_real"]),
        n_held_out=int(attrs["n_held_out"]),
        stopped_because=str(attrs["stopped_because"]),
        last_step=float(np.nan_to_num(attrs["last_step"])),
        travel_needed=float(np.nan_to_num(attrs["travel_needed"])),
    )


def _place(name: str) -> str:
    return name if name in ("iterations", "frc_counts") else f"measures/{name}"


def _finite(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "iu" else np.where(np.isfinite(array), array, np.nan)
