"""Known k-space that tests write as a scanner's file, and what they do with that file."""

import h5py
import numpy as np
import pytest
from made_mrd import header, oversampled, write

from sharpfit.errors import InputError
from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan

N_COILS, N_Y, N_X = 3, 24, 20
RNG = np.random.default_rng(4)
KSPACE = (RNG.standard_normal((N_COILS, N_Y, N_X)) + 1j * RNG.standard_normal((N_COILS, N_Y, N_X))).astype(
    np.complex64
)
WIDE = oversampled(KSPACE)
HEADER = {"encoded": (2 * N_X, N_Y, 1), "recon": (N_X, N_Y, 1)}
"""Of an ISMRMRD file that holds `WIDE`."""


def written(folder, lines, **changes):
    """Write an ISMRMRD file of these lines under `HEADER` with changes."""
    return write(folder / "scan.h5", header(**(HEADER | changes)), lines)


def changed(path, change):
    """Read all acquisitions of an ISMRMRD file, change them and write them back."""
    with h5py.File(path, "r+") as file:
        rows = file["dataset/data"][()]
        change(rows)
        file["dataset/data"][...] = rows
    return path


def read(path, **entries):
    return read_scan({"file": str(path), **entries}, {str(path): reader_of(str(path))})


def told(path, **entries):
    """Return why the file is refused."""
    with pytest.raises(InputError) as caught:
        read(path, **entries)
    return str(caught.value)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=2e-6 * np.abs(wanted).max())
