"""Noise that is drawn, the same on every device and for every sampling."""

import numpy as np


def white_noise(stream: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Complex64 noise of unit variance per real and imaginary component; `stream` seeds it."""
    parts = np.random.default_rng(stream).standard_normal((*shape, 2), dtype=np.float32)
    return parts.view(np.complex64)[..., 0]
