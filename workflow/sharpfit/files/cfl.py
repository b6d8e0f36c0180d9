"""Write arrays as BART reads them."""

from pathlib import Path

import numpy as np

N_AXES = 16


def write_cfl(path: Path, array: np.ndarray) -> None:
    """Write complex64 in Fortran order to ``path.cfl`` and its dimensions to ``path.hdr``.

    Parameters
    ----------
    path
        without suffix
    array
        axes in BART's order: three of space, then coils, …; missing ones have length 1
    """
    dimensions = array.shape + (1,) * (N_AXES - array.ndim)
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, dimensions))} \n")
    array.astype("<c8").ravel(order="F").tofile(path.with_suffix(".cfl"))
