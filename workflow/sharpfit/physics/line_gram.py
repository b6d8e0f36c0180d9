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

POSITIONS = 8
"""Matrices that are inverted at once: so few take no memory to speak of."""

LINES_PER_APPLICATION = 2
"""For each coil and degree: with fewer lines an inverse takes less time than applying the gram as often as a
polynomial's degree says, to the images of 25 checkpoints."""


class LineGram:
    """N[p] = (S[p]ᴴ S[p]) ∘ (Fᴴ M F), p along the readout, F and M along the other axis; or a function of it.

    Parameters
    ----------
    transposed
        N[p]ᵀ, complex (slice, p, n, n)
    """

    def __init__(self, transposed: Tensor) -> None:
        self._transposed = transposed

    @classmethod
    def of(cls, csm: Tensor, mask: Tensor) -> LineGram:
        """Build EᴴE.

        Parameters
        ----------
        csm
            maps in a layout whose last axis is the one along which the mask varies, origin in the corner:
            complex (slice, coil, p, n)
        mask
            bool (1, n), as the transform of the last axis orders it
        """
        by_position = csm.movedim(-2, -3)  # (slice, p, coil, n)
        n = csm.shape[-1]
        kernel = torch.fft.ifft(mask[0].to(csm.dtype))
        at = torch.arange(n, device=csm.device)
        circulant = kernel[(at[:, None] - at) % n]
        return cls((by_position.mT @ by_position.conj()) * circulant.T)

    @staticmethod
    def fits(csm: Tensor, n_matrices: int) -> bool:
        """Whether so many of a slice's matrices can be held: maps (slice, coil, p, n)."""
        return n_matrices * csm.shape[-2] * csm.shape[-1] ** 2 * csm.element_size() <= MOST_BYTES

    @staticmethod
    def pays_for(csm: Tensor, degree: float) -> bool:
        """Whether sizes alone say that an inverse is faster than a polynomial of this degree."""
        return csm.shape[-1] <= LINES_PER_APPLICATION * degree * csm.shape[-3]

    @staticmethod
    def pays(csm: Tensor, n_images: int, n_slices: int) -> bool:
        """Whether sizes alone say that the product is faster, and not too large: maps (slice, coil, p, n)."""
        columns = -(-n_images // COLUMNS) * COLUMNS
        is_faster = columns * csm.shape[-1] <= n_images * LINES_PER_COIL * csm.shape[-3]
        return is_faster and LineGram.fits(csm, n_slices)

    def at(self, positions: slice) -> LineGram:
        """Take the matrices of some readout positions, for images that are as narrow."""
        return LineGram(self._transposed[:, positions])

    def iterated_inverse(self, a: float) -> LineGram:
        """Return p(N) = (N + 2a) (N + a)⁻² = R + a R², R = (N + a)⁻¹: N p(N) = 1 − (a / (N + a))².

        By Cholesky's factors; a must stand clear of the rounding of N.
        """
        made = torch.empty_like(self._transposed)
        for i, of_slice in enumerate(self._transposed):
            for first in range(0, len(of_slice), POSITIONS):
                at = slice(first, first + POSITIONS)
                shifted = of_slice[at].clone()
                shifted.diagonal(dim1=-2, dim2=-1).add_(a)
                R = torch.cholesky_inverse(torch.linalg.cholesky(shifted))
                made[i, at] = torch.baddbmm(R, R, R, alpha=a)
        return LineGram(made)

    def __call__(self, x: Tensor) -> Tensor:
        """Return the matrices' products with images (item, slice, p, n) in the same layout."""
        result = torch.empty_like(x)
        for first in range(0, len(x), COLUMNS):
            part = x[first : first + COLUMNS]
            columns = x.new_zeros((*x.shape[1:3], COLUMNS, x.shape[3]))
            columns[..., : len(part), :] = part.movedim(0, -2)
            mapped = columns @ self._transposed
            result[first : first + COLUMNS] = mapped[..., : len(part), :].movedim(-2, 0)
        return result
