"""Siemens twix files written by `twixtools` from known k-space."""

import struct
from dataclasses import dataclass, field

import numpy as np
import twixtools
from twixtools.mdb import Mdb_local

PROTOCOL = """### ASCCONV BEGIN ###
tProtocolName = "phantom"
sKSpace.ucTrajectory = {trajectory}
sKSpace.dPhaseOversampling = {phase_oversampling}
sKSpace.dSliceOversampling = {slice_oversampling}
sSliceArray.asSlice[0].dThickness = 5.0
sSliceArray.asSlice[0].dPhaseFOV = 200.0
sSliceArray.asSlice[0].dReadoutFOV = 160.0
sRXSPEC.alDwellTime[0] = {dwell_ns}
### ASCCONV END ###
"""
# Phase to the back, readout to the right: an axial slice.
AXIAL = (0.5**0.5, 0.0, 0.0, 0.5**0.5)


@dataclass
class Block:
    """Samples (coil, x) and what their header says."""

    data: np.ndarray
    counters: dict = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    centre: int | None = None
    position: tuple[float, float, float] = (0, 0, 0)
    quaternion: tuple[float, float, float, float] = AXIAL
    cut: tuple[int, int] = (0, 0)


def lines_of(kspace, **counters):
    """One block for each ky of (coil, ky, kx)."""
    return [Block(kspace[:, ky], {"Lin": ky} | counters) for ky in range(kspace.shape[1])]


def upright(kspace):
    """Mirror ky, as the reader does: the axial slice's phase encode runs to the back after a forward FFT."""
    return np.roll(kspace[..., ::-1, :], 1 - kspace.shape[-2] % 2, axis=-2)


def measurement(blocks, n_x, n_y, n_z=1, centre=(None, None), **protocol):
    """What `twixtools.write_twix` writes for one measurement."""
    settings = {
        "trajectory": 1,
        "phase_oversampling": 0.0,
        "slice_oversampling": 0.0,
        "dwell_ns": 2000,
    } | protocol
    sizes = {"iRoFTLength": n_x, "iPEFTLength": n_y, "i3DFTLength": n_z}
    meas = "".join(f'<ParamLong."{name}"> {{ {size} }}\n' for name, size in sizes.items())
    dicom = (
        '<ParamString."Manufacturer"> { "SIEMENS" }\n<ParamString."tPatientName"> { "Doe^Jane" }\n'
        '<ParamDouble."flReadoutOSFactor"> { 2.0 }\n'
    )
    parts = {"Config": '<ParamString."PatientID"> { "ID-4711" }', "Dicom": dicom, "Meas": meas}
    parts["MeasYaps"] = PROTOCOL.format(**settings)
    body = b"".join(
        name.encode() + b"\0" + struct.pack("<I", len(text)) + text.encode() for name, text in parts.items()
    )
    header = struct.pack("<II", len(body) + 8, len(parts)) + body
    return {
        "hdr_str": np.frombuffer(header, "S1"),
        "mdb": [_mdb(block, n_y, n_z, centre) for block in blocks],
    }


def _mdb(block, n_y, n_z, centre):
    made = Mdb_local(np.asarray(block.data, np.complex64))
    for name, value in block.counters.items():
        setattr(made.mdh.Counter, name, value)
    for flag in block.flags:
        made.add_flag(flag)
    made.mdh.CenterCol = block.data.shape[-1] // 2 if block.centre is None else block.centre
    made.mdh.CutOff.Pre, made.mdh.CutOff.Post = block.cut
    made.mdh.CenterLin = n_y // 2 if centre[0] is None else centre[0]
    made.mdh.CenterPar = n_z // 2 if centre[1] is None else centre[1]
    made.mdh.SliceData.SlicePos.Sag, made.mdh.SliceData.SlicePos.Cor, made.mdh.SliceData.SlicePos.Tra = (
        block.position
    )
    for n, value in enumerate(block.quaternion):
        made.mdh.SliceData.Quaternion[n] = value
    return made


def write(path, *measurements):
    """Write the measurements, adjustments first, and return the path."""
    twixtools.write_twix(list(measurements), str(path))
    return path
