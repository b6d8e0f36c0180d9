"""Sparsity of the image's wavelet details, complex and of every shift."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sharpfit.physics.undecimated_wavelet import UndecimatedWavelet

_TOGETHER = 1 << 18
"""Numbers of images whose details are held at once: three for each level and number."""


def make(*, family: str, n_levels: int) -> WaveletSparsity:
    """R(x) ≈ mean over all shifts of Σ |details of W x|."""
    return WaveletSparsity(UndecimatedWavelet(family, n_levels))


class WaveletSparsity:
    """The mean over all shifts of Σ |Wᴴx| over the details of a wavelet transform, complex moduli.

    Wavelets see where their grid lies. Every shift's proximal map shrinks the details of its own grid, and
    their mean is taken (Coifman & Donoho 1995, doi:10.1007/978-1-4612-2544-7_9). It is the map of a convex
    penalty, the proximal average, below the mean over shifts of ‖·‖₁ by a part that falls with the step
    (Bauschke et al. 2008, doi:10.1137/070687542), so solvers settle. With one shift drawn for each step, as
    BART does, the iterate never does, and its error stays 1 to 10 % higher.

    Parameters
    ----------
    wavelet
        of all shifts
    """

    def __init__(self, wavelet: UndecimatedWavelet) -> None:
        self._wavelet = wavelet

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Shrink the modulus of every detail by the threshold."""
        images = x.reshape(-1, *x.shape[-2:])
        thresholds = threshold.expand(*x.shape[:-2], 1, 1).reshape(-1, 1, 1)
        together = max(1, _TOGETHER // images[0].numel())
        parts = zip(images.split(together), thresholds.split(together), strict=True)
        return torch.cat([self._shrunk(*part) for part in parts]).reshape(x.shape)

    def _shrunk(self, coarse: Tensor, threshold: Tensor) -> Tensor:
        levels, kept = self._wavelet.levels(coarse.shape), []
        for level in levels:
            coarse, details = self._wavelet.split(coarse, level)
            kept.append(_soft(details, threshold))
        for level in reversed(levels):
            coarse = self._wavelet.join(coarse, kept.pop(), level)
        return coarse

    def state_dict(self) -> dict[str, Any]:
        """Nothing goes on from step to step."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Need nothing."""


def _soft(c: Tensor, threshold: Tensor) -> Tensor:
    """Shorten complex numbers by a threshold, 0 where they are shorter."""
    size = torch.view_as_real(c).square().sum(-1).sqrt_()
    return c * (1 - threshold / size.clamp_(min=torch.finfo(size.dtype).tiny)).clamp_(min=0)
