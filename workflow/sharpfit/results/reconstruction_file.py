"""reconstruction.h5 with its history.csv, as the judge and the page read them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.judging.record import MEASURES, Record
from sharpfit.measuring import rings
from sharpfit.results import hdf5
from sharpfit.results.history import read_history

ATTRIBUTES = (
    "sigma",
    "n_real",
    "n_held_out",
    "cutoff_asked",
    "cutoff_used",
    "seen_share",
    "stopped_because",
    "is_finite",
    "last_step",
    "travel_needed",
    "has_learning_rate",
)


@dataclass(frozen=True, eq=False)
class MiddleSlice:
    """What a reconstruction holds of its middle slice, in input units.

    Attributes
    ----------
    images
        complex (checkpoint, y, x)
    noise_map
        standard deviation of each complex pixel, (checkpoint, y, x)
    iterations
        (checkpoint,)
    frc
        correlation of the fission halves, mean over all slices and draws, (checkpoint, ring)
    frc_counts
        samples of each ring, (ring,)
    travel_needed
        how far the coefficients would still go, fitted units
    image_norm
        ‖x‖ inside the object, over all slices, fitted units, (checkpoint,)
    """

    images: np.ndarray
    noise_map: np.ndarray
    iterations: np.ndarray
    frc: np.ndarray
    frc_counts: np.ndarray
    travel_needed: float
    image_norm: np.ndarray


def read_record(reconstruction: Path, history: Path) -> Record:
    """Read what reconstruct measured; values that are not finite become NaN.

    Raises
    ------
    InputError
        when a dataset or attribute of the reconstruction is missing
    """
    with hdf5.opened(reconstruction) as file:
        try:
            arrays: dict[str, Any] = {name: _finite(file[_place(name)][()]) for name in MEASURES}
            attrs = {name: file.attrs[name] for name in ATTRIBUTES}
            measured = bool(file.attrs.get("has_measured_draw", False))
            penalised = bool(file.attrs.get("is_penalised", False))
            weights = tuple(file["weights"][()].tolist()) if "weights" in file else ()
            went_on = tuple(map(tuple, file["went_on"][()].tolist())) if "went_on" in file else ()
            side = min(file["images"].shape[-2:])
        except KeyError as error:
            raise InputError(f"{reconstruction}: {error.args[0]}; reconstruct it again") from error
    return Record(
        **arrays,
        history=read_history(history),
        side=side,
        sigma=float(attrs["sigma"]),
        n_real=float(attrs["n_real"]),
        n_held_out=float(attrs["n_held_out"]),
        cutoff_asked=float(attrs["cutoff_asked"]),
        cutoff_used=float(attrs["cutoff_used"]),
        seen_share=float(attrs["seen_share"]),
        stopped_because=str(attrs["stopped_because"]),
        is_finite=bool(attrs["is_finite"]),
        last_step=float(np.nan_to_num(attrs["last_step"])),
        travel_needed=float(np.nan_to_num(attrs["travel_needed"])),
        has_learning_rate=bool(attrs["has_learning_rate"]),
        is_penalised=penalised,
        weights=weights,
        went_on=went_on,
        has_measured_draw=measured,
    )


@contextmanager
def images_of(reconstruction: Path) -> Iterator[Callable[[int], np.ndarray]]:
    """Open a fit's images: what is given reads one checkpoint's, complex64 (slice, y, x), input units.

    Opening checks the whole file, which takes longer than reading an image.
    """
    with hdf5.opened(reconstruction) as file:
        yield lambda checkpoint: np.asarray(file["images"][checkpoint])


def read_image(reconstruction: Path, checkpoint: int) -> np.ndarray:
    """Read the image of one checkpoint, complex64 (slice, y, x), input units."""
    with images_of(reconstruction) as image_at:
        return image_at(checkpoint)


def read_thinned(reconstruction: Path, checkpoint: int, step: int) -> np.ndarray:
    """Read every `step`-th pixel along each axis of one checkpoint, complex64 (slice, y, x), input units."""
    return read_image(reconstruction, checkpoint)[:, ::step, ::step]


def read_middle_slice(reconstruction: Path) -> MiddleSlice:
    """Read the images of the middle slice, and how far the halves agree."""
    with hdf5.opened(reconstruction) as file:
        middle = file["images"].shape[1] // 2
        return MiddleSlice(
            images=file["images"][:, middle],
            noise_map=file["noise_map"][:, middle],
            iterations=file["iterations"][:],
            frc=rings.mean_over_halves(file["measures/frc"][:]),
            frc_counts=file["frc_counts"][:],
            travel_needed=float(file.attrs.get("travel_needed", np.nan)),
            image_norm=np.linalg.norm(file["measures/image_norm"][:], axis=1),
        )


def _place(name: str) -> str:
    return name if name in ("iterations", "frc_counts") else f"measures/{name}"


def _finite(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "iu" else np.where(np.isfinite(array), array, np.nan)
