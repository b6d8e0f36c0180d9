"""Total variation, isotropic and of the complex image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_AXES = (-2, -1)
N_STEPS = 8
_LIPSCHITZ = 8.0  # of ∇∇ᴴ in two dimensions


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

    def __init__(self, n_steps: int) -> None:
        self._n_steps = n_steps
        self._dual: Tensor | None = None

    def value(self, x: Tensor) -> Tensor:
        """R of every item, (item, slice, y, x) → float64 (item, slice)."""
        return _modulus(_gradient(x)).sum(_AXES, dtype=torch.float64)

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Minimise ½ ‖z − x‖² + t R(z) over z, approximately."""
        if self._dual is None:
            self._dual = torch.zeros((2, *x.shape), dtype=x.dtype, device=x.device)
        dual = ahead = self._dual
        momentum = 1.0
        for _ in range(self._n_steps):
            image = x - threshold * _divergence(ahead)
            moved = ahead + _gradient(image) / (_LIPSCHITZ * threshold)
            moved = moved * _modulus(moved).clamp(min=1).reciprocal()
            after = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = moved + (momentum - 1) / after * (moved - dual)
            dual, momentum = moved, after
        self._dual = dual
        return x - threshold * _divergence(dual)

    def state_dict(self) -> dict[str, Any]:
        """Return the dual."""
        return {"dual": self._dual}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a dual."""
        self._dual = state["dual"]


def _gradient(x: Tensor) -> Tensor:
    """(…, y, x) → (2, …, y, x)."""
    return torch.stack([torch.roll(x, -1, axis) - x for axis in _AXES])


def _divergence(dual: Tensor) -> Tensor:
    """∇ᴴ, the adjoint of `_gradient`."""
    along_y, along_x = dual
    return torch.roll(along_y, 1, -2) - along_y + torch.roll(along_x, 1, -1) - along_x


def _modulus(vectors: Tensor) -> Tensor:
    """Length of every pixel's vector, (2, …, y, x) → real (…, y, x)."""
    y, x = vectors  # torch.linalg.vector_norm takes fifty times as long
    return (y.real.square() + y.imag.square() + x.real.square() + x.imag.square()).sqrt()
