"""Prepare a scan for fitting: raw files → results/preprocess/<scan>.h5."""

import json
from pathlib import Path
from typing import Any

from sharpfit.files.read_scan import read_scan
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.preparing.preprocess import UNITS, preprocess
from sharpfit.results import hdf5


def main(
    *,
    name: str,
    scan: dict[str, Any],
    held_out: dict[str, Any],
    readers: dict[str, str],
    raw: list[Path],  # noqa: ARG001 (`scan` names them; listed so that Snakemake waits for them)
    output: Path,
) -> None:
    """Read, check, whiten, compress, map, undersample, hold out, normalise, find a surrogate, and write."""
    found = preprocess(
        read_scan(scan, readers),
        held_out=held_out,
        sampling_parameters=scan.get("sampling"),
        added_noise=scan.get("added_noise"),
        noise_std=scan.get("noise_std"),
        n_virtual_coils=scan.get("coil_compression"),
    )
    datasets, attrs = with_surrogate(*found)
    hdf5.write(output, datasets, attrs | {"scan": name, "units": json.dumps(UNITS)})
