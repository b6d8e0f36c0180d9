"""How much of the results a page can show and still open at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharpfit.reporting.page.fits import ShownFit
from sharpfit.reporting.page.pictures import png, scan_white
from sharpfit.results.scan_file import Scan

Groups = Sequence[tuple[Scan, Sequence[ShownFit]]]

#: Bytes of a page; more does not open in a second.
PAGE_BYTES = 14_000_000
#: Of these, what the scripts take, and what the charts and words of one fit take.
SCRIPT_BYTES, FIT_BYTES = 2_200_000, 8_500
#: Pictures of a fit that are always there: last, change, errors and noise maps at both ends; then frames.
SINGLE_PICTURES, LEAST_FRAMES = 5, 3
#: Kinds of picture of every slice: picked, last, their difference.
KINDS_OF_SLICE = 3
_PER_BYTE = 3 / 4  # of base64
_SAMPLED = 20


@dataclass(frozen=True)
class Budget:
    """What is shown of every fit: so many checkpoints, and every so-many-th pixel along each axis.

    `step` is for the middle slices, `slice_step` for all others.
    """

    checkpoints: int
    step: int
    slice_step: int


def afford(groups: Groups) -> Budget:
    """Return what fits into `PAGE_BYTES`, from how large a sample of the pictures is when packed."""
    n_fits = sum(len(fits) for _, fits in groups)
    room = _PER_BYTE * max(PAGE_BYTES - SCRIPT_BYTES - FIT_BYTES * n_fits, 1)
    rate = _bytes_per_pixel(groups)
    one_of_each = rate * sum(fit.seen.images[0].size for _, fits in groups for fit in fits)
    slices = rate * sum(_slice_pixels(scan, fits) for scan, fits in groups)
    for_slices = room / 2 if slices else 0.0
    room -= min(slices, for_slices)
    checkpoints = int(room / one_of_each) - SINGLE_PICTURES if one_of_each else LEAST_FRAMES
    return Budget(
        max(LEAST_FRAMES, checkpoints),
        _step((LEAST_FRAMES + SINGLE_PICTURES) * one_of_each, room),
        _step(slices, for_slices),
    )


def _slice_pixels(scan: Scan, fits: Sequence[ShownFit]) -> int:
    others = scan.n_slices - 1
    return sum(KINDS_OF_SLICE * others * fit.seen.images[0].size for fit in fits)


def _step(needed: float, room: float) -> int:
    return max(1, int(np.ceil(np.sqrt(needed / room)))) if needed else 1


def _bytes_per_pixel(groups: Groups) -> float:
    """Return what a pixel takes as PNG: the mean over some last images, the noisiest there are."""
    all_fits = [(scan_white(scan, fits), fit) for scan, fits in groups for fit in fits]
    some = all_fits[:: max(1, len(all_fits) // _SAMPLED)]
    sizes = [len(png(fit.seen.images[-1], white)) / fit.seen.images[-1].size for white, fit in some]
    return float(np.mean(sizes)) if sizes else 1.0
