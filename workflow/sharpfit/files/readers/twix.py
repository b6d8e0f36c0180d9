"""Siemens twix (.dat) of software VB, VD, VE and later: readouts with their headers, by `twixtools`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.acquired import Kinds, as_raw_scan
from sharpfit.files.axes import FileArray
from sharpfit.files.encoding import Encoding
from sharpfit.files.geometry import Geometry
from sharpfit.files.noise_scan import of_an_imaging_sample
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readers import twix_header
from sharpfit.files.readers.dataset_choice import no_dataset
from sharpfit.files.readouts import Readouts

if TYPE_CHECKING:  # slow to import
    from twixtools.mdb import Mdb

_COUNTERS = {
    **{"ky": "Lin", "kz": "Par", "slice": "Sli", "average": "Ave", "contrast": "Eco"},
    **{"phase": "Phs", "set": "Set", "repetition": "Rep"},
}
# The receivers' filter passes this share of the band in which Siemens samples noise.
_NOISE_BANDWIDTH = 0.793
# What parsing makes of a file that was cut off or damaged.
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError, MemoryError, OSError, EOFError)


def read_scan(path: Path, dataset: str | None, select: Mapping[str, Any]) -> RawScan:
    """Read the Cartesian scan that is a file's last measurement, with the noise scan of any.

    Parameters
    ----------
    path
        the file
    dataset
        None: the last measurement is the scan, those before it are adjustments
    select
        which contrast, phase, set or repetition

    Raises
    ------
    InputError
        if it is damaged, is not Cartesian, or holds several images and none is chosen
    """
    no_dataset(path, dataset)
    try:
        with path.open("rb") as file:
            *adjustments, scan = twix_header.measurements(path, file)
            blocks = [*_blocks(path, file, scan)]
            noise_blocks = [
                (block, one)
                for one in adjustments
                for block in _blocks(path, file, one)
                if _is(block, "NOISEADJSCAN")
            ] + [(block, scan) for block in blocks if _is(block, "NOISEADJSCAN")]
            return _as_scan(path, scan, blocks, noise_blocks, select)
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(
            f"{path}: cannot be read as Siemens twix ({first_line(error)}); is it whole?"
        ) from error


def _blocks(path: Path, file: BinaryIO, one: twix_header.Measurement) -> Iterator[Mdb]:
    """Every block of a measurement that holds samples, after checking that it lies within the file."""
    from twixtools.mdb import Mdb  # slow to import

    at = one.first_block
    while at + 128 < one.end:
        file.seek(at)
        block = Mdb(file, one.is_ve)
        length = int(block.dma_len)
        if block.is_flag_set("ACQEND"):
            return
        if length < 128 or at + length > one.end:
            raise InputError(
                f"{path}: a block of {length} bytes at {at} of {one.end}: it is cut off or damaged"
            )
        if not block.is_flag_set("SYNCDATA"):
            yield block
        at += length


def _is(block: Mdb, flag: str) -> bool:
    return bool(block.is_flag_set(flag))


def _as_scan(
    path: Path,
    scan: twix_header.Measurement,
    blocks: list[Mdb],
    noise_blocks: list[tuple[Mdb, twix_header.Measurement]],
    select: Mapping[str, Any],
) -> RawScan:
    where = str(path)
    notes = twix_header.notes(scan)
    if notes.trajectory != "cartesian" or any(_is(block, "PHASCOR") for block in blocks):
        kind = (
            notes.trajectory
            if notes.trajectory != "cartesian"
            else "echo-planar (it has phase correction lines)"
        )
        raise InputError(f"{where}: a Siemens twix scan that is {kind}, which cannot be fitted yet")
    imaging = [block for block in blocks if block.is_image_scan()]
    if not imaging:
        raise InputError(f"{where}: its last measurement holds no image data among {len(blocks)} readouts")
    both = [block for block in blocks if _is(block, "PATREFANDIMASCAN")]
    separate = [block for block in blocks if _is(block, "PATREFSCAN") and not _is(block, "PATREFANDIMASCAN")]
    first = imaging[0].mdh
    encoding = twix_header.encoding(scan, int(first.CenterLin), int(first.CenterPar))
    kinds = Kinds(
        imaging=_readouts(where, imaging),
        calibration=_readouts(where, separate + both) if separate else None,
        noise=_noise(where, noise_blocks, scan),
    )
    return as_raw_scan(
        kinds,
        encoding,
        lambda these: _geometry([imaging[n] for n in np.flatnonzero(these)], encoding),
        notes,
        select,
        where,
    )


def _readouts(where: str, blocks: list[Mdb]) -> Readouts:
    """Unpack blocks of one length; reversed ones are turned round, samples cut off by the header left out."""
    heads = [block.mdh for block in blocks]
    shapes = {(h.UsedChannels, h.SamplesInScan, h.CutOff.Pre, h.CutOff.Post) for h in heads}
    (n_coils, n_samples, before, after), *others = shapes
    if others:
        raise InputError(f"{where}: its readouts differ in coils, samples or cut-off: {sorted(shapes)[:4]}")
    if not n_coils or before + after >= n_samples:
        raise InputError(f"{where}: readouts of {n_coils} coils × {n_samples} samples; it is damaged")
    data = np.stack([block.data[:, ::-1] if _is(block, "REFLECT") else block.data for block in blocks])
    counters = {
        name: np.array([getattr(head.Counter, field) for head in heads], int)
        for name, field in _COUNTERS.items()
    }
    centre = np.array([head.CenterCol for head in heads], int) - before
    return Readouts(data[..., before : n_samples - after].astype(np.complex64), centre, counters)


def _noise(
    where: str, blocks: list[tuple[Mdb, twix_header.Measurement]], scan: twix_header.Measurement
) -> FileArray | None:
    """Bring the noise scan to the noise of an imaging sample."""
    if not blocks:
        return None
    samples = np.concatenate([block.data for block, _ in blocks], axis=1)
    dwell = twix_header.dwell_us(blocks[0][1]), twix_header.dwell_us(scan)
    return of_an_imaging_sample(samples, where, dwell, _NOISE_BANDWIDTH)


def _geometry(blocks: list[Mdb], encoding: Encoding) -> Geometry | None:
    """Find where images lie; phase, read and slice are the columns of the rotation, for a forward FFT."""
    quaternion = np.array(blocks[0].mdh.SliceData.Quaternion, float)
    norm = np.linalg.norm(quaternion)
    if not np.isfinite(norm) or abs(norm - 1) > 1e-3:
        return None
    phase, read, across = -_rotation(quaternion / norm).T
    by_slice = {int(block.mdh.Counter.Sli): block.mdh.SliceData.SlicePos for block in reversed(blocks)}
    positions = [by_slice[n] for n in sorted(by_slice)]
    return encoding.geometry(
        np.array([(at.Sag, at.Cor, at.Tra) for at in positions], float), read, phase, across
    )


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    """(3, 3) rotation of a unit quaternion, its scalar first."""
    r, vector = quaternion[0], quaternion[1:]
    i, j, k = vector
    cross = np.array([[0, -k, j], [k, 0, -i], [-j, i, 0]])
    return np.asarray(np.eye(3) + 2 * r * cross + 2 * cross @ cross)
