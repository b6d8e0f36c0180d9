"""Find a scan's coil maps: given, ones for one coil, or estimated from its calibration samples."""

from typing import NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks
from sharpfit.preparing import coil_maps, frame_edges
from sharpfit.preparing.coil_compression import Virtual

_SEPARATE = "separate calibration lines"
_DOUBLED = 0.05
"""Share of pixels above which a second set of maps is fitted: up to 0.03 ask for one in phantoms whose field
of view holds them, 0.09 to 0.4 where every second line makes it half as large."""


class CoilMaps(NamedTuple):
    """Maps, and where they come from."""

    csm: np.ndarray
    """complex64 (slice, coil, y, x), Σ|S|² = 1 over the coils that were measured"""
    source: str
    """a sentence"""
    learnt: np.ndarray | None
    """bool (ky, kx), fitted samples that they were estimated from; None: none"""
    second: np.ndarray | None = None
    """a second set, as `csm`, where many pixels hold two places of the object"""


def find(
    raw: RawScan,
    kspace: np.ndarray,
    mask: np.ndarray,
    noise_cov: np.ndarray,
    unit: float,
    virtual: Virtual | None = None,
) -> CoilMaps:
    """Find maps with Σ|S|² = 1.

    Parameters
    ----------
    raw
        for maps given, or separate calibration lines
    kspace
        complex64 (slice, coil, ky, kx), what is fitted
    mask
        bool (ky, kx) or (slice, ky, kx), where
    noise_cov
        Ψ, (coil, coil), in squared units of ``kspace``
    unit
        units of ``raw`` per unit of ``kspace``
    virtual
        the virtual coils that ``kspace`` holds, if it is compressed; ``raw`` holds the coils as measured

    Raises
    ------
    InputError
        if there is no calibration region, or no signal in it
    """
    if raw.csm is not None:
        given, said = coil_maps.normalised(raw.csm.values, raw.csm.where)
        return CoilMaps(given if virtual is None else virtual.of_maps(given), said, None)
    if kspace.shape[1] == 1:
        return CoilMaps(np.ones(kspace.shape, np.complex64), "ones: a single coil", None)
    source, learnt, both = _estimated(raw, kspace, mask, noise_cov, unit, virtual)
    csm, second, said = _settled(both, raw, kspace, mask, noise_cov)
    if virtual is not None:
        csm, second = virtual.scaled_maps(csm), None if second is None else virtual.scaled_maps(second)
    return CoilMaps(csm, source + said, learnt, second)


def _estimated(
    raw: RawScan,
    kspace: np.ndarray,
    mask: np.ndarray,
    noise_cov: np.ndarray,
    unit: float,
    virtual: Virtual | None,
) -> tuple[str, np.ndarray | None, coil_maps.Espirit]:
    """Return what ESPIRiT's maps are estimated from, its samples that are fitted, and both sets."""
    separate = raw.calibration
    if separate is not None:
        kspace = (separate / unit).astype(np.complex64)
        kspace = kspace if virtual is None else virtual.of_kspace(kspace)
        mask = (separate != 0).any(axis=1)
    mask = masks.in_every_slice(mask)
    block = masks.calibration_block(mask, coil_maps.MAX_CALIBRATION_WIDTH)
    try:
        both = coil_maps.espirit(kspace, block, float(np.diag(noise_cov).real.mean()))
    except InputError as error:
        raise InputError(f"{raw.where}: {error}") from error
    side = block[0].stop - block[0].start
    source = f"ESPIRiT from the central {side} × {side} {'samples' if separate is None else _SEPARATE}"
    if separate is not None:
        return source, None, both
    learnt = np.zeros_like(mask)
    learnt[block] = True
    return source, learnt, both


def _settled(
    both: coil_maps.Espirit, raw: RawScan, kspace: np.ndarray, mask: np.ndarray, noise_cov: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Return the maps to fit with, a second set where the object folds onto itself, and what is said."""
    csm, second = both
    empty = np.flatnonzero(~csm.any(axis=(1, 2, 3)))
    if empty.size == len(csm):
        raise InputError(f"{raw.where}: no slice holds signal above the noise, so there are no maps")
    said = ""
    if empty.size:
        said = f"; slice {', '.join(map(str, empty))} holds no signal above the noise: maps and image 0"
    doubled = int(second.any(axis=1).sum()) / int(csm.any(axis=1).sum())
    if doubled <= _DOUBLED:
        return csm, None, said
    share = f"{100 * doubled:.0f} % of their pixels"
    one = frame_edges.one_place_each(kspace, csm, second, mask, noise_cov)
    if one is not None:
        return (
            one,
            None,
            f"{said}; {share} lie near edges of the frame that the object reaches: continued from inside",
        )
    said += f"; {share} hold two places of the object"
    if raw.basis is not None:
        return csm, None, f"{said}, which one set of maps, all that a basis takes, cannot tell apart"
    said += ", the field of view is smaller than the object: two sets of maps are fitted"
    return csm, second, f"{said}, and the root sum of squares of their images is shown"
