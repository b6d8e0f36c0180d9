"""Which k-space locations a scan holds, and which of them are fitted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.physics import masks
from sharpfit.preparing.plausible import check_lines

# A share of exact zeros below this is chance (integer samples of a single coil), not undersampling.
_STRAY_ZEROS = 1e-3


class Sampling(NamedTuple):
    """The locations of a scan: bool (ky, kx), or (slice, ky, kx) where slices are sampled differently."""

    acquired: np.ndarray
    fitted: np.ndarray
    """a subset"""
    source: str
    """a sentence"""


def acquired(kspace: np.ndarray, stated: np.ndarray | None, where: str) -> tuple[np.ndarray, str]:
    """Find what was acquired: as the format states it, else all that is not zero in every slice and coil.

    Parameters
    ----------
    kspace
        complex (slice, coil, ky, kx)
    stated
        bool (slice, ky, kx), where the format says it
    where
        the file, for messages

    Returns
    -------
        bool (ky, kx), or (slice, ky, kx) where slices are sampled differently; and a sentence

    Raises
    ------
    InputError
        if a slice or coil is empty
    """
    nonzero = kspace != 0
    _check_coils(where, nonzero.any(axis=(2, 3)))
    check_lines(where, kspace)
    in_slices = nonzero.any(axis=1) if stated is None else stated
    locations = np.any(in_slices, axis=0)
    missing = locations.sum() - in_slices.sum(axis=(1, 2))
    if missing.max() > _STRAY_ZEROS * locations.sum():
        counts = in_slices.sum(axis=(1, 2))
        return in_slices, (
            f"slices are sampled differently: {counts.min()} to {counts.max()} of {locations.size} locations "
            "in each, the others have no weight"
        )
    n_missing = int((~locations).sum())
    if not n_missing:
        return locations, "fully sampled"
    if stated is not None:
        return locations, f"{n_missing} of {locations.size} locations were not acquired and have no weight"
    if n_missing < _STRAY_ZEROS * locations.size:
        return np.ones_like(locations), f"fully sampled ({n_missing} stray zeros count as measured)"
    return locations, (
        f"{n_missing} of {locations.size} locations hold exact zeros in every coil and slice "
        "and count as not sampled"
    )


def settle(
    found: tuple[np.ndarray, str],
    given: FileArray | None,
    parameters: Mapping[str, Any] | None,
    phase_axis: str,
    where: str,
) -> Sampling:
    """Choose what is fitted: a mask given, one made from ``parameters``, else all that was acquired.

    Parameters
    ----------
    found
        of `acquired`
    given
        a mask of the user's, bool (ky, kx)
    parameters
        keyword arguments of `masks.make_mask`; its lines are laid along ``phase_axis``
    phase_axis
        ky or kx
    where
        the file, for messages

    Raises
    ------
    InputError
        if both are given, or what they ask for was not acquired
    """
    locations, source = found
    if given is not None:
        if parameters is not None:
            raise InputError(f"{given.where}: a scan takes either mask: or sampling:, not both")
        missing = given.values & ~locations
        if missing.any():
            raise InputError(
                f"{given.where}: {int(missing.sum())} locations of the mask hold only zeros in {where}"
            )
        return Sampling(locations, given.values, f"given ({given.where}); the file is {source}")
    if parameters is None:
        return Sampling(locations, locations, source)
    if not locations.all():
        raise InputError(f"{where}: sampling: needs a fully sampled scan, but {source}; leave it out")
    height, width = locations.shape[-2:]
    made = (
        masks.make_mask((height, width), **parameters)
        if phase_axis == "ky"
        else masks.make_mask((width, height), **parameters).T
    )
    said = "retrospective: " + ", ".join(f"{key} {value}" for key, value in parameters.items())
    return Sampling(locations, np.ascontiguousarray(made), said)


def _check_coils(where: str, alive: np.ndarray) -> None:
    """Refuse slices, and coils (slice, coil) of a slice, that are zero throughout."""
    empty = np.flatnonzero(~alive.any(axis=1))
    if empty.size:
        raise InputError(f"{where}: slice {', '.join(map(str, empty))} holds only zeros; leave it out")
    dead = np.argwhere(~alive)
    if dead.size:
        raise InputError(f"{where}: coil {dead[0, 1]} holds only zeros in slice {dead[0, 0]}; leave it out")
