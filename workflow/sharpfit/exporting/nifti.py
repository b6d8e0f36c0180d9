"""NIfTI-1 by `nibabel`: magnitude in float32, axes x, y, slice, placed in right, front, head (RAS)."""

import json
from pathlib import Path

import numpy as np

from sharpfit.errors import InputError
from sharpfit.exporting.picture import Picture

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
_COMMENT = "comment"
_SCANNER = 1


def write(path: Path, picture: Picture) -> str:
    """Write one file; returns how it is scaled.

    Where the raw file says nothing, the codes of both transforms are 0 (unknown) and so is the unit.

    Raises
    ------
    InputError
        if the slices are not evenly spaced, which the format cannot say
    """
    import nibabel  # slow to import

    affine = affine_ras(picture)
    image = nibabel.Nifti1Image(np.ascontiguousarray(picture.magnitude.transpose(2, 1, 0)), affine)
    header = image.header
    if affine is None:
        y, x = picture.spacing_mm or (1.0, 1.0)
        header.set_zooms((x, y, 1.0))
    else:
        image.set_qform(affine, code=_SCANNER)
        image.set_sform(affine, code=_SCANNER)
    header.set_xyzt_units("mm" if picture.spacing_mm is not None else "unknown")
    header["descrip"] = picture.title.encode("ascii", "replace")[:79]
    scale = "float32 magnitude, not scaled"
    said = json.dumps(picture.said() | {"scale": scale}).encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension(_COMMENT, said))
    nibabel.save(image, path)
    return scale


def affine_ras(picture: Picture) -> np.ndarray | None:
    """(4, 4) from (x, y, slice) to mm along right, front, head; None where the raw file does not place them.

    Geometries are in DICOM's axes (left, back, head), so the first two rows change sign.

    Raises
    ------
    InputError
        if the slices are not evenly spaced
    """
    geometry = picture.geometry
    if geometry is None:
        return None
    step = picture.step_mm
    if step is None:
        raise InputError(
            f"{picture.title}: its slices are not evenly spaced, which NIfTI cannot say; export DICOM, or a "
            "scan of slices that are (select: {slice: …})"
        )
    y, x = geometry.spacing_mm
    affine = np.eye(4)
    columns = (x * geometry.row, y * geometry.column, step)
    affine[:3, :3] = _LPS_TO_RAS @ np.stack(columns, axis=1)
    affine[:3, 3] = _LPS_TO_RAS @ geometry.first_pixel(0, picture.image.shape[1:])
    return affine
