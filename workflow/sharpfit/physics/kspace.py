"""Conventions of k-space for NumPy arrays: the centred transform, and how far out a sample lies."""

import numpy as np

_AXES = (-2, -1)


def to_kspace(images: np.ndarray) -> np.ndarray:
    """F x = fftshift(fft2(ifftshift(x))), orthonormal: (…, y, x) → (…, ky, kx)."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(images, axes=_AXES), norm="ortho"), axes=_AXES)


def to_images(kspace: np.ndarray) -> np.ndarray:
    """Return Fᴴ y = F⁻¹ y: (…, ky, kx) → (…, y, x)."""
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=_AXES), norm="ortho"), axes=_AXES)


def radius(shape: tuple[int, ...]) -> np.ndarray:
    """Distance from the centre of k-space, 1 in the middle of each side: float64 (ky, kx)."""
    y, x = (np.abs(np.arange(n) - n // 2) / (n / 2) for n in shape)
    return np.hypot(y[:, None], x[None, :])
