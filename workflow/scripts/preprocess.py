"""Prepare a scan for fitting: raw files → results/preprocess/<scan>.h5."""

import json
from pathlib import Path
from typing import Any

import torch

from sharpfit import job, storage
from sharpfit.preprocess import UNITS, preprocess
from sharpfit.scan import read_scan


def main(*, name: str, scan: dict[str, Any], held_out: dict[str, Any], raw: list[Path], output: Path) -> None:
    """Read, check, whiten, map, undersample, hold out, normalise, and write."""
    torch.set_num_threads(1)  # more threads add in another order, and the last bit would change
    datasets, attrs = preprocess(
        read_scan(scan, raw),
        held_out=held_out,
        sampling_parameters=scan.get("sampling"),
        added_noise=scan.get("added_noise"),
        noise_std=scan.get("noise_std"),
    )
    storage.write(output, datasets, attrs | {"scan": name, "units": json.dumps(UNITS)})


if __name__ == "__main__":
    job.run(main)
