"""Total variation and local cosines of the image's two parts, in phase with a smooth phase and across it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.cosine import Cosine
from sharpfit.physics.differences import NORM, adjoint_gradient, gradient

SMOOTHING = 4.0
"""Pixels, std of the Gaussian whose phase is taken for the smooth one."""
BLOCK = 8
"""Side of a block of cosines, pixels."""
PHASE_EVERY = 10
"""Steps after which the smooth phase is taken from the iterate anew."""
SHARE = 0.5
"""Of each of the two penalties."""


def make() -> SmoothPhase:
    """R(x) = ½ Σ (|∇r| + |∇q|) + ½ Σ |cosines of r and q|, x = (r + i q) e^{iφ}."""
    return SmoothPhase()


class SmoothPhase:
    """R(x) = ½ Σ (|∇r| + |∇q|) + ½ Σ (|C r| + |C q|), x = (r + i q) e^{iφ}, φ the phase of the smoothed x.

    Most images vary slowly in phase, so nearly all that lies across it is noise (as in homodyne detection,
    Noll 1991, doi:10.1109/42.79473). A modulus that joins both parts lets that noise pass wherever there is
    an edge; counted apart, it is taken away, and no part is forbidden. φ is each item's own, from its
    iterate every `PHASE_EVERY` steps. C is the DCT of 8 × 8 blocks without their means; the blocks' grid
    lies elsewhere in each step, as in `wavelet`.
    """

    norm = NORM

    def __init__(self) -> None:
        self._cosine = Cosine()
        self._phase: Tensor | None = None
        self._step = 0

    def begin_step(self, x: Tensor) -> None:
        """Take the smooth phase of x (item, slice, y, x) when it is time to."""
        if self._step % PHASE_EVERY == 0:
            self._phase = _smooth_phase(x)
        self._step += 1

    def value(self, x: Tensor) -> Tensor:
        """R of every item with the grid in its corner and the phase of x, float64 (item, slice)."""
        planes = _planes(x, _smooth_phase(x))
        lengths = gradient(planes).square().sum(0).sqrt().sum((-2, -1), dtype=torch.float64)
        blocks = self._blocks(planes)
        size = self._cosine.adjoint(blocks).abs()
        size[..., 0, 0] = 0
        return SHARE * (lengths + size.sum((-4, -3, -2, -1), dtype=torch.float64)).sum(0)

    def split(self, x: Tensor) -> Tensor:
        """∇r and ∇q, (2, 2, item, slice, y, x)."""
        return gradient(_planes(x, self._phase))

    def merge(self, dual: Tensor) -> Tensor:
        """Return the adjoint of `split`, complex (item, slice, y, x)."""
        return self._join(adjoint_gradient(dual))

    def clip(self, dual: Tensor, weight: float) -> Tensor:
        """Shorten the vectors of r and of q to λ/2."""
        most = SHARE * weight
        return dual * (most / dual.square().sum(0).sqrt().clamp(min=most))

    def shrink(self, x: Tensor, threshold: float) -> Tensor:
        """Soft-threshold the cosines of r and q; what a grid of whole blocks leaves over stays."""
        planes, most = _planes(x, self._phase), SHARE * threshold
        shift = [int(s) for s in np.random.default_rng(self._step).integers(0, BLOCK, 2)]
        rolled = torch.roll(planes, shift, (-2, -1))
        coefficients = self._cosine.adjoint(self._blocks(rolled))
        kept = coefficients - coefficients.clamp(-most, most)
        kept[..., 0, 0] = coefficients[..., 0, 0]
        self._blocks(rolled).copy_(self._cosine.forward(kept))
        return self._join(torch.roll(rolled, [-s for s in shift], (-2, -1)))

    def _blocks(self, planes: Tensor) -> Tensor:
        """View (…, y, x) as (…, block, block, 8, 8)."""
        rows, columns = (n // BLOCK * BLOCK for n in planes.shape[-2:])
        whole = planes[..., :rows, :columns]
        return whole.unflatten(-1, (-1, BLOCK)).unflatten(-3, (-1, BLOCK)).transpose(-3, -2)

    def _join(self, planes: Tensor) -> Tensor:
        x = torch.complex(*planes)
        return x if self._phase is None else x * self._phase

    def state_dict(self) -> dict[str, Any]:
        """Return the smooth phase and how many steps were taken."""
        return {"phase": self._phase, "step": self._step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a phase, and in the sequence of grids."""
        self._phase, self._step = state["phase"], state["step"]


def _planes(x: Tensor, phase: Tensor | None) -> Tensor:
    """Turn x back by a phase; its parts as images of their own, (2, item, slice, y, x)."""
    turned = x if phase is None else x * phase.conj()
    return torch.stack([turned.real, turned.imag])


def _smooth_phase(x: Tensor) -> Tensor:
    """e^{iφ} of x under a periodic Gaussian, 1 where it is 0."""
    ky, kx = (torch.fft.fftfreq(n, device=x.device, dtype=x.real.dtype) for n in x.shape[-2:])
    window = torch.exp(-2 * (math.pi * SMOOTHING) ** 2 * (ky[:, None] ** 2 + kx**2))
    smooth = torch.fft.ifft2(torch.fft.fft2(x) * window)
    size = smooth.abs()
    return torch.where(size > 0, smooth / size.clamp(min=torch.finfo(size.dtype).tiny), 1)
