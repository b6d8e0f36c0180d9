"""DICOM by `pydicom`: one file a slice, 16-bit integers with their RescaleSlope, placed by the header.

A scan that its raw file places is an MR Image; any other a Secondary Capture, the kind of image that need
not say where it lies. Nothing of the subject, the site or the time is known here: those fields are empty. The
same results give the same bytes: identifiers are made of digests (a UUID below 2.25).
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.exporting.picture import Picture
from sharpfit.reporting.grey import grey_window

if TYPE_CHECKING:  # slow to import
    from pydicom.dataset import FileDataset

_HIGHEST = 65535
_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "Manufacturer", "PatientPosition"),
)
_UNKNOWN_SEQUENCE = {
    **{"ScanningSequence": "RM", "SequenceVariant": "NONE", "ScanOptions": "", "MRAcquisitionType": ""},
    **{"RepetitionTime": None, "EchoTime": None, "EchoTrainLength": None, "PositionReferenceIndicator": ""},
}


def write(path: Path, picture: Picture) -> str:
    """Write a folder of slices, or one file if its name ends in .dcm; returns how they are scaled.

    Raises
    ------
    InputError
        if one file is asked for and there are several slices, or the folder holds something already
    """
    n_slices = len(picture.image)
    if path.suffix.lower() == ".dcm":
        if n_slices > 1:
            raise InputError(f"{path}: {n_slices} slices are {n_slices} files; give a folder (no .dcm)")
        files = [path]
    else:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(f"{path}: holds something already; name a new folder for the slices")
        path.mkdir(parents=True, exist_ok=True)
        digits = len(str(n_slices))
        files = [path / f"{n + 1:0{digits}}.dcm" for n in range(n_slices)]
    slope = _short(float(picture.magnitude.max()) / _HIGHEST or 1.0)
    scale = f"16-bit integers; value = {slope} x integer"
    common = _common(picture, slope, scale)
    for n, file in enumerate(files):
        _one(common, picture, n, float(slope)).save_as(file, enforce_file_format=True)
    return scale


def _common(picture: Picture, slope: str, scale: str) -> dict[str, Any]:
    """Elements that all slices share."""
    scan, source = picture.made_from
    study = _uid(scan, "study")
    said = [f"{key}: {text}" for key, text in (picture.said() | {"scale": scale}).items()]
    white = _short(grey_window(picture.magnitude))
    elements: dict[str, Any] = dict.fromkeys(_EMPTY, "")
    elements |= {
        "Modality": "MR",
        "StudyInstanceUID": study,
        "SeriesInstanceUID": _uid(scan, source),
        "SeriesNumber": 1,
        "SeriesDescription": picture.title[:64],
        "ImageComments": "; ".join(said),
        "ImageType": ["DERIVED", "SECONDARY"]
        if picture.geometry is None
        else ["ORIGINAL", "PRIMARY", "OTHER"],
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "nothing of the subject was read from the raw file",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": picture.image.shape[1],
        "Columns": picture.image.shape[2],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "RescaleSlope": slope,
        "RescaleIntercept": "0",
        "RescaleType": "US",
        "WindowCenter": _short(float(white) / 2),
        "WindowWidth": white,
        "VOILUTFunction": "LINEAR_EXACT",  # LINEAR knows no window below 1, and cuts half a unit off any
    }
    if picture.spacing_mm is not None:
        elements["PixelSpacing"] = [_short(value) for value in picture.spacing_mm]
    if picture.geometry is not None:
        elements |= _UNKNOWN_SEQUENCE
        elements["FrameOfReferenceUID"] = _uid(scan, "frame of reference")
        directions = (*picture.geometry.row, *picture.geometry.column)
        elements["ImageOrientationPatient"] = [_short(value) for value in directions]
        elements["SliceThickness"] = _short(picture.geometry.thickness_mm)
        if (step := picture.step_mm) is not None and len(picture.image) > 1:
            elements["SpacingBetweenSlices"] = _short(float(np.linalg.norm(step)))
    return elements


def _one(common: dict[str, Any], picture: Picture, n: int, slope: float) -> FileDataset:
    """Build the file of one slice."""
    from pydicom.dataset import FileDataset, FileMetaDataset  # slow to import
    from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, SecondaryCaptureImageStorage

    placed = picture.geometry is not None
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage if placed else SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID(_uid(*picture.made_from, str(n)))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    for name, value in common.items():
        setattr(made, name, value)
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.InstanceNumber = n + 1
    if picture.geometry is not None:
        corner = picture.geometry.first_pixel(n, picture.image.shape[1:])
        made.ImagePositionPatient = [_short(value) for value in corner]
        made.SliceLocation = _short(float(picture.geometry.centres[n] @ picture.geometry.normal))
    else:
        made.ConversionType = "SYN"
    integers = np.clip(np.round(picture.magnitude[n] / slope), 0, _HIGHEST).astype("<u2")
    made.PixelData = integers.tobytes()
    made["PixelData"].VR = "OW"
    return made


def _short(value: float) -> str:
    """Write a decimal string of DICOM: at most 16 characters."""
    return f"{value + 0.0:.9g}"


def _uid(*parts: str) -> str:
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(parts)).int}"
