"""The data of one fit as the field writes them: what a solver that is not ours is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from sharpfit.physics.operators import Coils, Fourier, LinearOperator, Sampling


@dataclass(frozen=True)
class Acquired:
    """One item's slice, centred, in fitted units.

    Attributes
    ----------
    kspace
        y, complex64 (coil, ky, kx), zero where nothing was acquired
    csm
        S, complex64 (coil, y, x)
    mask
        M, bool (ky, kx)
    """

    kspace: Tensor
    csm: Tensor
    mask: Tensor

    @property
    def A(self) -> LinearOperator:  # noqa: N802 - as the field writes it
        """A = M F S, from an image (y, x) to y."""
        return Sampling(self.mask) @ Fourier() @ Coils(self.csm)


class PlainProblem(Protocol):
    """All items of a fit, handed out one by one."""

    sigma: float
    """Noise std per real and imaginary component, fitted units."""

    def acquired(self, item: int, i: int) -> Acquired:
        """Return what an item is fitted to in slice i."""

    def stage(self, x: Tensor) -> Tensor:
        """Bring centred images (…, y, x) into the layout of the coefficients."""

    def unstage(self, x: Tensor) -> Tensor:
        """Take images (…, y, x) out of it."""


def same_numbers(one: Tensor, two: Tensor) -> bool:
    """Tell whether two images are the same to the bit; NaN is like NaN."""
    return bool(((one == two) | (one.isnan() & two.isnan())).all())
