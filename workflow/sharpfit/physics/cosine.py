"""The orthonormal cosine transform of images."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from sharpfit.physics.operators import LinearOperator


class Cosine(LinearOperator):
    """Φ: coefficients (…, y, x) → images, the orthonormal DCT-III; its adjoint is its inverse."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the image of coefficients."""
        rows, columns = (_matrix(n, x.dtype, x.device) for n in x.shape[-2:])
        return rows.mT @ x @ columns

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the coefficients of an image: the DCT-II."""
        rows, columns = (_matrix(n, y.dtype, y.device) for n in y.shape[-2:])
        return rows @ y @ columns.mT


@lru_cache(maxsize=8)
def _matrix(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """C[k, m] = √((2 − δ_k0) / n) cos(π k (2m + 1) / 2n)."""
    k, m = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
    matrix = torch.cos(math.pi * k * (2 * m + 1) / (2 * n)) * math.sqrt(2 / n)
    matrix[0] /= math.sqrt(2)
    return matrix.to(dtype=dtype, device=device)
