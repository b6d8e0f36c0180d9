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
        return _squared_modulus(_gradient(_planes(x))).sqrt().sum(_AXES, dtype=torch.float64)

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Minimise ½ ‖z − x‖² + t R(z) over z, approximately."""
        planes = _planes(x)
        if self._dual is None:
            self._dual = torch.zeros((2, *planes.shape), dtype=planes.dtype, device=x.device)
        dual = ahead = self._dual
        step, momentum = 1 / (_LIPSCHITZ * threshold), 1.0
        for _ in range(self._n_steps):
            moved = _gradient(_primal(planes, threshold, ahead)).mul_(step).add_(ahead)
            moved.mul_(_squared_modulus(moved).clamp_(min=1).rsqrt_())
            after = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = (moved - dual).mul_((momentum - 1) / after).add_(moved)
            dual, momentum = moved, after
        self._dual = dual
        return torch.complex(*_primal(planes, threshold, dual))

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
    return _divergence(dual).mul_(-threshold).add_(planes)


def _gradient(x: Tensor) -> Tensor:
    """(…, y, x) → (2, …, y, x)."""
    found = x.new_empty((2, *x.shape))
    for along, axis in zip(found, _AXES, strict=True):
        n = x.shape[axis] - 1
        torch.sub(x.narrow(axis, 1, n), x.narrow(axis, 0, n), out=along.narrow(axis, 0, n))
        torch.sub(x.narrow(axis, 0, 1), x.narrow(axis, n, 1), out=along.narrow(axis, n, 1))
    return found


def _divergence(dual: Tensor) -> Tensor:
    """∇ᴴ, the adjoint of `_gradient`."""
    found = dual.sum(0).neg_()
    for along, axis in zip(dual, _AXES, strict=True):
        n = along.shape[axis] - 1
        found.narrow(axis, 1, n).add_(along.narrow(axis, 0, n))
        found.narrow(axis, 0, 1).add_(along.narrow(axis, n, 1))
    return found


def _squared_modulus(vectors: Tensor) -> Tensor:
    """Squared length of every pixel's complex vector, (2, 2, …, y, x) → (…, y, x)."""
    return vectors.square().sum((0, 1))
