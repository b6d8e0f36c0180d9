"""A record and a scan's file that somebody hands in to be judged, held against each other first."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError
from sharpfit.judging.record import MEASURES, Record
from sharpfit.results import hdf5
from sharpfit.results.history import COLUMNS

OF_SCAN = ("kspace", "mask")
KNOWN = ("rss", "image_norm", "v_image", "v_filtered", "filtered_rss", "filtered_trace")
"""Measures without any of which nothing can be judged."""
BESIDE = ("iterations", "frc_counts")
"""Measures that have no axes of checkpoints and slices."""
OF_DRAWS = (
    *("df", "v_data", "v_image", "v_filtered", "filtered_trace", "filtered_trace_error", "filtered_sketch"),
    *("shared_noise", "cross_gradient", "gradient_energy"),
)
"""Measures with one axis behind those, of draws or sketches."""


def check(record: Record, scan_file: Path) -> None:
    """Refuse a record that no fit of the scan can have left.

    Raises
    ------
    InputError
        what is wrong, with its name and shape
    """
    if not isinstance(record, Record):
        raise InputError(f"record: is a {type(record).__name__}; fit.record() returns what is judged")
    sigma, n_slices = _read_scan(scan_file)
    _check_numbers(record)
    missing = [name for name in COLUMNS if name not in record.history]
    if missing:
        raise InputError(f"record.history: has no {' and no '.join(missing)}")
    _check_iterations(record)
    _check_measures(record, n_slices)
    if not math.isclose(record.sigma, sigma, rel_tol=1e-6):
        raise InputError(f"record.sigma: is {record.sigma:g}, but {scan_file} has {sigma:g}: another scan's")


def checked(image_at: Callable[[int], np.ndarray], shape: tuple[int, ...]) -> Callable[[int], np.ndarray]:
    """Return the same images, each refused that is not finite or not (slice, y, x) as the reference is."""

    def image(checkpoint: int) -> np.ndarray:
        found = np.asarray(image_at(checkpoint))
        if found.shape != shape:
            raise InputError(
                f"image_at({checkpoint}): has the shape {found.shape}, but the scan's reference has {shape} "
                "(slice, y, x)"
            )
        if n_bad := int((~np.isfinite(found)).sum()):
            raise InputError(f"image_at({checkpoint}): {n_bad} of {found.size} pixels are NaN or infinite")
        return found

    return image


def _read_scan(file: Path) -> tuple[float, int]:
    """Return σ and the number of slices of a preprocessed scan."""
    with hdf5.opened(file) as content:
        if "sigma" not in content.attrs or not all(name in content for name in OF_SCAN):
            raise InputError(
                f"{file}: is no preprocessed scan (it holds {', '.join(content) or 'nothing'}); give "
                "results/preprocess/<scan>.h5"
            )
        return float(content.attrs["sigma"]), content["kspace"].shape[0]


def _check_numbers(record: Record) -> None:
    for name in ("sigma", "n_real"):
        value = getattr(record, name)
        if not (_is_number(value) and value > 0):
            raise InputError(f"record.{name}: is {value!r}; it must be a number above 0")
    if not (_is_number(record.n_held_out) and record.n_held_out >= 0):
        raise InputError(f"record.n_held_out: is {record.n_held_out!r}; it must be 0 or more")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))


def _check_iterations(record: Record) -> None:
    iterations = np.asarray(record.iterations)
    if iterations.ndim != 1 or not iterations.size or iterations.dtype.kind not in "iuf":
        raise InputError(f"record.iterations: has the shape {iterations.shape}, not numbers (checkpoint,)")
    if iterations[0] < 0 or (np.diff(iterations) <= 0).any():
        raise InputError(f"record.iterations: must increase from 0 or more, but are {iterations.tolist()}")
    if len(record.weights) not in (0, len(iterations)):
        raise InputError(f"record.weights: has {len(record.weights)} of {len(iterations)} checkpoints")
    pairs = [tuple(pair) if isinstance(pair, Iterable) else () for pair in record.went_on]
    known = all(len(pair) == 2 and all(map(_is_number, pair)) for pair in pairs)
    if not known or (np.diff([0, *(pair[0] for pair in pairs)]) <= 0).any():
        raise InputError(
            "record.went_on: must be pairs of iterations from the end, increasing from 1, and the squared "
            f"distance after so many, but is {record.went_on!r}"
        )
    for name in COLUMNS:
        if (n_rows := len(record.history[name])) <= iterations[-1]:
            raise InputError(
                f"record.history: {name} has {n_rows} rows, but iteration {iterations[-1]} is a checkpoint"
            )


def _check_measures(record: Record, n_slices: int) -> None:
    start = (len(record.iterations), n_slices)
    for name in MEASURES:
        values = np.asarray(getattr(record, name))
        if name in BESIDE:
            continue
        if values.shape[:2] != start or (name in OF_DRAWS and values.ndim != 3):
            of_draws = " and go on with draws" if name in OF_DRAWS else ""
            raise InputError(f"record.{name}: has the shape {values.shape}, but must begin {start}{of_draws}")
        if name in KNOWN and not np.isfinite(values).any():
            raise InputError(f"record.{name}: no number among its values, shape {values.shape}")
    if record.frc.shape[-1] != record.frc_counts.size:
        raise InputError(f"record.frc: has {record.frc.shape[-1]} rings, frc_counts {record.frc_counts.size}")
