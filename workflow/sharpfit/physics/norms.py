"""Inner products and energies of images, one for each batch item, summed in float64."""

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
