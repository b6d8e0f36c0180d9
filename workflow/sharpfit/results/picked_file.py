"""picked.h5: the image that the judge picked."""

import json
from pathlib import Path

import numpy as np

from sharpfit.results import hdf5


def write_picked(path: Path, image: np.ndarray, iteration: int, at: str) -> None:
    """Write the picked image, complex64 (slice, y, x) in input units; `at` says where it stands."""
    units = json.dumps({"image": "input units", "iteration": "1"})
    facts = {"iteration": iteration, "at": at, "units": units}
    hdf5.write(path, {"image": image.astype(np.complex64)}, facts)


def read_picked(path: Path) -> np.ndarray | None:
    """Read the picked image; None where there is no file."""
    if not path.is_file():
        return None
    with hdf5.opened(path) as file:
        return np.asarray(file["image"][()])


def read_picked_slice(path: Path) -> np.ndarray:
    """Read the middle slice of the picked image, (y, x)."""
    with hdf5.opened(path) as file:
        image = file["image"]
        return np.asarray(image[image.shape[0] // 2])
