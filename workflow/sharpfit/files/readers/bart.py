"""BART: complex64 in Fortran order (.cfl) with its dimensions beside it (.hdr)."""

import math
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.readers.dataset_choice import no_dataset

# BART's first three axes are spatial, the fourth is coils, the fourteenth slices.
_BART_NAMES = {3: "coil", 13: "slice"}
_MAX_DIMENSIONS = 16
_MAX_HEADER = 100_000


def read(path: Path, dataset: str | None) -> FileArray:
    """Read a .cfl or .hdr file with its other half; its axes are named by the format."""
    no_dataset(path, dataset)
    mapped = outline(path)
    return mapped._replace(values=np.array(mapped.values))


def outline(path: Path) -> FileArray:
    """Read the header: the values are not read before they are asked for."""
    header, data = path.with_suffix(".hdr"), path.with_suffix(".cfl")
    for part in (header, data):
        if not part.is_file():
            raise InputError(f"{part}: no such file; BART files come as .cfl and .hdr")
    shape = _dimensions(header)
    if data.stat().st_size != 8 * math.prod(shape):
        raise InputError(
            f"{data}: {data.stat().st_size} bytes, but {header.name} asks for {8 * math.prod(shape)}"
        )
    values = np.memmap(data, "<c8", "r", shape=shape, order="F")
    long = [i for i, n in enumerate(shape) if n > 1]
    spatial = [i for i in long if i < 3]
    if len(spatial) > 2 or any(i > 2 and i not in _BART_NAMES for i in long):
        raise InputError(
            f"{data}: dimensions {shape}: {_what_else(long)}two spatial axes, coils (fourth) and slices "
            "(fourteenth) can be fitted; transform the readout of a 3-D scan first (bart fft -i 1), and pick "
            "one of other axes with bart slice"
        )
    names = dict(zip(spatial, ("ky", "kx"), strict=False)) | _BART_NAMES
    return FileArray(np.squeeze(values), str(data), tuple(names[i] for i in long))


def _dimensions(header: Path) -> tuple[int, ...]:
    lines = header.read_text(encoding="utf-8", errors="replace")[:_MAX_HEADER].splitlines()
    try:
        shape = tuple(int(n) for n in lines[lines.index("# Dimensions") + 1].split())
    except (ValueError, IndexError) as error:
        raise InputError(f"{header}: holds no line of dimensions after '# Dimensions'") from error
    if not 1 <= len(shape) <= _MAX_DIMENSIONS or min(shape) < 1:
        raise InputError(
            f"{header}: dimensions {' '.join(map(str, shape[:20]))}: BART's are 1 to {_MAX_DIMENSIONS} "
            "numbers of at least 1"
        )
    return shape


def _what_else(long: list[int]) -> str:
    """Say what the axes are that cannot be fitted, where BART gives them a meaning."""
    named = {
        4: "map sets (fifth)",
        5: "echoes (sixth)",
        6: "subspace coefficients (seventh)",
        10: "time (eleventh)",
    }
    found = [named[i] for i in long if i in named]
    return f"holds {', '.join(found)}, which have no place here: " if found else ""
