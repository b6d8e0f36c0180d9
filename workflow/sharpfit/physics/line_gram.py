"""EᴴE of a line mask as one dense matrix per readout position: as much work however many coils there were."""

from __future__ import annotations

import torch
from torch import Tensor

COLUMNS = 4
"""Images that one product takes; fewer are filled up with zeros, so that an image's bits do not depend on how
many others are multiplied beside it."""

LINES_PER_COIL = 16
"""A dense product counts lines and columns where transforms count coils and images: it wins
where there are fewer lines a coil."""

MOST_BYTES = 1 << 30
"""Memory that the matrices of a scan may take, all slices together: many times that of its maps."""


class LineGram:
    """N[p] = (S[p]ᴴ S[p]) ∘ (Fᴴ M F), p along the readout, F and M along the other axis.

    Parameters
    ----------
    csm
        maps in a layout whose last axis is the one along which the mask varies, origin in the corner:
        complex (slice, coil, p, n)
    mask
        bool (1, n), as the transform of the last axis orders it
    """

    def __init__(self, csm: Tensor, mask: Tensor) -> None:
        by_position = csm.movedim(-2, -3)  # (slice, p, coil, n)
        n = csm.shape[-1]
        kernel = torch.fft.ifft(mask[0].to(csm.dtype))
        at = torch.arange(n, device=csm.device)
        circulant = kernel[(at[:, None] - at) % n]
        self._transposed = (by_position.mT @ by_position.conj()) * circulant.T

    @staticmethod
    def pays(csm: Tensor, n_images: int, n_slices: int) -> bool:
        """Whether sizes alone say that the product is faster, and not too large: maps (slice, coil, p, n)."""
        columns = -(-n_images // COLUMNS) * COLUMNS
        n_bytes = n_slices * csm.shape[-2] * csm.shape[-1] ** 2 * csm.element_size()
        is_faster = columns * csm.shape[-1] <= n_images * LINES_PER_COIL * csm.shape[-3]
        return is_faster and n_bytes <= MOST_BYTES

    def __call__(self, x: Tensor) -> Tensor:
        """Return EᴴE x for images (item, slice, p, n) in the same layout."""
        result = torch.empty_like(x)
        for first in range(0, len(x), COLUMNS):
            part = x[first : first + COLUMNS]
            columns = x.new_zeros((*x.shape[1:3], COLUMNS, x.shape[3]))
            columns[..., : len(part), :] = part.movedim(0, -2)
            mapped = columns @ self._transposed
            result[first : first + COLUMNS] = mapped[..., : len(part), :].movedim(-2, 0)
        return result
