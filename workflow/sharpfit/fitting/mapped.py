"""Large tensors of a fit in files that the system maps: what memory cannot hold is read again, not lost."""

from __future__ import annotations

import ctypes
import logging
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)
MOST_IN_MEMORY = 1 << 30
"""Bytes of samples and maps, all slices together, that stay in memory."""


def placing(folder: Path | None, n_bytes: int, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Return what puts a tensor where it is to lie: the same values, in memory or in a mapped file.

    Parameters
    ----------
    folder
        where files may be made; None for memory alone
    n_bytes
        of all tensors that will be put
    device
        where they are; only a CPU reads files
    """
    if folder is None or device.type != "cpu" or n_bytes <= MOST_IN_MEMORY:
        return lambda x: x
    return lambda x: _mapped(folder, x)


def _mapped(folder: Path, x: Tensor) -> Tensor:
    """Write x to a file that no folder lists and map it, so that nothing is left behind by a kill."""
    _give_back()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            values = x.contiguous().numpy()
            file.write(values.data)
            file.flush()
            return torch.from_numpy(np.memmap(file, values.dtype, "r+", shape=values.shape))
    except OSError as error:
        _LOG.warning("%s: %s; the scan is held in memory", folder, error.strerror)
        return x


def _give_back() -> None:
    """Have the allocator return what was freed: glibc keeps blocks of up to 32 MB, 30 MB of them a slice."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
