"""On what a job computes: its device, and one thread, since norms differ in the last bit with two."""

import os

from sharpfit.errors import InputError, first_line
from sharpfit.running import gpus

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # without it cuBLAS refuses torch's deterministic mode
}


def fix_threads() -> None:
    """Give this process, whose libraries are not loaded yet, one thread and a deterministic cuBLAS."""
    os.environ.update(ENVIRONMENT)


def resolve(device: str) -> str:
    """Name the device a job computes on: what was asked for, checked; ``auto`` is a GPU where there is one.

    Where no GPU is asked for by number, it is one that no other job holds.

    Raises
    ------
    InputError
        The device is not there.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and torch.cuda.is_available():
        device = f"cuda:{gpus.take(torch.cuda.device_count())}"
    try:
        torch.zeros(1, device=torch.device(device))
    except (RuntimeError, AssertionError) as error:
        reason = first_line(error)
        raise InputError(
            f"device {device!r} cannot be used ({reason}); run with --config device=cpu, auto, cuda or cuda:1"
        ) from None
    return device
