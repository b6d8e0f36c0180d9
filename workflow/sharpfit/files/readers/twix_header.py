"""The headers of a Siemens twix file: its measurements, and what their protocols say was encoded."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.encoding import Encoding
from sharpfit.files.raw_scan import ScannerNotes
from sharpfit.files.readouts import Grid

_TRAJECTORIES = {1: "cartesian", 2: "radial", 4: "spiral", 8: "PROPELLER (BLADE)"}
_MAX_MEASUREMENTS = 64
# Arrays of a protocol are this long at most; a damaged index would ask for gigabytes.
_HUGE_INDEX = re.compile(rb"\[\d{5,}\]")


@dataclass(frozen=True)
class Measurement:
    """One measurement of a file."""

    header: dict[str, Any]
    """of twixtools: the protocol's parts by name"""
    first_block: int
    end: int
    is_ve: bool
    """written by software VD or later"""


def measurements(path: Path, file: BinaryIO) -> list[Measurement]:
    """Find the measurements of a file and parse their protocols.

    Raises
    ------
    InputError
        if the file is none of this format, or cut off
    """
    from twixtools.hdr_def import MultiRaidFileHeader  # slow to import

    size = path.stat().st_size
    start = np.frombuffer(file.read(8), "<u4")
    if len(start) < 2:
        raise InputError(f"{path}: is too short for a Siemens twix file")
    if start[0] >= 10000 or not 1 <= start[1] <= _MAX_MEASUREMENTS:  # VB: one measurement, no table of them
        return [_measurement(path, file, 0, size, is_ve=False)]
    file.seek(0)
    table = file.read(MultiRaidFileHeader.itemsize)
    if len(table) < MultiRaidFileHeader.itemsize:
        raise InputError(f"{path}: its table of measurements is cut off")
    entries = np.frombuffer(table, MultiRaidFileHeader)[0]["entry"][: start[1]]
    found = []
    for entry in entries:
        first, length = int(entry["off_"]), int(entry["len_"])
        if length == 0 and len(entries) == 1:  # some are written so
            length = size - first
        if first + length > size or length <= 0:
            raise InputError(
                f"{path}: a measurement of {length} bytes at {first} does not fit its {size}; it is cut off"
            )
        found.append(_measurement(path, file, first, first + length, is_ve=True))
    return found


def _measurement(path: Path, file: BinaryIO, first: int, end: int, *, is_ve: bool) -> Measurement:
    from twixtools.twixprot import parse_twix_hdr

    file.seek(first)
    length = int(np.frombuffer(file.read(4), "<u4")[0])
    if not 16 <= length <= end - first:
        raise InputError(
            f"{path}: no Siemens twix file, or a damaged one: its header would take {length} bytes"
        )
    file.seek(first)
    if _HUGE_INDEX.search(file.read(length)):
        raise InputError(f"{path}: its protocol names an array's element beyond 9999; it is damaged")
    file.seek(first)
    header = parse_twix_hdr(file)
    if not {"MeasYaps", "Meas"} <= set(header):
        raise InputError(f"{path}: holds no protocol of a Siemens scan ({', '.join(header) or 'nothing'})")
    return Measurement(header, first + length, end, is_ve)


def encoding(one: Measurement, centre_y: int, centre_z: int) -> Encoding:
    """Read the matrix and the fields of view; the centre is that of the readouts' headers."""
    meas, yaps = one.header["Meas"], one.header["MeasYaps"]
    n_x, n_y, n_z = (int(float(meas[name])) for name in ("iRoFTLength", "iPEFTLength", "i3DFTLength"))
    oversampling = float(one.header.get("Dicom", {}).get("flReadoutOSFactor") or 1.0)
    space, slab = yaps["sKSpace"], yaps["sSliceArray"]["asSlice"][0]
    around = {name: 1 + float(space.get(name) or 0) for name in ("dPhaseOversampling", "dSliceOversampling")}
    return Encoding(
        Grid(n_x, n_y, n_z, centre_y, centre_z),
        n_x_kept=round(n_x / max(oversampling, 1.0)),
        field_of_view_mm=(
            float(slab["dThickness"]) * (around["dSliceOversampling"] if n_z > 1 else 1),
            float(slab["dPhaseFOV"]) * around["dPhaseOversampling"],
            float(slab["dReadoutFOV"]) * oversampling,
        ),
    )


def dwell_us(one: Measurement) -> float:
    """Dwell time of the first echo, µs."""
    return float(one.header["MeasYaps"]["sRXSPEC"]["alDwellTime"][0]) / 1000


def notes(one: Measurement) -> ScannerNotes:
    """Read what the scanner says of itself and of the scan; what it says of the subject is left alone."""
    dicom, yaps = one.header.get("Dicom", {}), one.header["MeasYaps"]
    field = dicom.get("flMagneticFieldStrength")
    parts = [dicom.get(name) for name in ("Manufacturer", "ManufacturersModelName")]
    said = [str(part) for part in parts if part]
    said += [f"{float(field):.3g} T"] if field else []
    said += [f"({dicom['SoftwareVersions']})"] if dicom.get("SoftwareVersions") else []
    number = int(yaps["sKSpace"].get("ucTrajectory") or 1)
    return ScannerNotes(
        scanner=" ".join(said),
        protocol=str(yaps.get("tProtocolName", "")),
        trajectory=_TRAJECTORIES.get(number, f"of trajectory {number}"),
    )
