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


def block_cosines(x: Tensor, side: int) -> Tensor:
    """DCT-II of every block of side × side pixels: (…, y, x) → (…, block, side, block, side).

    One product along each axis of the whole image is three times as fast as one for every block.
    """
    matrix = _matrix(side, x.dtype, x.device)
    return (matrix @ x.unflatten(-2, (-1, side))).unflatten(-1, (-1, side)) @ matrix.mT


def of_block_cosines(c: Tensor) -> Tensor:
    """Inverse of `block_cosines`: (…, block, side, block, side) → (…, y, x)."""
    matrix = _matrix(c.shape[-1], c.dtype, c.device)
    return (matrix.mT @ (c @ matrix).flatten(-2)).flatten(-3, -2)


@lru_cache(maxsize=8)
def _matrix(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """C[k, m] = √((2 − δ_k0) / n) cos(π k (2m + 1) / 2n)."""
    k, m = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
    matrix = torch.cos(math.pi * k * (2 * m + 1) / (2 * n)) * math.sqrt(2 / n)
    matrix[0] /= math.sqrt(2)
    return matrix.to(dtype=dtype, device=device)
