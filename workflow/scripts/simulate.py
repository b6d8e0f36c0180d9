"""Simulate a scan: physics from params.yaml → data/simulated/<name>.h5."""

from pathlib import Path
from typing import Any

from sharpfit.results import hdf5
from sharpfit.simulation.simulate import as_datasets, simulate


def main(*, simulation: dict[str, Any], output: Path) -> None:
    """Simulate and write kspace, noise_free, noise, csm and pixel_spacing_mm."""
    datasets, attrs = as_datasets(simulate(**simulation))
    hdf5.write(output, datasets, attrs)
