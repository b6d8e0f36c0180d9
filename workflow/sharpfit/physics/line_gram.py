"""EᴴE of a line mask as one dense matrix per readout position: as much work however many coils there were."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
"""Matrices of which polynomials are taken at once: the powers of these few stay in a CPU's cache."""

SQUARED_LINES_PER_COIL = 1800
"""Of lines, for each coil and root of a degree: below, a polynomial's matrix takes less time than applying
the gram as often as its degree says, to the images of 25 checkpoints."""


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
        """Whether sizes alone say that polynomials of this degree are faster as matrices."""
        return csm.shape[-1] ** 2 <= SQUARED_LINES_PER_COIL * math.sqrt(degree) * csm.shape[-3]

    @staticmethod
    def pays(csm: Tensor, n_images: int, n_slices: int) -> bool:
        """Whether sizes alone say that the product is faster, and not too large: maps (slice, coil, p, n)."""
        columns = -(-n_images // COLUMNS) * COLUMNS
        is_faster = columns * csm.shape[-1] <= n_images * LINES_PER_COIL * csm.shape[-3]
        return is_faster and LineGram.fits(csm, n_slices)

    def at(self, positions: slice) -> LineGram:
        """Take the matrices of some readout positions, for images that are as narrow."""
        return LineGram(self._transposed[:, positions])

    def polynomials(self, top: float, *series: Sequence[float]) -> list[LineGram]:
        """Return p(N) of each p in Chebyshev polynomials on [0, top], the first of the highest degree.

        In 2 √degree products (Paterson & Stockmeyer 1973, doi:10.1137/0202007): with Y = T_m(X),
        p(X) = Σ_j T_j(Y) B_j(X), every B_j of a degree below m, and a Clenshaw recurrence over j. An
        eigendecomposition would do as well, and LAPACK's in single precision does not always converge.
        """
        m = math.isqrt(len(series[0]) - 1) + 1
        made = [torch.empty_like(self._transposed) for _ in series]
        for i, of_slice in enumerate(self._transposed):
            for first in range(0, len(of_slice), POSITIONS):
                at = slice(first, first + POSITIONS)
                powers = _chebyshev(of_slice[at] * (2 / top), m)
                for result, p in zip(made, series, strict=True):
                    result[i, at] = _clenshaw(powers, _by_parts(p, m))
        return [LineGram(one) for one in made]

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


def _chebyshev(X: Tensor, m: int) -> list[Tensor]:
    """T_0 … T_m of X − 1, matrices on the last two axes."""
    X.diagonal(dim1=-2, dim2=-1).sub_(1)
    powers = [torch.eye(X.shape[-1], dtype=X.dtype, device=X.device).expand_as(X), X]
    while len(powers) <= m:
        powers.append((X @ powers[-1]).mul_(2).sub_(powers[-2]))
    return powers


def _by_parts(series: Sequence[float], m: int) -> list[list[float]]:
    """Coefficients of B_j, j = 0, 1, …: T_{jm+i} = 2 T_j(T_m) T_i − T_{jm−i}."""
    rest = [*series, *[0.0] * (-len(series) % m)]
    parts = []
    for first in range(len(rest) - m, 0, -m):
        of_power = rest[first : first + m]
        parts.append([of_power[0], *(2 * c for c in of_power[1:])])
        for i, c in enumerate(of_power[1:], 1):
            rest[first - i] -= c
    return [rest[:m], *reversed(parts)]


def _clenshaw(powers: Sequence[Tensor], parts: Sequence[Sequence[float]]) -> Tensor:
    """Σ_j T_j(Y) B_j(X) from T_0 … T_m of X, the last of which is Y."""
    if len(parts) == 1:
        return _combined(powers, parts[0])
    Y = powers[-1]
    later, last = torch.zeros_like(Y), _combined(powers, parts[-1])
    for coefficients in reversed(parts[1:-1]):
        later, last = last, _combined(powers, coefficients).add_(Y @ last, alpha=2).sub_(later)
    return _combined(powers, parts[0]).add_(Y @ last).sub_(later)


def _combined(powers: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    total = torch.zeros_like(powers[-1])
    for power, c in zip(powers, coefficients, strict=False):  # Y is one power more
        total.add_(power, alpha=c)
    return total
