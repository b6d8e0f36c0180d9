"""picked.h5: the image at the iteration where the judge would have stopped."""

import json
from pathlib import Path

import h5py
import numpy as np

from sharpfit.results import hdf5


def write_picked(path: Path, image: np.ndarray, iteration: int) -> None:
    """Write the picked image, complex64 (slice, y, x) in input units."""
    units = json.dumps({"image": "input units", "iteration": "1"})
    hdf5.write(path, {"image": image.astype(np.complex64)}, {"iteration": iteration, "units": units})


def read_picked(path: Path) -> np.ndarray | None:
    """Read the picked image; None where there is no file."""
    if not path.is_file():
        return None
    with h5py.File(path) as file:
        return np.asarray(file["image"][()])
