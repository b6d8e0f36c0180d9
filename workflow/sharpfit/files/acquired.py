"""From what a scanner acquired, one readout after the other, to the raw scan that every reader returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.geometry import Geometry, Turn, upright
from sharpfit.files.raw_scan import RawScan, ScannerNotes
from sharpfit.files.readouts import Grid, Placed, Readouts, chosen, place, to_image, without_oversampling


@dataclass(frozen=True)
class Kinds:
    """The readouts of a scan, by what they are for."""

    imaging: Readouts
    calibration: Readouts | None
    """calibration lines where some of them are not imaging lines, too"""
    noise: FileArray | None
    """(coil, sample), scaled to the noise of one imaging sample"""


@dataclass(frozen=True)
class Encoding:
    """What was encoded."""

    grid: Grid
    n_x_kept: int
    """of ``grid.n_x``, without the readout's oversampling"""
    field_of_view_mm: tuple[float, float, float]
    """of the grid along z, y, x"""

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """Along y and x of 2-D slices, or of the images across a 3-D scan's readout, before a turn."""
        if min(self.field_of_view_mm) <= 0:
            return None
        grid = self.grid
        z, y, x = (f / n for f, n in zip(self.field_of_view_mm, (grid.n_z, grid.n_y, grid.n_x), strict=True))
        return (y, x) if grid.n_z == 1 else (y, z)

    def geometry(
        self, positions: np.ndarray, read: np.ndarray, phase: np.ndarray, across: np.ndarray
    ) -> Geometry | None:
        """Place the images of 2-D slices, or those that a 3-D scan gives across its readout.

        Parameters
        ----------
        positions
            (slice, 3), centres of the slices or the slab, mm
        read, phase, across
            unit vectors along which kx, ky and kz encode

        Returns
        -------
            None where the fields of view are not stated
        """
        if self.spacing_mm is None:
            return None
        if self.grid.n_z == 1:
            return Geometry(positions, read, phase, self.spacing_mm, self.field_of_view_mm[0])
        x = self.field_of_view_mm[2] / self.grid.n_x
        along = x * (np.arange(self.n_x_kept) - self.n_x_kept // 2)
        return Geometry(positions[:1] + along[:, None] * read, across, phase, self.spacing_mm, x)


class _Stack(NamedTuple):
    """Independent 2-D problems."""

    averages: np.ndarray
    """(average, slice, coil, ky, kx)"""
    sampled: np.ndarray
    """(slice, ky, kx)"""


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
    said: list[str] = []
    placed = _place(imaging, encoding.grid, where, said)
    cropped = _crop(placed, encoding, said)
    turn, turned = _turn(geometry(these), said)
    stack = _as_slices(cropped or placed, where, said)
    order = np.arange(len(stack.sampled)) if turned is None else _order(turned)
    averages, sampled = turn(stack.averages[:, order]), turn(stack.sampled[order])
    shape = averages.shape[1:]
    said.insert(0, f"slice {shape[0]}, coil {shape[1]}, ky {shape[2]}, kx {shape[3]}")
    return RawScan(
        kspace=averages.mean(axis=0) if len(averages) > 1 else averages[0],
        where=where,
        axes_source=f"axes given by the format: {'; '.join(said)}",
        sampled=sampled,
        noise=_of_the_mean(kinds.noise, len(averages)),
        calibration=_calibration(kinds, imaging, encoding, cropped is not None, turn, shape, where, order),
        averages=averages if len(averages) > 1 else None,
        pixel_spacing_mm=turned.spacing_mm if turned else encoding.spacing_mm,
        geometry=turned and replace(turned, centres=turned.centres[order]),
        phase_axis="kx" if turn.transpose else "ky",
        notes=notes,
    )


def _place(imaging: Readouts, grid: Grid, where: str, said: list[str]) -> Placed:
    """Put readouts on the grid."""
    placed = place(imaging, grid, where)
    said.append(f"readouts placed by the header on {grid.n_x} × {grid.n_y} × {grid.n_z}")
    if len(placed.averages) > 1:
        said.append(f"mean of {len(placed.averages)} averages")
    if placed.n_left_out:
        said.append(f"{placed.n_left_out} readouts of lines acquired more often than others left out")
    return placed


def _crop(placed: Placed, encoding: Encoding, said: list[str]) -> Placed | None:
    """Remove the readout's oversampling; None where there is none, or an asymmetric echo forbids it."""
    n_x, kept = encoding.grid.n_x, encoding.n_x_kept
    if kept >= n_x:
        return None
    cropped = without_oversampling(placed, kept)
    if cropped is None:
        said.append("readout oversampling kept: the echo is asymmetric, and removing it mixes neighbours")
    else:
        said.append(f"readout oversampling removed ({n_x} to {kept})")
    return cropped


def _turn(geometry: Geometry | None, said: list[str]) -> tuple[Turn, Geometry | None]:
    if geometry is None:
        said.append("not turned: no complete geometry")
        return Turn(transpose=False, flip_y=False, flip_x=False), None
    turn, turned = upright(geometry)
    names = {"ky and kx exchanged": turn.transpose, "ky mirrored": turn.flip_y, "kx mirrored": turn.flip_x}
    done = [name for name, is_so in names.items() if is_so]
    said.append(f"turned upright ({', '.join(done)})" if done else "upright as acquired")
    return turn, turned


def _order(geometry: Geometry) -> np.ndarray:
    """Order slices by their position along the normal; scanners count them as they acquire them."""
    return np.argsort(geometry.centres @ geometry.normal, kind="stable")


def _as_slices(placed: Placed, where: str, said: list[str]) -> _Stack:
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
    n_x = image.shape[-1]
    said.append(
        f"3-D: the readout is transformed, and its {n_x} positions are slices; ky × kz become ky × kx"
    )
    return _Stack(image.transpose(0, 4, 1, 3, 2), np.repeat(whole.T[None], n_x, axis=0))


def _of_the_mean(noise: FileArray | None, n_averages: int) -> FileArray | None:
    """Return the noise of a mean of ``n_averages`` samples."""
    if noise is None or n_averages == 1:
        return noise
    return noise._replace(values=noise.values / np.float32(np.sqrt(n_averages)))


def _calibration(
    kinds: Kinds,
    imaging: Readouts,
    encoding: Encoding,
    cropped: bool,
    turn: Turn,
    shape: tuple[int, ...],
    where: str,
    order: np.ndarray,
) -> np.ndarray | None:
    """Place separate calibration lines as the images; None where their readout or slices are others."""
    readouts = kinds.calibration
    if readouts is None or readouts.data.shape[1:] != kinds.imaging.data.shape[1:]:
        return None
    first = {name: values == values.min() for name, values in readouts.counters.items()}
    alone = first["contrast"] & first["phase"] & first["set"] & first["repetition"]
    slices = imaging.counters["slice"]
    lines_of_them = readouts.where(alone & np.isin(readouts.counters["slice"], slices))
    if not np.isin(slices, lines_of_them.counters["slice"]).all():
        return None
    placed = place(lines_of_them, encoding.grid, where)
    if cropped:
        placed = without_oversampling(placed, encoding.n_x_kept) or placed
    lines = _as_slices(placed, where, []).averages.mean(axis=0)
    return turn(lines[order]) if len(lines) == shape[0] else None
