"""Orthonormal periodic wavelets of images, real or complex, on any device."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.physics.operators import LinearOperator

_ROOT_HALF = 2**-0.5
FILTERS = {
    "haar": (_ROOT_HALF, _ROOT_HALF),
    "db4": (
        -0.010597401785069032,
        0.0328830116668852,
        0.030841381835560764,
        -0.18703481171909309,
        -0.027983769416859854,
        0.6308807679298589,
        0.7148465705529157,
        0.2303778133088965,
    ),
}
"""Lowpass filters of the analysis (Daubechies 1988, doi:10.1002/cpa.3160410705), in PyWavelets' order."""

_MOST_LEVELS = 12


def check(family: str, n_levels: int) -> None:
    """Refuse, by a ValueError, a family that is not known and a number of levels that is no small one."""
    if family not in FILTERS:
        raise ValueError(f"family {family!r} is not known; known are {', '.join(FILTERS)}")
    if not 1 <= n_levels <= _MOST_LEVELS:
        raise ValueError(f"n_levels {n_levels} is not between 1 and {_MOST_LEVELS}")


def high_pass(family: str) -> tuple[float, ...]:
    """Return the high-pass filter that belongs to the low-pass one of `FILTERS`."""
    low = FILTERS[family]
    return tuple((-1) ** (j + 1) * h for j, h in enumerate(reversed(low)))


class Wavelet(LinearOperator):
    """Φ: coefficients (…, y, x) → images (…, y, x); orthonormal, so its adjoint is its inverse.

    Coefficients lie as usual: the coarse image in the corner, the details of each level around it. A side of
    odd length passes its last line on unchanged.

    Parameters
    ----------
    family
        of `FILTERS`
    n_levels
        how often the coarse image is split again; it ends earlier where a side becomes one

    Raises
    ------
    ValueError
        if the family is not known or the number of levels no small positive one
    """

    def __init__(self, family: str, n_levels: int) -> None:
        check(family, n_levels)
        self._low, self._high = FILTERS[family], high_pass(family)
        self.n_levels = n_levels

    def forward(self, x: Tensor) -> Tensor:
        """Return the image of coefficients."""
        image = x.clone()
        for rows, columns in reversed(self._blocks(x.shape)):
            block = image[..., :rows, :columns]
            image[..., :rows, :columns] = self._join(self._join(block, -1), -2)
        return image

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the coefficients of an image."""
        coefficients = y.clone()
        for rows, columns in self._blocks(y.shape):
            block = coefficients[..., :rows, :columns]
            coefficients[..., :rows, :columns] = self._split(self._split(block, -2), -1)
        return coefficients

    def _blocks(self, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Even sides of the block that each level splits, the finest first."""
        sides, found = tuple(shape[-2:]), []
        for _ in range(self.n_levels):
            if min(sides) < 2:
                break
            found.append((sides[0] // 2 * 2, sides[1] // 2 * 2))
            sides = (sides[0] // 2, sides[1] // 2)
        return found

    def _taps(self) -> list[tuple[int, int, float, float]]:
        """For each tap: the phase (even, odd) it reads, how far it looks ahead, and both filters' weights.

        Output k reads sample 2k + L / 2 − j for tap j of L, as PyWavelets' mode "periodization" does.
        """
        ahead = [len(self._low) // 2 - j for j in range(len(self._low))]
        return [(m % 2, m // 2, low, high) for m, low, high in zip(ahead, self._low, self._high, strict=True)]

    def _split(self, x: Tensor, axis: int) -> Tensor:
        phases = _phases(x, axis)
        low = sum(h * torch.roll(phases[p], -shift, axis) for p, shift, h, _ in self._taps())
        high = sum(g * torch.roll(phases[p], -shift, axis) for p, shift, _, g in self._taps())
        return torch.cat([low, high], axis)  # type: ignore[list-item]

    def _join(self, x: Tensor, axis: int) -> Tensor:
        low, high = x.chunk(2, axis)
        joined = torch.zeros_like(x)
        for p, shift, h, g in self._taps():
            _phases(joined, axis)[p].add_(torch.roll(h * low + g * high, shift, axis))
        return joined


def _phases(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return views of the even and the odd samples along an axis."""
    pairs = x.unflatten(axis, (x.shape[axis] // 2, 2))
    return (pairs[..., 0], pairs[..., 1]) if axis == -1 else (pairs[..., 0, :], pairs[..., 1, :])
