"""ISMRMRD files made by the `ismrmrd` package from known k-space."""

from dataclasses import dataclass

import ismrmrd
import numpy as np
from ismrmrd import xsd

from sharpfit.files.readouts import to_image, to_kspace


@dataclass
class Line:
    """One acquisition: samples (coil, x) and its header."""

    data: np.ndarray
    ky: int = 0
    kz: int = 0
    centre: int | None = None
    counters: tuple[tuple[str, int], ...] = ()
    flags: tuple[int, ...] = ()
    dwell: float = 2.0
    trajectory: np.ndarray | None = None
    position: tuple[float, float, float] = (0, 0, 0)
    discarded: tuple[int, int] = (0, 0)
    encoding: int = 0


def oversampled(kspace):
    """Double the field of view along kx, the image in its middle; (…, kx) → (…, 2 kx)."""
    image = to_image(kspace, -1)
    n_x = kspace.shape[-1]
    before = n_x - n_x // 2
    padding = [(0, 0)] * (kspace.ndim - 1) + [(before, n_x - before)]
    return to_kspace(np.pad(image, padding), -1).astype(np.complex64)


def lines_of(kspace, **settings):
    """One line for each ky of (coil, ky, kx)."""
    return [Line(kspace[:, ky], ky, **settings) for ky in range(kspace.shape[1])]


def header(encoded, recon, field_of_view=(200.0, 200.0, 5.0), **changes):
    """The XML header of a scan; sizes as (x, y, z)."""
    limits = {
        f"kspace_encoding_step_{n}": xsd.limitType(minimum=0, maximum=size - 1, center=size // 2)
        for n, size in ((1, encoded[1]), (2, encoded[2]))
    } | changes.pop("limits", {})
    stretched = (field_of_view[0] * encoded[0] / recon[0], *field_of_view[1:])
    encoding = xsd.encodingType(
        encodedSpace=space(encoded, stretched),
        reconSpace=space(recon, field_of_view),
        encodingLimits=xsd.encodingLimitsType(**limits),
        trajectory=xsd.trajectoryType(changes.pop("trajectory", "cartesian")),
    )
    calibration = changes.pop("calibration", None)
    if calibration:
        encoding.parallelImaging = xsd.parallelImagingType(
            accelerationFactor=xsd.accelerationFactorType(kspace_encoding_step_1=2, kspace_encoding_step_2=1),
            calibrationMode=xsd.calibrationModeType(calibration),
        )
    return xsd.ismrmrdHeader(
        encoding=[encoding],
        experimentalConditions=xsd.experimentalConditionsType(H1resonanceFrequency_Hz=128000000),
        acquisitionSystemInformation=xsd.acquisitionSystemInformationType(
            systemVendor=changes.pop("vendor", "made"),
            systemModel="test",
            relativeReceiverNoiseBandwidth=changes.pop("bandwidth", 0.8),
        ),
        measurementInformation=xsd.measurementInformationType(
            patientPosition=xsd.patientPositionType("HFS"), protocolName="phantom"
        ),
        subjectInformation=xsd.subjectInformationType(
            patientName="Doe^Jane", patientID="ID-4711", patientBirthdate="1970-01-31"
        ),
        studyInformation=xsd.studyInformationType(studyDescription="knee of Doe", accessionNumber=4711),
    )


def space(size, field_of_view):
    return xsd.encodingSpaceType(
        matrixSize=xsd.matrixSizeType(**dict(zip("xyz", size, strict=True))),
        fieldOfView_mm=xsd.fieldOfViewMm(**dict(zip("xyz", field_of_view, strict=True))),
    )


AXES = np.eye(3)


def write(path, head, lines, directions=AXES):
    """Write the file and return its path; directions are those of read, phase and slice."""
    dataset = ismrmrd.Dataset(str(path), "dataset", mode="w")
    dataset.write_xml_header(xsd.ToXML(head))
    for line in lines:
        acquisition = ismrmrd.Acquisition.from_array(
            np.ascontiguousarray(line.data, np.complex64), line.trajectory
        )
        acquisition.center_sample = line.data.shape[-1] // 2 if line.centre is None else line.centre
        acquisition.sample_time_us, acquisition.encoding_space_ref = line.dwell, line.encoding
        acquisition.discard_pre, acquisition.discard_post = line.discarded
        acquisition.idx.kspace_encode_step_1, acquisition.idx.kspace_encode_step_2 = line.ky, line.kz
        for name, value in line.counters:
            setattr(acquisition.idx, name, value)
        for flag in line.flags:
            acquisition.set_flag(flag)
        acquisition.position[:] = line.position
        acquisition.read_dir[:], acquisition.phase_dir[:], acquisition.slice_dir[:] = map(tuple, directions)
        dataset.append_acquisition(acquisition)
    dataset.close()
    return path
