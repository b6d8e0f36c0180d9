"""A simulated scan as its file would be read, and how tests prepare it."""

import numpy as np
import torch

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.operators import Fourier

SETTINGS = {"object": "ellipses", "matrix": [64, 56], "n_coils": 4, "noise_correlation": 0.2, "seed": 1}
LINES = {"pattern": "lines", "acceleration": 3, "n_calibration": 16, "seed": 0}
HELD_OUT = {"fraction": 0.08, "seed": 2}


def as_raw(scan, factor=1.0, dtype=np.complex64):
    return RawScan(
        (factor * scan.kspace.astype(np.complex128)).astype(dtype),
        "scan.h5:kspace",
        "axes given by the format",
        noise=FileArray((factor * scan.noise.astype(np.complex128)).astype(dtype), "scan.h5:noise", None),
        noise_free=factor * scan.noise_free.astype(np.complex128),
        pixel_spacing_mm=(3.0, 4.0),
    )


def in_coils(datasets, image):
    """F S c at every location."""
    return Fourier().forward(torch.from_numpy(datasets["csm"] * image[:, None])).numpy()
