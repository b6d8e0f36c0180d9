"""The XML header of an ISMRMRD file: what was encoded, and with what."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.encoding import Encoding
from sharpfit.files.raw_scan import ScannerNotes
from sharpfit.files.readouts import Grid

if TYPE_CHECKING:  # slow to import
    import h5py
    from ismrmrd.xsd import ismrmrdHeader, limitType

_PERSONAL = ("subjectInformation", "studyInformation")


def parse(path: Path, item: h5py.Dataset) -> ismrmrdHeader:
    """Parse the XML header without what it says of the subject and the study.

    These parts are cut out first: the parser quotes values that it cannot convert, such as a birth date.

    Raises
    ------
    InputError
        if it is no XML of the schema
    """
    from ismrmrd.xsd import CreateFromDocument  # slow to import

    if getattr(item, "size", None) != 1:  # a damaged shape would be read for minutes
        raise InputError(f"{path}: {item.name} is not the one text that an ISMRMRD header is")
    try:
        root = ElementTree.fromstring(np.ravel(item[()])[0])
        for part in [part for part in root if part.tag.rpartition("}")[2] in _PERSONAL]:
            root.remove(part)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a value that is no number is missed where it is needed
            return CreateFromDocument(ElementTree.tostring(root))
    except Exception as error:
        raise InputError(f"{path}: its ISMRMRD header cannot be read ({first_line(error)})") from error


def encoding(header: ismrmrdHeader) -> Encoding:
    """Read the matrix, its centre and the fields of view.

    Raises
    ------
    AttributeError, IndexError, TypeError, ValueError
        if the header lacks one of them, or holds no number that can be one
    """
    first = header.encoding[0]
    encoded, recon = first.encodedSpace, first.reconSpace
    limits = first.encodingLimits
    n_y, n_z = int(encoded.matrixSize.y), int(encoded.matrixSize.z)
    grid = Grid(
        int(encoded.matrixSize.x),
        n_y,
        n_z,
        _centre(limits.kspace_encoding_step_1, n_y),
        _centre(limits.kspace_encoding_step_2, n_z),
    )
    field = (encoded.fieldOfView_mm.z, encoded.fieldOfView_mm.y, encoded.fieldOfView_mm.x)
    z, y, x = (float(side) for side in field)
    if not np.isfinite((z, y, x)).all():
        raise ValueError(f"its field of view is {x:g} × {y:g} × {z:g} mm")
    return Encoding(grid, _kept(grid.n_x, x, float(recon.fieldOfView_mm.x)), field_of_view_mm=(z, y, x))


def _kept(n_x: int, encoded: float, reconstructed: float) -> int:
    """Find how many of a readout's pixels are reconstructed, of fields of view in mm; 0: not known."""
    kept = round(n_x * min(reconstructed / encoded, 1.0)) if encoded else n_x
    if kept < 1:
        raise ValueError(f"of its field of view along x, {encoded:g} mm, {reconstructed:g} mm are kept")
    return kept


def lines(header: ismrmrdHeader) -> tuple[int, int] | None:
    """Read the number of the line in the centre of k-space, and of the last one; None: not stated.

    Raises
    ------
    AttributeError, IndexError, TypeError, ValueError
        as of `encoding`
    """
    limit = header.encoding[0].encodingLimits.kspace_encoding_step_1
    return None if limit is None else (int(limit.center), int(limit.maximum))


def _centre(limit: limitType | None, size: int) -> int:
    return int(limit.center) if limit is not None else size // 2


def notes(header: ismrmrdHeader) -> ScannerNotes:
    """Read what the scanner says of itself and of the scan."""
    system, measurement = header.acquisitionSystemInformation, header.measurementInformation
    parts = [system.systemVendor, system.systemModel] if system is not None else []
    field = f"{system.systemFieldStrength_T:.3g} T" if system and system.systemFieldStrength_T else ""
    trajectory = header.encoding[0].trajectory
    return ScannerNotes(
        scanner=" ".join(str(part) for part in [*parts, field] if part),
        protocol=str(measurement.protocolName or "") if measurement is not None else "",
        trajectory=str(getattr(trajectory, "value", trajectory)),
    )


def is_siemens(header: ismrmrdHeader) -> bool:
    """Whether a Siemens scanner wrote it, whose directions are those of a forward FFT."""
    system = header.acquisitionSystemInformation
    return system is not None and "siemens" in str(system.systemVendor or "").lower()


def calibration_mode(header: ismrmrdHeader) -> str:
    """How calibration lines were acquired: embedded, separate, external, interleaved or other."""
    parallel = header.encoding[0].parallelImaging
    mode = parallel.calibrationMode if parallel is not None else None
    return str(getattr(mode, "value", mode or "embedded"))
