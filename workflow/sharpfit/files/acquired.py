"""From what a scanner acquired, one readout after the other, to the raw scan that every reader returns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.encoding import Encoding
from sharpfit.files.geometry import Geometry, Turn, upright
from sharpfit.files.raw_scan import RawScan, ScannerNotes
from sharpfit.files.readouts import Placed, Readouts, chosen, place, to_image, without_oversampling


@dataclass(frozen=True)
class Kinds:
    """The readouts of a scan, by what they are for."""

    imaging: Readouts
    calibration: Readouts | None
    """calibration lines where some of them are not imaging lines, too"""
    noise: FileArray | None
    """(coil, sample), scaled to the noise of one imaging sample"""


_AS_ACQUIRED = Turn(transpose=False, flip_y=False, flip_x=False)


class _Stack(NamedTuple):
    """Independent 2-D problems."""

    averages: np.ndarray
    """(average, slice, coil, ky, kx)"""
    sampled: np.ndarray
    """(slice, ky, kx)"""


@dataclass(frozen=True)
class _Way:
    """How placed readouts become upright slices: found for the images, gone by calibration lines too."""

    encoding: Encoding
    where: str
    """the file, for messages"""
    is_cropped: bool
    """whether the readout's oversampling is removed"""
    turn: Turn
    order: np.ndarray
    """(slice,), of slices as they were acquired"""

    def place(self, readouts: Readouts) -> Placed:
        """Put readouts on the grid, without their oversampling."""
        placed = place(readouts, self.encoding.grid, self.where)
        cropped = without_oversampling(placed, self.encoding.n_x_kept) if self.is_cropped else None
        return cropped or placed


def as_raw_scan(
    kinds: Kinds,
    encoding: Encoding,
    geometry: Callable[[np.ndarray], Geometry | None],
    notes: ScannerNotes,
    select: Mapping[str, Any],
    where: str,
) -> RawScan:
    """Choose one image, put its readouts on the grid, remove oversampling, and turn the slices upright.

    A 3-D scan is transformed along its readout once; each position along it is a slice of its own, with both
    phase encodes as ky and kx.

    Parameters
    ----------
    kinds, encoding, notes
        of the file
    geometry
        finds where the images lie whose readouts these are, bool (imaging readout,): another contrast may
        hold other slices, or lie elsewhere
    select
        which image is chosen
    where
        the file, for messages

    Raises
    ------
    InputError
        if several images are there and none is chosen, or header and data disagree
    """
    imaging, these = chosen(kinds.imaging, select, where)
    placed = place(imaging, encoding.grid, where)
    cropped = _crop(placed, encoding)
    turn, turned = (_AS_ACQUIRED, None) if (found := geometry(these)) is None else upright(found)
    stack = _as_slices(cropped or placed, where)
    order = np.arange(len(stack.sampled)) if turned is None else _order(turned)
    averages, sampled = turn(stack.averages[:, order]), turn(stack.sampled[order])
    way = _Way(encoding, where, cropped is not None, turn, order)
    return RawScan(
        kspace=averages.mean(axis=0) if len(averages) > 1 else averages[0],
        where=where,
        axes_source=f"axes given by the format: {'; '.join(_said(way, placed, averages.shape, turned))}",
        sampled=sampled,
        noise=_of_the_mean(kinds.noise, len(averages)),
        calibration=_calibration(kinds.calibration, imaging, way),
        averages=averages if len(averages) > 1 else None,
        pixel_spacing_mm=turned.spacing_mm if turned else encoding.spacing_mm,
        geometry=turned and replace(turned, centres=turned.centres[order]),
        phase_axis="kx" if turn.transpose else "ky",
        notes=notes,
    )


def _crop(placed: Placed, encoding: Encoding) -> Placed | None:
    """Remove the readout's oversampling; None where there is none, or an asymmetric echo forbids it."""
    return without_oversampling(placed, encoding.n_x_kept) if encoding.n_x_kept < encoding.grid.n_x else None


