"""Fit one scan under one regime and write every checkpoint's image and measures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.results import hdf5
from sharpfit.results.history import Row, write_history


def main(
    *,
    scan: Path,
    regime: dict[str, Any],
    measures: dict[str, Any],
    reconstruction: Path,
    history: Path,
    device: str,
    state: Path,
    on_row: Callable[[Row], None],
    pause: Callable[[], bool],
    tell: Callable[[str], None],
) -> None:
    """Read the preprocessed scan slice by slice, fit, write; go on from ``state`` after a kill."""
    # As torch.use_deterministic_algorithms(True), which besides imports torch's compiler: 2 s of CPU.
    torch.set_deterministic_debug_mode("error")
    with hdf5.opened(scan) as file:
        datasets, attrs, rows = reconstruct(
            file,
            file.attrs,
            regime,
            measures,
            device=torch.device(device),
            state=state,
            on_row=on_row,
            pause=pause,
            tell=tell,
        )
    hdf5.write(reconstruction, datasets, attrs)
    write_history(history, rows)
