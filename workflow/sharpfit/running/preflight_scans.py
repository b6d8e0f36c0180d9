"""Check before any job starts what shapes tell of a scan: its sampling, and its maps, mask and reference.

Shapes are known where a header alone tells them (.npy, BART) or the scan is simulated. HDF5 is left to the
job, which tries such files out in a process of its own, since its library crashes on some damaged ones.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.files.axes import KSPACE_AXES, FileArray, kspace_axes, matched
from sharpfit.files.formats import READERS
from sharpfit.files.read_scan import sizes_of
from sharpfit.physics.masks import check_numbers
from sharpfit.study import paths
from sharpfit.study.jobs import readers_of

PARTS = ("csm", "mask", "reference")


def check_scans(names: Iterable[str], params: Mapping[str, Any]) -> None:
    """Hold the shapes that scans state and bring against one another, as far as they can be known.

    Raises
    ------
    InputError
        naming the scan, and the first file or number that does not fit
    """
    simulated = {paths.simulated(name): made for name, made in params["simulations"].items()}
    for name in names:
        scan = params["scans"][name]
        try:
            if scan["file"] in simulated:
                _check_sampling(scan, tuple(simulated[scan["file"]]["matrix"]))
            else:
                _check_files(scan, readers_of(scan))
        except InputError as error:
            raise InputError(f"{paths.PARAMS}: scans.{name}: {error}") from None


def _check_files(scan: dict[str, Any], readers: Mapping[str, str]) -> None:
    kspace = _outline(scan, readers)
    if kspace is None:
        return
    named, _ = kspace_axes(kspace, scan.get("axes"))
    axes = named.axes or ()
    sizes = dict(zip(axes, named.values.shape, strict=True))
    if (chosen := scan.get("select", {}).get("slice")) is not None:
        sizes["slice"] = 1 if isinstance(chosen, int) else len(chosen)
    _check_sampling(scan, (sizes["ky"], sizes["kx"]))
    for role in PARTS:
        part = _outline(scan[role], readers) if role in scan else None
        if part is not None:
            wanted = sizes_of(role, tuple(sizes.get(axis, 1) for axis in KSPACE_AXES))
            matched(part, wanted, scan[role].get("axes"), x_first=axes.index("kx") < axes.index("ky"))


def _outline(entry: Mapping[str, Any], readers: Mapping[str, str]) -> FileArray | None:
    """Return an array whose values lie in its file still; None where they cannot, or the file is damaged."""
    module = import_module(f"{READERS}.{readers[entry['file']]}")
    try:
        found: FileArray | None = module.outline(Path(entry["file"])) if hasattr(module, "outline") else None
    except InputError:  # its job says so, along with the others that fail
        return None
    return found


def _check_sampling(scan: Mapping[str, Any], shape: tuple[int, int]) -> None:
    sampling = scan.get("sampling", {})
    check_numbers(shape, sampling.get("acceleration", 1), sampling.get("n_calibration", 0))
