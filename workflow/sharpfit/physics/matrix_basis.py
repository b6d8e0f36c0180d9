"""A basis given by its images."""

from __future__ import annotations

from torch import Tensor

from sharpfit.physics.operators import LinearOperator


class MatrixBasis(LinearOperator):
    """Φ c = Σ c_k φ_k: coefficients (…, coefficient) → images (…, y, x).

    Parameters
    ----------
    images
        φ, complex (coefficient, y, x)
    """

    def __init__(self, images: Tensor) -> None:
        self._shape = images.shape[1:]
        self._rows = images.flatten(1)  # (coefficient, pixel)
        self._adjoint = self._rows.mH.resolve_conj().contiguous()

    def forward(self, x: Tensor) -> Tensor:
        """Return Φ x, (…, y, x)."""
        return (x @ self._rows).unflatten(-1, self._shape)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Φᴴ y, (…, coefficient)."""
        return y.flatten(-2) @ self._adjoint
