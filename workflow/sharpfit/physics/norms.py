"""Inner products and energies, one for each batch item, summed in float64."""

from collections.abc import Sequence

import torch

IMAGE = (-2, -1)


def energy(x: torch.Tensor, dims: Sequence[int] = IMAGE) -> torch.Tensor:
    """‖x‖² = Σ|x|² over `dims` (negative), summed in float64."""
    parts = torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.unsqueeze(-1)
    return parts.square().sum([*(axis - 1 for axis in dims), -1], dtype=torch.float64)


def inner(a: torch.Tensor, b: torch.Tensor, dims: Sequence[int] = IMAGE) -> torch.Tensor:
    """Re⟨a, b⟩ = Re Σ conj(a) b over `dims`, in float64."""
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    return (a.to(wide).conj() * b.to(wide)).real.sum(tuple(dims))


def item_axes(c: torch.Tensor) -> tuple[int, ...]:
    """Axes of one item's own values in a batch (item, slice, …), for `energy` and `inner`."""
    return tuple(range(2 - c.ndim, 0))


def spread_over(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Append axes to one value per leading index, so that they scale x (…, and its own axes)."""
    return values.reshape(values.shape + (1,) * (x.ndim - values.ndim))


def quotient(numerator: torch.Tensor, denominator: torch.Tensor) -> torch.Tensor:
    """Divide, with 0 where the denominator is not positive."""
    positive = denominator > 0
    return torch.where(positive, numerator / torch.where(positive, denominator, 1.0), 0.0)
