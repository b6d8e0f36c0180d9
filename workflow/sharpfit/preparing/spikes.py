"""Samples that look like spikes: an arc or a switched lamp, heard by all coils for one sample of k-space.

The power of k-space varies smoothly from the centre outwards, whatever the sampling, so a sample that holds
many times all that surrounds it is implausible. Three things do so rightly and are left out: the centre,
which may lie elsewhere than in the middle, the peaks of a grating, which come in pairs mirrored about the
centre, and single counts among zeros.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from sharpfit.physics.masks import each_slice

TIMES = 5.0
"""Amplitude over the largest around it: up to 2.7 in measured brains, bottles and phantoms, up to 2.3 in
noise and up to 2.1 in drawn scans of gratings, coins and heads."""

N_AROUND = 24
"""Sampled neighbours that it is held against: of so many, noise alone is never all weak at once."""

BESIDE = 3
"""Samples along ky and kx that count as the same spike: removing the readout's oversampling spreads it."""

CENTRE = 4.0
"""Samples around the centre of k-space that are never called a spike."""

WEAK = 0.9
"""Share of the samples that are weaker than what a spike is held against at least."""

N_STRONG = 24
"""Samples that count as equally strong where the centre is looked for: one spike is not taken for it."""

MIRRORED = 1 / 3
"""Amplitude at the mirrored place, over the sample's own, from which on both are a grating's."""


class Spike(NamedTuple):
    """A sample, all coils at one location."""

    slice: int
    ky: int
    kx: int
    times: float
    """its amplitude over the largest around it"""


def said(kspace: np.ndarray, mask: np.ndarray) -> str:
    """Say which samples look like spikes, the strongest by its place; nothing where none does.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), of order 1
    mask
        bool (ky, kx) or (slice, ky, kx), where it was sampled
    """
    found = spikes(kspace, mask)
    if not found:
        return ""
    worst = max(found, key=lambda one: one.times)
    place = (
        f"slice {worst.slice}, ky {worst.ky}, kx {worst.kx} holds {worst.times:.0f} times its surroundings"
    )
    start = "1 sample looks like a spike" if len(found) == 1 else f"{len(found)} samples look like spikes"
    strongest = "" if len(found) == 1 else "the strongest, "
    them = "it is" if len(found) == 1 else "they are"
    return f"{start}: {strongest}{place}; {them} fitted as measured, and may spoil noise level and maps"


def spikes(kspace: np.ndarray, mask: np.ndarray) -> list[Spike]:
    """Find samples whose amplitude is more than `TIMES` the largest around it; arguments as of `said`."""
    found = []
    for i, sampled in enumerate(each_slice(mask, len(kspace))):
        power = np.where(sampled, (np.abs(kspace[i]) ** 2).sum(axis=0), 0)
        found += [Spike(i, *one) for one in _in_slice(power, sampled)]
    return found


def _in_slice(power: np.ndarray, sampled: np.ndarray) -> list[tuple[int, int, float]]:
    """Return (ky, kx, times) of each, of the power of all coils (ky, kx)."""
    least = float(np.quantile(power[sampled], WEAK))
    strong = np.argwhere(power > TIMES**2 * least)
    mirrored = np.zeros(len(strong))
    if not least > 0 or not len(strong):
        return []
    nearby = ndimage.maximum_filter(power, 3, mode="wrap")
    for centre in (np.array(power.shape) // 2, _centre(power, sampled)):
        from_centre = _from(centre, strong, power.shape)
        other = (centre - from_centre) % power.shape
        alone = np.abs(_from(strong, other, power.shape)).max(axis=1) <= 1  # at an edge, its own mirror image
        mirrored = np.maximum(mirrored, np.where(alone, 0, nearby[tuple(other.T)]))
        mirrored[np.linalg.norm(from_centre, axis=1) <= CENTRE] = np.inf
    own = power[tuple(strong.T)]
    around = np.maximum(_largest_around(strong, power, np.argwhere(sampled)), least)
    which = (own > TIMES**2 * around) & (mirrored < MIRRORED**2 * own)
    times = np.sqrt(own / around)
    return [(int(ky), int(kx), float(n)) for (ky, kx), n in zip(strong[which], times[which], strict=True)]


def _centre(power: np.ndarray, sampled: np.ndarray) -> np.ndarray:
    """Find where strong samples lie together, (ky, kx): the strongest of all may be a spike."""
    weight = ndimage.gaussian_filter(sampled.astype(float), 2.0, mode="wrap")
    strongest = np.sort(power[sampled])[-min(N_STRONG, int(sampled.sum()))]
    clipped = np.sqrt(np.minimum(power, strongest))
    mean = ndimage.gaussian_filter(clipped, 2.0, mode="wrap") / np.maximum(weight, 0.01)
    return np.array(np.unravel_index(mean.argmax(), power.shape))


def _from(start: np.ndarray, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the steps (place, 2) from a start to places, across the edges where that is shorter."""
    half = np.array(shape) // 2
    return np.asarray((places - start + half) % shape - half)


def _largest_around(places: np.ndarray, power: np.ndarray, sampled: np.ndarray) -> np.ndarray:
    """Find the largest power of the nearest samples that are not beside places (place, 2): (place,)."""
    n_beside = (2 * BESIDE + 1) ** 2
    _, nearest = KDTree(sampled).query(places, min(N_AROUND + n_beside, len(sampled)))
    near = sampled[nearest]  # (place, neighbour, 2), the nearest first
    others = np.abs(near - places[:, None]).max(axis=2) > BESIDE
    counted = others & (others.cumsum(axis=1) <= N_AROUND)
    return np.asarray(np.where(counted, power[near[..., 0], near[..., 1]], 0).max(axis=1))
