"""Total variation, isotropic and of the complex image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sharpfit.physics.differences import NORM, adjoint_gradient, gradient

N_STEPS = 8


def make() -> TotalVariation:
    """R(x) = Σ |∇x| over pixels."""
    return TotalVariation(N_STEPS)


class TotalVariation:
    """R(x) = Σ √(|∂y x|² + |∂x x|²), ∂ the periodic forward difference.

    The proximal map is x − t ∇ᴴp, p the dual of a projected gradient ascent with momentum (Beck & Teboulle
    2009, doi:10.1109/TIP.2009.2028250). A fixed number of steps is taken from the last call's p, so calls
    whose arguments settle converge together.

    Parameters
    ----------
    n_steps
        dual steps of one proximal map
    """

    norm = NORM

    def __init__(self, n_steps: int) -> None:
        self._n_steps = n_steps
        self._dual: Tensor | None = None

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Minimise ½ ‖z − x‖² + t R(z) over z, approximately."""
        planes = _planes(x)
        if self._dual is None:
            self._dual = torch.zeros((2, *planes.shape), dtype=planes.dtype, device=x.device)
        dual = ahead = self._dual
        step, momentum = 1 / (NORM * threshold), 1.0
        for _ in range(self._n_steps):
            moved = gradient(_primal(planes, threshold, ahead)).mul_(step).add_(ahead)
            moved.mul_(_squared_modulus(moved).clamp_(min=1).rsqrt_())
            after = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = (moved - dual).mul_((momentum - 1) / after).add_(moved)
            dual, momentum = moved, after
        self._dual = dual
        return torch.complex(*_primal(planes, threshold, dual))

    def begin_step(self, x: Tensor) -> None:
        """Need not know the iterate."""

    def split(self, x: Tensor) -> Tensor:
        """∇x in real planes, (2, 2, item, slice, y, x)."""
        return gradient(_planes(x))

    def merge(self, dual: Tensor) -> Tensor:
        """∇ᴴp, complex (item, slice, y, x)."""
        return torch.complex(*adjoint_gradient(dual))

    def clip(self, dual: Tensor, weight: float) -> Tensor:
        """Shorten every pixel's vector to λ."""
        return dual * (weight / _squared_modulus(dual).sqrt().clamp(min=weight))

    def shrink(self, x: Tensor, _weight: float, _step: float) -> Tensor:
        """Return x: there is nothing beside the differences."""
        return x

    def state_dict(self) -> dict[str, Any]:
        """Return the dual."""
        return {"dual": self._dual}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a dual."""
        self._dual = state["dual"]


def _planes(x: Tensor) -> Tensor:
    """Real and imaginary part as images of their own, (2, …, y, x): real arithmetic is twice as fast."""
    return torch.stack([x.real, x.imag])


def _primal(planes: Tensor, threshold: Tensor, dual: Tensor) -> Tensor:
    """Return x − t ∇ᴴp."""
    return adjoint_gradient(dual).mul_(-threshold).add_(planes)


def _squared_modulus(vectors: Tensor) -> Tensor:
    """Squared length of every pixel's complex vector, (2, 2, …, y, x) → (…, y, x)."""
    return vectors.square().sum((0, 1))
