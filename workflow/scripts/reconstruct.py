"""Fit one scan under one regime and write every checkpoint's image and measures."""

from pathlib import Path
from typing import IO, Any

import h5py
import torch

from sharpfit import job, storage
from sharpfit.history import write_history
from sharpfit.pausing import pause_on_sigterm
from sharpfit.progress import Progress
from sharpfit.reconstruct import pick_device, reconstruct


def main(
    *,
    scan: Path,
    regime: dict[str, Any],
    measures: dict[str, Any],
    reconstruction: Path,
    history: Path,
    device: str,
    state: Path,
    terminal: IO[str],
) -> None:
    """Read the preprocessed scan slice by slice, fit, write; go on from ``state`` after a kill."""
    torch.set_num_threads(1)  # more threads add in another order, and the last bit would change
    torch.use_deterministic_algorithms(True)
    chosen = pick_device(device)
    print(f"device {chosen}", flush=True)
    shown = Progress(regime["n_iterations"], scan.stem, terminal)
    with h5py.File(scan) as file, shown as progress, pause_on_sigterm() as pause:
        datasets, attrs, rows = reconstruct(
            file, file.attrs, regime, measures, device=chosen, state=state, on_row=progress, pause=pause
        )
    storage.write(reconstruction, datasets, attrs)
    write_history(history, rows)


if __name__ == "__main__":
    job.run(main)
