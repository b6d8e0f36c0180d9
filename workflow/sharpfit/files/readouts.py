"""Place readouts, as a scanner acquires them one after the other, on the grid of k-space."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sharpfit.errors import InputError, UnclearError

# Counters by which a file may hold several images of one slice; one value of each is reconstructed.
CHOSEN = ("contrast", "phase", "set", "repetition")
# A matrix this many times larger than what was acquired is a damaged header, not undersampling.
_MAX_GRID_PER_SAMPLE = 64


@dataclass(frozen=True)
class Readouts:
    """Readouts of one kind and length, in the order of acquisition."""

    data: np.ndarray
    """complex64 (readout, coil, sample), reversed ones already turned round"""
    centre: np.ndarray
    """(readout,) the sample at the centre of k-space"""
    counters: Mapping[str, np.ndarray]
    """(readout,) each: ky, kz, slice, average and those of `CHOSEN`"""

    def __len__(self) -> int:
        """How many readouts there are."""
        return len(self.data)

    def where(self, wanted: np.ndarray) -> "Readouts":
        """Keep those readouts."""
        return replace(
            self,
            data=self.data[wanted],
            centre=self.centre[wanted],
            counters={name: values[wanted] for name, values in self.counters.items()},
        )


@dataclass(frozen=True)
class Grid:
    """The encoded matrix and where its centre lies among the counters."""

    n_x: int
    n_y: int
    n_z: int
    centre_y: int
    centre_z: int


@dataclass(frozen=True)
class Placed:
    """k-space on its grid."""

    averages: np.ndarray
    """complex64 (average, slice, coil, kz, ky, kx)"""
    sampled: np.ndarray
    """bool (slice, kz, ky, kx)"""
    n_left_out: int
    """readouts beyond the number of averages that every location has"""


def chosen(readouts: Readouts, select: Mapping[str, Any], where: str) -> tuple[Readouts, np.ndarray]:
    """Keep the one value of each counter that ``select`` names; repetitions may be averaged (``mean``).

    Returns
    -------
        them, and which of all they are, bool (readout,)

    Raises
    ------
    InputError
        if there are several values and none is chosen, or the one chosen is not there
    """
    counters = dict(readouts.counters)
    keep = np.ones(len(readouts), bool)
    for name in CHOSEN:
        there = np.unique(counters[name])
        wanted = select.get(name)
        if wanted is None and len(there) > 1:
            mean = ", or average them: select: {repetition: mean}" if name == "repetition" else ""
            raise UnclearError(
                f"{where}: holds {len(there)} {name}s ({_spell(there)}); choose one, "
                f"select: {{{name}: {there[0]}}}{mean}",
                "select",
            )
        if wanted == "mean" and name == "repetition":
            counters["average"] = counters["average"] + counters[name] * (counters["average"].max() + 1)
        elif wanted is not None:
            if wanted not in there:
                raise InputError(f"{where}: select: {name} {wanted} is not there; there are {_spell(there)}")
            keep &= counters[name] == wanted
    return replace(readouts, counters=counters).where(keep), keep


def place(readouts: Readouts, grid: Grid, where: str) -> Placed:
    """Put readouts on the grid; where a location was acquired more often than others, the first ones count.

    So every location is the mean of equally many samples, and the noise is the same everywhere.

    Raises
    ------
    InputError
        if readouts lie outside the grid, or the grid is absurd
    """
    n_readouts, n_coils, n_samples = readouts.data.shape
    slices, slice_index = np.unique(readouts.counters["slice"], return_inverse=True)
    size = len(slices) * grid.n_z * grid.n_y * grid.n_x
    if min(grid.n_x, grid.n_y, grid.n_z) < 1 or size > _MAX_GRID_PER_SAMPLE * n_readouts * n_samples:
        raise InputError(
            f"{where}: the header declares a matrix of {grid.n_x} × {grid.n_y} × {grid.n_z}, but the file "
            f"holds {n_readouts} readouts of {n_samples} samples; header and data disagree"
        )
    y = readouts.counters["ky"] - grid.centre_y + grid.n_y // 2
    z = readouts.counters["kz"] - grid.centre_z + grid.n_z // 2
    start = grid.n_x // 2 - readouts.centre
    _check_inside(y, grid.n_y, "line", where)
    _check_inside(z, grid.n_z, "partition", where)
    _check_inside(np.concatenate([start, start + n_samples - 1]), grid.n_x, "sample", where)
    location = (slice_index * grid.n_z + z) * grid.n_y + y
    rank = _rank_in_group(location, readouts.counters["average"])
    n_averages = int(np.bincount(location, minlength=1)[np.unique(location)].min())
    averages = np.zeros((n_averages, len(slices), n_coils, grid.n_z, grid.n_y, grid.n_x), readouts.data.dtype)
    sampled = np.zeros((len(slices), grid.n_z, grid.n_y, grid.n_x), bool)
    for n in np.flatnonzero(rank < n_averages):
        x = slice(start[n], start[n] + n_samples)
        averages[rank[n], slice_index[n], :, z[n], y[n], x] = readouts.data[n]
        sampled[slice_index[n], z[n], y[n], x] = True
    return Placed(averages, sampled, int((rank >= n_averages).sum()))


def without_oversampling(placed: Placed, n_x: int) -> Placed | None:
    """Crop the readout's field of view to ``n_x`` pixels; None where an asymmetric echo forbids it.

    The crop mixes neighbouring samples, so all of a readout must have been acquired.
    """
    whole = np.all(placed.sampled, axis=-1)
    if (whole != placed.sampled.any(axis=-1)).any():
        return None
    sampled = np.repeat(whole[..., None], n_x, axis=-1)
    return replace(placed, averages=cropped(placed.averages, n_x, -1), sampled=sampled)


def cropped(kspace: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Crop the field of view along an axis of k-space to the n pixels in its middle."""
    image = np.moveaxis(to_image(kspace, axis), axis, -1)
    first = image.shape[-1] // 2 - n // 2
    return to_kspace(np.moveaxis(image[..., first : first + n], -1, axis), axis).astype(kspace.dtype)


def to_image(kspace: np.ndarray, axis: int) -> np.ndarray:
    """Centred orthonormal inverse FFT along one axis: the noise keeps its variance."""
    return np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(kspace, axis), axis=axis, norm="ortho"), axis)


def to_kspace(image: np.ndarray, axis: int) -> np.ndarray:
    """Centred orthonormal FFT along one axis."""
    return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(image, axis), axis=axis, norm="ortho"), axis)


def _rank_in_group(group: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Count off the members of every group by their key, then by their order."""
    order = np.lexsort((np.arange(len(group)), key, group))
    sorted_group = group[order]
    first = np.r_[True, sorted_group[1:] != sorted_group[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    rank = np.empty(len(group), int)
    rank[order] = np.arange(len(group)) - start
    return rank


def _check_inside(index: np.ndarray, size: int, what: str, where: str) -> None:
    outside = index[(index < 0) | (index >= size)]
    if outside.size:
        raise InputError(
            f"{where}: a {what} lies at {outside[0]} of a matrix of {size}; header and data disagree"
        )


def _spell(values: np.ndarray) -> str:
    return f"{values[0]} to {values[-1]}" if len(values) > 4 else ", ".join(map(str, values))
