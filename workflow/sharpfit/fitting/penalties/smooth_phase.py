"""Total variation and local cosines of the image's two parts, in phase with a smooth phase and across it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.cosine import block_cosines, of_block_cosines
from sharpfit.physics.differences import NORM, adjoint_gradient, gradient

SMOOTHING = 4.0
"""Pixels, std of the Gaussian whose phase is taken for the smooth one."""
BLOCK = 6
"""Side of a block of cosines, pixels."""
PHASE_EVERY = 10
"""Steps after which the smooth phase is taken from the iterate anew."""
SHARE = 0.15
"""Of the total variation in the weight; the cosines have the rest."""
KNEE = 2.0
"""δ over the weight of the cosines. Above the step of a solver the proximal map has no jump."""
_AXES = (-2, -1)


def make() -> SmoothPhase:
    """λ R(x) = λ₁ Σ (|∇r| + |∇q|) + λ₂ δ Σ log(1 + |cosines of r and q| / δ), x = (r + i q) e^{iφ}."""
    return SmoothPhase()


class SmoothPhase:
    """λ R(x) = λ₁ Σ (|∇r| + |∇q|) + λ₂ δ Σ (log(1 + |C r| / δ) + log(1 + |C q| / δ)), x = (r + i q) e^{iφ}.

    φ is the phase of the smoothed x, λ₁ = 0.15 λ, λ₂ = 0.85 λ, δ = 2 λ₂. Most images vary slowly in phase, so
    nearly all that lies across it is noise (as in homodyne detection, Noll 1991, doi:10.1109/42.79473). A
    modulus that joins both parts lets that noise pass wherever there is an edge; counted apart, it is taken
    away, and no part is forbidden. φ is each item's own, from its iterate every `PHASE_EVERY` steps.

    C is the DCT of 6 × 6 blocks without their means, on two grids of blocks that lie elsewhere in each step,
    as in `wavelet`. A sum of moduli takes as much off a large coefficient as off a small one; the sum of
    logarithms takes λ₂ / (1 + |c| / δ) off (Candès, Wakin & Boyd 2008, doi:10.1007/s00041-008-9045-x), so
    that one weight may remove noise and leave structure. It is not convex: the end may depend on the start.
    """

    norm = NORM

    def __init__(self) -> None:
        self._phase: Tensor | None = None
        self._step = 0

    def begin_step(self, x: Tensor) -> None:
        """Take the smooth phase of x (item, slice, y, x) when it is time to."""
        if self._step % PHASE_EVERY == 0:
            self._phase = _smooth_phase(x)
        self._step += 1

    def split(self, x: Tensor) -> Tensor:
        """∇r and ∇q, (2, 2, item, slice, y, x)."""
        return gradient(_planes(x, self._phase))

    def merge(self, dual: Tensor) -> Tensor:
        """Return the adjoint of `split`, complex (item, slice, y, x)."""
        return self._join(adjoint_gradient(dual))

    def clip(self, dual: Tensor, weight: float) -> Tensor:
        """Shorten the vectors of r and of q to λ₁."""
        most = SHARE * weight
        return dual * (most / dual.square().sum(0).sqrt().clamp(min=most))

    def shrink(self, x: Tensor, weight: float, step: float) -> Tensor:
        """Minimise ½ ‖z − x‖² + τ g(z) over z, g the cosines' part; the mean over two grids of blocks.

        They lie half a block apart along both axes. What a grid of whole blocks leaves over stays.
        """
        planes = _planes(x, self._phase)
        drawn = np.random.default_rng(self._step).integers(0, BLOCK, 2)
        rows, columns = (n // BLOCK * BLOCK for n in planes.shape[-2:])
        total = torch.zeros_like(planes)
        for off in (0, BLOCK // 2):
            shift = [int(s) + off for s in drawn]
            rolled = torch.roll(planes, shift, _AXES)
            whole = rolled[..., :rows, :columns]
            coefficients = block_cosines(whole, BLOCK)
            kept = _shrunk(coefficients, *_of_cosines(weight), step)
            kept[..., 0, :, 0] = coefficients[..., 0, :, 0]
            whole.copy_(of_block_cosines(kept))
            total += torch.roll(rolled, [-s for s in shift], _AXES)
        return self._join(total.div_(2))

    def _join(self, planes: Tensor) -> Tensor:
        x = torch.complex(*planes)
        return x if self._phase is None else x * self._phase

    def state_dict(self) -> dict[str, Any]:
        """Return the smooth phase and how many steps were taken."""
        return {"phase": self._phase, "step": self._step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a phase, and in the sequence of grids."""
        self._phase, self._step = state["phase"], state["step"]


def _of_cosines(weight: float) -> tuple[float, float]:
    """λ₂ and δ."""
    most = (1 - SHARE) * weight
    return most, KNEE * most


def _shrunk(c: Tensor, most: float, knee: float, step: float) -> Tensor:
    """Minimise ½ (z − c)² + τ λ₂ δ log(1 + |z| / δ): where (|z| − |c|) (δ + |z|) + τ λ₂ δ = 0, or at 0."""
    size = c.abs()
    root = (size + knee).square_().sub_(4 * step * most * knee).clamp_(min=0).sqrt_()
    return size.sub_(knee).add_(root).mul_(0.5).clamp_(min=0).copysign_(c)


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
