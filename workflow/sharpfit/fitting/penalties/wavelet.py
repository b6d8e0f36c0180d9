"""Sparsity of the image's wavelet details, complex and cycle-spun."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.wavelet import Wavelet


def make(*, family: str, n_levels: int) -> WaveletSparsity:
    """R(x) = Σ |details of W x|, the grid of the wavelets at another place in every step."""
    return WaveletSparsity(Wavelet(family, n_levels))


class WaveletSparsity:
    """R(x) = Σ |Wᴴx| over the details of an orthonormal wavelet transform, complex moduli.

    The proximal map is soft-thresholding of the details. Wavelets see where their grid lies; spinning it, the
    shift of every step drawn from a fixed sequence that all items share, leaves no blocks (Coifman & Donoho
    1995, doi:10.1007/978-1-4612-2544-7_9; one shift a step, as BART does).

    Parameters
    ----------
    wavelet
        Φ
    spin
        whether the grid moves
    """

    def __init__(self, wavelet: Wavelet, *, spin: bool = True) -> None:
        self._wavelet, self._spin, self._step = wavelet, spin, 0

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Shrink the modulus of every detail by the threshold."""
        shift = self._shift()
        coefficients = self._wavelet.adjoint(torch.roll(x, shift, (-2, -1)))
        size = coefficients.abs()
        kept = coefficients * ((size - threshold).clamp(min=0) / size.clamp(min=torch.finfo(size.dtype).tiny))
        details = self._wavelet.details(x.shape).to(x.device)
        image = self._wavelet.forward(torch.where(details, kept, coefficients))
        return torch.roll(image, [-s for s in shift], (-2, -1))

    def _shift(self) -> list[int]:
        self._step += 1
        drawn = np.random.default_rng(self._step).integers(0, 2**self._wavelet.n_levels, 2)
        return [int(s) for s in drawn] if self._spin else [0, 0]

    def state_dict(self) -> dict[str, Any]:
        """How many shifts were drawn."""
        return {"step": self._step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on in the sequence of shifts."""
        self._step = state["step"]
