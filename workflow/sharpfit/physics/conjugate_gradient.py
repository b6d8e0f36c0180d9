"""Conjugate gradients on a gram, every batch item a system of its own."""

from collections.abc import Callable, Sequence

import torch

from sharpfit.physics.norms import IMAGE, energy, factors, inner, quotient

Gram = Callable[[torch.Tensor], torch.Tensor]


def at_rest(dtype: torch.dtype) -> float:
    """‖r‖ / ‖r₀‖ at which a residual is rounding, and a step along it divides rounding by itself."""
    return 10 * torch.finfo(dtype).eps


def conjugate_gradient(
    gram: Gram, rhs: torch.Tensor, n_steps: int, dims: Sequence[int] = IMAGE
) -> torch.Tensor:
    """`n_steps` conjugate gradient steps from zero on AᴴA x = rhs, one system per batch item.

    Parameters
    ----------
    gram
        AᴴA
    rhs
        right-hand sides, the items on leading axes
    n_steps
        steps; an item whose residual is rounding (`at_rest`) stays where it is
    dims
        axes of one item, negative

    Returns
    -------
        x, as ``rhs``; every scalar is one per item, so a batch gives what the items alone give
    """
    x = torch.zeros_like(rhs)
    residual, direction = rhs, rhs
    power = energy(residual, dims)
    rest = at_rest(rhs.dtype) ** 2 * power
    for _ in range(n_steps):
        moving = (power > rest).to(power.dtype)
        mapped = gram(direction)
        alpha = factors(moving * quotient(power, inner(direction, mapped, dims)), rhs)
        x = x + alpha * direction
        residual = residual - alpha * mapped
        next_power = energy(residual, dims)
        direction = residual + factors(moving * quotient(next_power, power), rhs) * direction
        power = next_power
    return x
