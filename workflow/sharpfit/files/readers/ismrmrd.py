"""ISMRMRD (MRD): acquisitions with headers (Inati et al. 2017, doi:10.1002/mrm.26089)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sharpfit.errors import InputError, first_line
from sharpfit.files.acquired import Kinds, as_raw_scan
from sharpfit.files.axes import FileArray
from sharpfit.files.encoding import Encoding
from sharpfit.files.geometry import Geometry
from sharpfit.files.noise_scan import of_an_imaging_sample
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readers import ismrmrd_header
from sharpfit.files.readers.dataset_choice import check_size
from sharpfit.files.readers.hdf5 import opened
from sharpfit.files.readouts import Readouts

if TYPE_CHECKING:  # slow to import
    from ismrmrd.xsd import ismrmrdHeader

# Numbers of the flags, from 1 (ismrmrd.h).
_NOISE, _CALIBRATION, _CALIBRATION_AND_IMAGING, _REVERSE = 19, 20, 21, 22
# Navigators, phase correction, feedback, dummies, surface coil correction, phase stabilisation.
_NO_IMAGE = (23, 24, 26, 27, 28, 29, 30, 31)
_COUNTERS = {
    "ky": "kspace_encode_step_1",
    "kz": "kspace_encode_step_2",
    **{name: name for name in ("slice", "average", "contrast", "phase", "set", "repetition")},
}
_FIELDS = {
    *("flags", "number_of_samples", "active_channels", "discard_pre", "discard_post", "center_sample", "idx"),
    *("encoding_space_ref", "trajectory_dimensions", "sample_time_us"),
    *("position", "read_dir", "phase_dir", "slice_dir"),
}


def read_scan(path: Path, dataset: str | None, select: Mapping[str, Any]) -> RawScan:
    """Read a Cartesian scan with its noise scan and geometry.

    Parameters
    ----------
    path
        the file
    dataset
        name of the group, where a file holds several scans
    select
        which contrast, phase, set or repetition

    Raises
    ------
    InputError
        if it is damaged, is not Cartesian, or holds several images and none is chosen
    """
    with opened(path) as file:
        name = _group(path, file, dataset)
        if "xml" not in file[name]:
            raise InputError(f"{path}: an ISMRMRD file without its header (xml); it cannot be understood")
        header = ismrmrd_header.parse(path, file[name]["xml"])
        acquisitions = _acquisitions(path, file[name]["data"])
    where = f"{path}:{name}"
    heads = acquisitions["head"]
    try:
        encoding, notes = ismrmrd_header.encoding(header), ismrmrd_header.notes(header)
        siemens = ismrmrd_header.is_siemens(header)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{where}: the header lacks what a scan needs ({first_line(error)})") from error
    image = ~_flagged(heads, _NOISE) & ~np.any([_flagged(heads, flag) for flag in _NO_IMAGE], axis=0)
    elsewhere = image & (heads["encoding_space_ref"] != 0)
    image &= ~elsewhere
    if not image.any():
        raise InputError(f"{where}: holds no image data among {len(heads)} acquisitions")
    _check_cartesian(where, notes.trajectory, heads[image])
    both = image & _flagged(heads, _CALIBRATION_AND_IMAGING)
    separate = image & _flagged(heads, _CALIBRATION) & ~both
    if ismrmrd_header.calibration_mode(header) == "embedded":
        separate &= False
    kinds = Kinds(
        imaging=_readouts(where, acquisitions[image & ~separate]),
        calibration=_readouts(where, acquisitions[separate | both]) if separate.any() else None,
        noise=_noise(where, acquisitions[_flagged(heads, _NOISE)], heads[image], header),
    )
    imaging = heads[image & ~separate]
    raw = as_raw_scan(
        kinds, encoding, lambda these: _geometry(imaging[these], encoding, siemens), notes, select, where
    )
    if not elsewhere.any():
        return raw
    said = f"{int(elsewhere.sum())} readouts of other encodings than the header's first left out"
    return replace(raw, axes_source=f"{raw.axes_source}; {said}")


def _group(path: Path, file: h5py.File, dataset: str | None) -> str:
    groups = [name for name in file if isinstance(file[name], h5py.Group) and "data" in file[name]]
    if dataset is not None and dataset.strip("/") in groups:
        return dataset.strip("/")
    if dataset is not None or len(groups) != 1:
        raise InputError(
            f"{path}: an ISMRMRD file with scans {', '.join(groups) or 'none'}; state one as dataset:"
        )
    return groups[0]


def _acquisitions(path: Path, data: h5py.Dataset) -> np.ndarray:
    """Read all acquisitions, after comparing what they declare with what the file can hold."""
    if data.ndim != 1 or not {"head", "traj", "data"} <= set(data.dtype.names or ()):
        raise InputError(f"{path}: {data.name} holds no ISMRMRD acquisitions")
    check_size(path, data.shape, data.dtype.itemsize)
    heads = data["head"]
    missing = _FIELDS - set(heads.dtype.names or ())
    if missing:
        raise InputError(f"{path}: {data.name}: its acquisitions lack {', '.join(sorted(missing))}")
    declared = 8 * int((heads["number_of_samples"].astype(np.int64) * heads["active_channels"]).sum())
    if declared > path.stat().st_size:
        raise InputError(
            f"{path}: its acquisitions declare {declared} bytes of samples, the file has "
            f"{path.stat().st_size}; it is cut off or damaged"
        )
    return np.asarray(data[()])


def _flagged(heads: np.ndarray, flag: int) -> np.ndarray:
    return (heads["flags"] >> np.uint64(flag - 1)) & np.uint64(1) == 1


def _check_cartesian(where: str, trajectory: str, heads: np.ndarray) -> None:
    if trajectory != "cartesian":
        why = "its echoes need a correction of their phase" if trajectory == "epi" else "it is not Cartesian"
        raise InputError(
            f"{where}: an ISMRMRD scan with a trajectory of {trajectory}, which cannot be fitted yet: {why}"
        )
    if heads["trajectory_dimensions"].any():
        raise InputError(
            f"{where}: its acquisitions carry a trajectory of their own, so it is not Cartesian, which "
            "cannot be fitted yet; grid it first"
        )


def _readouts(where: str, acquisitions: np.ndarray) -> Readouts:
    """Unpack acquisitions of one length; reversed ones are turned round, discarded samples cut off."""
    heads = acquisitions["head"]
    shape = heads[["active_channels", "number_of_samples", "discard_pre", "discard_post"]]
    if len(np.unique(shape)) > 1:
        there = ", ".join(str(tuple(int(n) for n in one)) for one in np.unique(shape)[:4])
        raise InputError(
            f"{where}: its readouts differ in (coils, samples, discarded before, after): {there}"
        )
    n_coils, n_samples, before, after = (int(value) for value in shape[0])
    sizes = {len(values) for values in acquisitions["data"]}
    if sizes != {2 * n_coils * n_samples} or before + after >= n_samples:
        raise InputError(
            f"{where}: acquisitions declare {n_coils} coils × {n_samples} samples, but hold other numbers of "
            f"values ({sorted(sizes)[:4]}); it is damaged"
        )
    data = np.stack(list(acquisitions["data"])).view(np.complex64).reshape(-1, n_coils, n_samples)
    reverse = _flagged(heads, _REVERSE)
    data[reverse] = data[reverse, :, ::-1]
    centre = heads["center_sample"].astype(int) - before
    counters = {name: heads["idx"][field].astype(int) for name, field in _COUNTERS.items()}
    return Readouts(data[..., before : n_samples - after], centre, counters)


def _noise(
    where: str, acquisitions: np.ndarray, imaging: np.ndarray, header: ismrmrdHeader
) -> FileArray | None:
    """Bring the noise scan to the noise of an imaging sample."""
    if not len(acquisitions):
        return None
    heads = acquisitions["head"]
    n_coils = int(heads["active_channels"][0])
    if n_coils != imaging["active_channels"][0] or any(len(v) % (2 * n_coils) for v in acquisitions["data"]):
        raise InputError(f"{where}: its noise scan has other coils than its images; it is damaged")
    samples = np.concatenate(
        [np.ascontiguousarray(v).view(np.complex64).reshape(n_coils, -1) for v in acquisitions["data"]],
        axis=1,
    )
    system = header.acquisitionSystemInformation
    bandwidth = getattr(system, "relativeReceiverNoiseBandwidth", None)
    dwell = float(heads["sample_time_us"][0]), float(imaging["sample_time_us"][0])
    return of_an_imaging_sample(samples, where, dwell, bandwidth)


def _geometry(heads: np.ndarray, encoding: Encoding, siemens: bool) -> Geometry | None:
    """Find where images lie; Siemens states directions for a forward FFT, so both are reversed here."""
    order = np.argsort(heads["idx"]["slice"], kind="stable")
    _, first = np.unique(heads["idx"]["slice"][order], return_index=True)
    one = heads[order][first]
    directions = np.array([one[0][name] for name in ("read_dir", "phase_dir", "slice_dir")], float)
    if not np.allclose(directions @ directions.T, np.eye(3), atol=1e-3):
        return None
    read, phase, across = directions * (-1 if siemens else 1)
    return encoding.geometry(one["position"].astype(float), read, phase, across)