def _said(way: _Way, placed: Placed, shape: tuple[int, ...], geometry: Geometry | None) -> Iterator[str]:
    """Say what became of the images' readouts; shape: (average, slice, coil, ky, kx) in the end."""
    grid, (n_averages, n_slices, n_coils, n_y, n_x) = way.encoding.grid, shape
    yield f"slice {n_slices}, coil {n_coils}, ky {n_y}, kx {n_x}"
    yield f"readouts placed by the header on {grid.n_x} × {grid.n_y} × {grid.n_z}"
    if n_averages > 1:
        yield f"mean of {n_averages} averages"
    if placed.n_left_out:
        yield f"{placed.n_left_out} readouts of lines acquired more often than others left out"
    if way.is_cropped:
        yield f"readout oversampling removed ({grid.n_x} to {way.encoding.n_x_kept})"
    elif way.encoding.n_x_kept < grid.n_x:
        yield "readout oversampling kept: the echo is asymmetric, and removing it mixes neighbours"
    yield "not turned: no complete geometry" if geometry is None else _said_of(way.turn)
    if grid.n_z > 1:
        yield (
            f"3-D: the readout is transformed, and its {n_slices} positions are slices; ky × kz become "
            "ky × kx"
        )


def _said_of(turn: Turn) -> str:
    names = {"ky and kx exchanged": turn.transpose, "ky mirrored": turn.flip_y, "kx mirrored": turn.flip_x}
    done = [name for name, is_so in names.items() if is_so]
    return f"turned upright ({', '.join(done)})" if done else "upright as acquired"


def _order(geometry: Geometry) -> np.ndarray:
    """Order slices by their position along the normal; scanners count them as they acquire them."""
    return np.argsort(geometry.centres @ geometry.normal, kind="stable")


def _as_slices(placed: Placed, where: str) -> _Stack:
    """Drop kz of a 2-D scan; transform the readout of a 3-D one."""
    n_z = placed.sampled.shape[1]
    if n_z == 1:
        return _Stack(placed.averages[:, :, :, 0], placed.sampled[:, 0])
    if len(placed.sampled) > 1:
        raise InputError(f"{where}: holds {len(placed.sampled)} slabs of 3-D k-space; one can be fitted")
    whole = placed.sampled[0].all(axis=-1)  # (kz, ky)
    if (whole != placed.sampled[0].any(axis=-1)).any():
        raise InputError(
            f"{where}: a 3-D scan with asymmetric echoes cannot be fitted: its readout cannot be transformed"
        )
    image = to_image(placed.averages[:, 0], -1).astype(placed.averages.dtype)  # (average, coil, kz, ky, x)
    return _Stack(image.transpose(0, 4, 1, 3, 2), np.repeat(whole.T[None], image.shape[-1], axis=0))


def _of_the_mean(noise: FileArray | None, n_averages: int) -> FileArray | None:
    """Return the noise of a mean of ``n_averages`` samples."""
    if noise is None or n_averages == 1:
        return noise
    return noise._replace(values=noise.values / np.float32(np.sqrt(n_averages)))


def _calibration(readouts: Readouts | None, imaging: Readouts, way: _Way) -> np.ndarray | None:
    """Place separate calibration lines as the images; None where their readout or slices are others."""
    if readouts is None or readouts.data.shape[1:] != imaging.data.shape[1:]:
        return None
    first = {name: values == values.min() for name, values in readouts.counters.items()}
    alone = first["contrast"] & first["phase"] & first["set"] & first["repetition"]
    slices = imaging.counters["slice"]
    lines_of_them = readouts.where(alone & np.isin(readouts.counters["slice"], slices))
    if not np.isin(slices, lines_of_them.counters["slice"]).all():
        return None
    lines = _as_slices(way.place(lines_of_them), way.where).averages.mean(axis=0)
    return way.turn(lines[way.order]) if len(lines) == len(way.order) else None
