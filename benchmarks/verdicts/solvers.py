"""Proximal gradient with total variation or Haar wavelets: the regularised fits of the study."""

import torch
from torch import Tensor


class ProximalDescent:
    """c ← prox_{lr·weight}(c − lr·gradient) on every item alone; stands in for `Descent`.

    Args:
        start: (item, slice, y, x), in the layout of the fit.
        penalty: "tv" (isotropic, periodic) or "wavelet" (Haar, its shift drawn anew at every step, the
            same for every item).
        weight: of the penalty, in fitted units.
        lr: step; at most 1, since ‖A‖ = 1.
    """

    def __init__(self, start: Tensor, penalty: str, weight: float, lr: float) -> None:
        self.c = start.clone()
        self.lr = lr
        self._prox = {"tv": self._tv, "wavelet": self._wavelet}[penalty]
        self._threshold = lr * weight
        self._dual = torch.zeros((2, *start.shape), dtype=start.dtype, device=start.device)
        self._random = torch.Generator().manual_seed(0)

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Move every item one step."""
        self.c.copy_(self._prox(self.c - self.lr * gradient))

    def _tv(self, x: Tensor, n_steps: int = 8) -> Tensor:
        """Chambolle's dual iteration, warm-started (doi:10.1023/B:JMIV.0000011325.36760.1e)."""
        dual, t = self._dual, self._threshold
        for _ in range(n_steps):
            dual = dual + 0.125 / t * _gradient(x - t * _divergence(dual))
            dual = dual / dual.abs().square().sum(0).sqrt().clamp(min=1)
        self._dual = dual
        return x - t * _divergence(dual)

    def _wavelet(self, x: Tensor) -> Tensor:
        shift = [int(torch.randint(0, 8, (), generator=self._random)) for _ in range(2)]
        bands = _haar(torch.roll(x, shift, (-2, -1)), self._threshold, levels=3)
        return torch.roll(bands, [-s for s in shift], (-2, -1))


def _gradient(x: Tensor) -> Tensor:
    return torch.stack([torch.roll(x, -1, axis) - x for axis in (-2, -1)])


def _divergence(dual: Tensor) -> Tensor:
    """The adjoint of `_gradient`."""
    return sum(torch.roll(part, 1, axis) - part for part, axis in zip(dual, (-2, -1), strict=True))


def _soft(x: Tensor, threshold: float) -> Tensor:
    size = x.abs()
    return x * ((size - threshold).clamp(min=0) / size.clamp(min=1e-30))


def _haar(x: Tensor, threshold: float, levels: int) -> Tensor:
    """Soft-threshold the details of an orthonormal Haar transform; odd sides pass their last line."""
    rows, columns = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    even = x[..., :rows, :columns]
    a, b = even[..., 0::2, 0::2], even[..., 0::2, 1::2]
    c, d = even[..., 1::2, 0::2], even[..., 1::2, 1::2]
    mean = (a + b + c + d) / 2
    details = [_soft(part / 2, threshold) for part in (a - b + c - d, a + b - c - d, a - b - c + d)]
    if levels > 1:
        mean = _haar(mean, threshold, levels - 1)
    out = x.clone()
    across, down, diagonal = details
    out[..., 0:rows:2, 0:columns:2] = (mean + across + down + diagonal) / 2
    out[..., 0:rows:2, 1:columns:2] = (mean - across + down - diagonal) / 2
    out[..., 1:rows:2, 0:columns:2] = (mean + across - down - diagonal) / 2
    out[..., 1:rows:2, 1:columns:2] = (mean - across - down + diagonal) / 2
    return out
