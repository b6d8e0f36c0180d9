"""Where the images of a scan lie in the patient, and how to turn k-space so that they stand upright."""

from dataclasses import dataclass, replace

import numpy as np

# Patient axes, DICOM's: x to the left, y to the back, z to the head.
_LEFT, _BACK, _HEAD = np.eye(3)


@dataclass(frozen=True)
class Geometry:
    """Position and direction of the images, in mm along the patient's axes (left, back, head)."""

    centres: np.ndarray
    """(slice, 3), of the pixel (ny // 2, nx // 2)"""
    row: np.ndarray
    """(3,) unit vector along which x, the column's number, grows"""
    column: np.ndarray
    """(3,) unit vector along which y, the row's number, grows"""
    spacing_mm: tuple[float, float]
    """along y, x"""
    thickness_mm: float
    """of a slice"""

    @property
    def normal(self) -> np.ndarray:
        """(3,) row × column, as DICOM has it."""
        return np.cross(self.row, self.column)

    def first_pixel(self, slice_number: int, shape: tuple[int, int]) -> np.ndarray:
        """(3,) centre of the pixel (0, 0) of a slice of this shape (y, x)."""
        height, width = shape
        offset = height // 2 * self.spacing_mm[0] * self.column + width // 2 * self.spacing_mm[1] * self.row
        return np.asarray(self.centres[slice_number] - offset)


@dataclass(frozen=True)
class Turn:
    """What brings the last two axes of k-space into the upright image's."""

    transpose: bool
    flip_y: bool
    flip_x: bool

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Turn k-space or a mask (…, ky, kx): transpose first, then mirror about the centre of k-space."""
        turned = np.swapaxes(values, -1, -2) if self.transpose else values
        for axis, flip in ((-2, self.flip_y), (-1, self.flip_x)):
            turned = mirrored(turned, axis) if flip else turned
        return np.ascontiguousarray(turned)


def mirrored(kspace: np.ndarray, axis: int) -> np.ndarray:
    """Turn k to −k along an axis whose centre is N // 2; the image is mirrored about its pixel N // 2."""
    return np.roll(np.flip(kspace, axis), 1 - kspace.shape[axis] % 2, axis)


def upright(geometry: Geometry) -> tuple[Turn, Geometry]:
    """Find the turn after which a radiologist sees the slice as usual, and the geometry after it.

    Axial slices: left is right, the back is down. Coronal: left is right, feet are down. Sagittal: the back
    is right, feet are down.
    """
    facing = int(np.argmax(np.abs(geometry.normal)))
    right, down = ((_BACK, -_HEAD), (_LEFT, -_HEAD), (_LEFT, _BACK))[facing]
    aligned = abs(geometry.row @ right) + abs(geometry.column @ down)
    transpose = bool(aligned < abs(geometry.row @ down) + abs(geometry.column @ right))
    row, column = (geometry.column, geometry.row) if transpose else (geometry.row, geometry.column)
    turn = Turn(transpose, bool(column @ down < 0), bool(row @ right < 0))
    spacing = geometry.spacing_mm[::-1] if transpose else geometry.spacing_mm
    return turn, replace(
        geometry,
        row=-row if turn.flip_x else row,
        column=-column if turn.flip_y else column,
        spacing_mm=(spacing[0], spacing[1]),
    )
