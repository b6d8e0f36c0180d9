"""Orthonormal wavelets as the basis in which c is fitted."""

from sharpfit.physics.wavelet import Wavelet


def make(*, family: str, n_levels: int) -> Wavelet:
    """Φ: wavelet coefficients (…, y, x) → images."""
    return Wavelet(family, n_levels)
