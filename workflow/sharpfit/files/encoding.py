"""What a scanner encoded: the matrix, the field of view, and with the slices' places where the images lie."""

from dataclasses import dataclass

import numpy as np

from sharpfit.files.geometry import Geometry
from sharpfit.files.readouts import Grid


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
