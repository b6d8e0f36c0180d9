"""Which formats an image can be exported to, and which of them a file's name asks for."""

from pathlib import PurePath

from sharpfit.errors import InputError

WRITERS = "sharpfit.exporting"
"""Package of the writers, one module each with `write(path, picture)`."""

ENDINGS = {"nifti": ".nii.gz", "dicom": "", "bart": ".cfl", "png": ".png"}
"""Format → how the names of its files end; a DICOM series is a folder."""

IMAGES = ("picked", "last")
"""The images of a fit that can be exported."""

_BY_ENDING = {
    ".nii.gz": "nifti",
    ".nii": "nifti",
    ".dcm": "dicom",
    ".cfl": "bart",
    ".hdr": "bart",
    ".png": "png",
}


def format_of(target: str) -> str:
    """Name the format that a target's ending asks for; a name without ending is a folder of DICOM slices.

    Raises
    ------
    InputError
        listing the endings, if this one is none of them
    """
    name = PurePath(target).name.lower()
    for ending, format_name in _BY_ENDING.items():
        if name.endswith(ending):
            return format_name
    if target.endswith("/") or not PurePath(target).suffix:
        return "dicom"
    raise InputError(
        f"{target}: no format is known by this ending; .nii.gz and .nii are NIfTI, .dcm or a folder (a name "
        "without ending) DICOM, .cfl BART, .png a picture"
    )
