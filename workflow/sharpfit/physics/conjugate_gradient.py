"""Conjugate gradients on a gram, every batch item a system of its own."""

from collections.abc import Callable

import torch

from sharpfit.physics.norms import energy, inner

Gram = Callable[[torch.Tensor], torch.Tensor]


def conjugate_gradient(gram: Gram, rhs: torch.Tensor, n_steps: int) -> torch.Tensor:
    """`n_steps` conjugate gradient steps from zero on AᴴA x = rhs, one system per batch item.

    rhs: (..., y, x). Every scalar is one per item, so a batch gives what the items alone give; an item
    whose residual is zero stays where it is.
    """
    x = torch.zeros_like(rhs)
    residual, direction = rhs, rhs
    power = energy(residual)
    for _ in range(n_steps):
        mapped = gram(direction)
        alpha = _ratio(power, inner(direction, mapped), rhs)
        x = x + alpha * direction
        residual = residual - alpha * mapped
        next_power = energy(residual)
        direction = residual + _ratio(next_power, power, rhs) * direction
        power = next_power
    return x


def _ratio(numerator: torch.Tensor, denominator: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Divide (0 where the denominator is not positive) and shape the result to scale images."""
    positive = denominator > 0
    ratio = torch.where(positive, numerator / torch.where(positive, denominator, 1.0), 0.0)
    return ratio[..., None, None].to(like.real.dtype)
