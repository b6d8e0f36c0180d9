"""Wavelets of images whose coefficients are kept at every shift, on any device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sharpfit.physics.wavelet import FILTERS, check, high_pass

_AXES = (-2, -1)


class UndecimatedWavelet:
    """Wᴴ of all shifts at once: a periodic tight frame, without the blocks of one grid.

    The coefficients of an orthonormal transform depend on where its grid lies. Level l keeps those of all
    4^(l + 1) shifts, by filters with gaps of 2^l ("à trous", Shensa 1992, doi:10.1109/78.157290), each scaled
    as the orthonormal transform's: of sides that 2^n_levels divides they are the coefficients of
    :class:`sharpfit.physics.wavelet.Wavelet` of every shifted image, and `join` is the mean over the shifts.

    Parameters
    ----------
    family, n_levels
        of :class:`sharpfit.physics.wavelet.Wavelet`, and refused as there
    """

    def __init__(self, family: str, n_levels: int) -> None:
        check(family, n_levels)
        self._filters = FILTERS[family], high_pass(family)
        self._n_levels = n_levels

    def levels(self, shape: tuple[int, ...]) -> range:
        """Levels of an image (…, y, x): fewer where a side is shorter than a filter's gaps."""
        return range(min(self._n_levels, min(shape[-2:]).bit_length() - 1))

    def split(self, x: Tensor, level: int) -> tuple[Tensor, Tensor]:
        """Return the coarser image, (…, y, x), and what it leaves out: details (3, …, y, x)."""
        low, high = self._split(x, level, _AXES[0])
        parts = [part for half in (low, high) for part in self._split(half, level, _AXES[1])]
        return parts[0], torch.stack(parts[1:])

    def join(self, coarse: Tensor, details: Tensor, level: int) -> Tensor:
        """Return the image of both: the adjoint of `split` over 4, and its inverse."""
        low = self._join(coarse, details[0], level, _AXES[1])
        high = self._join(details[1], details[2], level, _AXES[1])
        return self._join(low, high, level, _AXES[0])

    def _split(self, x: Tensor, level: int, axis: int) -> list[Tensor]:
        taps = [torch.roll(x, j << level, axis) for j in range(len(self._filters[0]))]
        return [_combined(taps, weights) for weights in self._filters]

    def _join(self, low: Tensor, high: Tensor, level: int, axis: int) -> Tensor:
        total = torch.zeros_like(low)
        for j, (h, g) in enumerate(zip(*self._filters, strict=True)):
            tap = _combined((low, high), (h / 2, g / 2))
            total.add_(torch.roll(tap, -(j << level), axis))
        return total


def _combined(parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return the weighted sum."""
    total = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        total.add_(part, alpha=weight)
    return total
