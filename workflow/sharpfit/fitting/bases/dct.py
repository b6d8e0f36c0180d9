"""The orthonormal cosine transform as the basis in which c is fitted."""

from sharpfit.physics.cosine import Cosine


def make() -> Cosine:
    """Φ: cosine coefficients (…, y, x) → images."""
    return Cosine()
