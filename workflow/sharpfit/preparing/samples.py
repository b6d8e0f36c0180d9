"""Which k-space locations a scan holds, and which of them are fitted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks
from sharpfit.preparing.plausible import check_centre, check_lines, check_unit

# A share of exact zeros below this is chance (integer samples of a single coil), not undersampling.
_STRAY_ZEROS = 1e-3
_OTHERS = "naming the others in select: {slice: […]}"


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
        if a slice is empty, or a coil in some slices only (one that is empty in all is passed over), or
        k-space is not centred or in units that no image can be stored in
    """
    nonzero = kspace != 0
    _check_coils(where, nonzero.any(axis=(2, 3)))
    check_unit(where, kspace)
    check_lines(where, kspace)
    check_centre(where, kspace)
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


def without_dead_coils(raw: RawScan) -> tuple[RawScan, str]:
    """Leave out coils that hold only zeros in every slice, with their noise and maps.

    Returns
    -------
        the scan, and a sentence that names them; empty where there are none
    """
    alive = raw.kspace.any(axis=(0, 2, 3))
    if alive.all():
        return raw, ""
    kept: dict[str, Any] = {
        name: values[:, alive]
        for name in ("kspace", "calibration", "noise_free")
        if (values := getattr(raw, name)) is not None
    }
    if raw.averages is not None:
        kept["averages"] = raw.averages[:, :, alive]
    if raw.noise is not None:
        kept["noise"] = raw.noise._replace(values=raw.noise.values[alive])
    if raw.csm is not None:
        kept["csm"] = raw.csm._replace(values=raw.csm.values[:, alive])
    dead = ", ".join(map(str, np.flatnonzero(~alive)))
    return replace(raw, **kept), f"{alive.sum()} of {alive.size}; coil {dead} holds only zeros, left out"


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
        return Sampling(locations, given.values, f"given ({given.where}); the file itself: {source}")
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
    """Refuse slices that are zero throughout, and coils (slice, coil) that are so in some slices only."""
    empty = np.flatnonzero(~alive.any(axis=1))
    if empty.size:
        raise InputError(
            f"{where}: slice {', '.join(map(str, empty))} holds only zeros; leave it out by {_OTHERS}"
        )
    dead = np.argwhere(~alive & alive.any(axis=0))
    if dead.size:
        raise InputError(
            f"{where}: coil {dead[0, 1]} holds only zeros in slice {dead[0, 0]} and more in others; leave "
            f"the slice out by {_OTHERS}, or set the coil to zero in all"
        )
