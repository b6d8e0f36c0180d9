"""Periodic forward differences of images along y and x, and their adjoint."""

from __future__ import annotations

import torch
from torch import Tensor

_AXES = (-2, -1)
NORM = 8.0
"""Upper bound of ‖∇‖² in two dimensions."""


def gradient(x: Tensor) -> Tensor:
    """∇x, (…, y, x) → (2, …, y, x)."""
    found = x.new_empty((2, *x.shape))
    for along, axis in zip(found, _AXES, strict=True):
        n = x.shape[axis] - 1
        torch.sub(x.narrow(axis, 1, n), x.narrow(axis, 0, n), out=along.narrow(axis, 0, n))
        torch.sub(x.narrow(axis, 0, 1), x.narrow(axis, n, 1), out=along.narrow(axis, n, 1))
    return found


def adjoint_gradient(dual: Tensor) -> Tensor:
    """∇ᴴp, (2, …, y, x) → (…, y, x)."""
    found = dual.sum(0).neg_()
    for along, axis in zip(dual, _AXES, strict=True):
        n = along.shape[axis] - 1
        found.narrow(axis, 1, n).add_(along.narrow(axis, 0, n))
        found.narrow(axis, 0, 1).add_(along.narrow(axis, n, 1))
    return found
