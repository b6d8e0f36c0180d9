"""A scan's own basis: c holds one coefficient for each of its images."""

from torch import Tensor

from sharpfit.physics.matrix_basis import MatrixBasis


def make(images: Tensor) -> MatrixBasis:
    """Φ: coefficients (…, coefficient) → images (…, y, x); `images` as preprocess scaled them."""
    return MatrixBasis(images)
