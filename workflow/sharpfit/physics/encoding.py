"""What every encoding E = M F S offers, whatever the trajectory and the layout in which it computes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from torch import Tensor

from sharpfit.physics.line_gram import LineGram
from sharpfit.physics.operators import LinearOperator, Sampling

SAMPLES = (-3, -2, -1)
"""Axes of one slice's samples; the first is the coil, the others are the encoding's own."""


class Encoding(LinearOperator):
    """E = M F S: images (…, slice, y, x) → samples (…, slice, coil, …).

    Images and samples live in a layout of the encoding's choice. Data come in through :meth:`stage`, images
    through :meth:`stage_image`, and images leave through :meth:`unstage_image`; all three are unitary, so
    noise stays white and every norm keeps its value. Samples are zero where nothing was acquired. Who uses
    an encoding knows nothing else of masks, trajectories or grids.
    """

    @property
    @abstractmethod
    def n_samples(self) -> int:
        """Complex numbers acquired of one slice: k-locations × coils."""

    @property
    @abstractmethod
    def csm(self) -> Tensor:
        """S, the coil maps as they came: centred, (slice, coil, y, x)."""

    @abstractmethod
    def stage(self, kspace: Tensor) -> Tensor:
        """Bring acquired k-space, (…, slice, coil, ky, kx) and centred, into this layout.

        Values where nothing was acquired are left out, be they NaN.
        """

    @abstractmethod
    def unstage(self, samples: Tensor) -> Tensor:
        """Take samples out of this layout: the inverse of :meth:`stage`, zero where nothing was acquired."""

    @abstractmethod
    def stage_image(self, image: Tensor) -> Tensor:
        """Bring a centred image (…, y, x) into this layout."""

    @abstractmethod
    def unstage_image(self, image: Tensor) -> Tensor:
        """Take an image (…, y, x) out of this layout."""

    def keep(self, place: Callable[[Tensor], Tensor]) -> None:
        """Have ``place`` say where maps lie: it returns the same values, in memory or in a mapped file."""

    def misfit(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return E x − y and Eᴴ(E x − y), y staged data: zero where nothing was acquired."""
        residual = self.forward(x) - y
        return residual, self.adjoint(residual)

    def adjoint_of_staged(self, y: Tensor) -> Tensor:
        """Return Eᴴ y of samples that are zero where nothing was acquired, as staged data and misfits are."""
        return self.adjoint(y)

    def batches(self, n_images: int, n_slices: int) -> bool:  # noqa: ARG002 -- this one never does
        """Whether :meth:`batched_normal` of so many images is faster than :meth:`normal` of each.

        By a rule of sizes, never by timing, so that the same images give the same bits; where it needs memory
        of its own, each of ``n_slices`` encodings like this one does.
        """
        return False

    def batched_normal(self, x: Tensor) -> Tensor:
        """Return EᴴE x of images (item, slice, y, x) at once; an item's bits do not depend on the others."""
        return self.normal(x)

    def line_gram(self, n_matrices: int, degree: float) -> LineGram | None:  # noqa: ARG002 -- never here
        """Return EᴴE as dense matrices of which inverses can be taken.

        None where it does not fall into blocks, where ``n_matrices`` of this size would be too large, or
        where applying EᴴE for a polynomial of this ``degree`` is faster, by a rule of sizes.
        """
        return None

    @abstractmethod
    def split(self, subset: Tensor) -> tuple[Encoding, Sampling, Sampling]:
        """Tell a subset of the samples from the rest.

        Parameters
        ----------
        subset
            bool, as the sampling that this encoding was made from

        Returns
        -------
            the same encoding in a layout where they can be told apart (images keep theirs), and two
            selections of its samples, the subset and the rest: ``rest @ encoding`` never sees the subset
        """


class Layout(LinearOperator):
    """Centred images (…, y, x) → images in the layout of an encoding, unitary."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding

    def forward(self, x: Tensor) -> Tensor:
        """Stage an image."""
        return self.encoding.stage_image(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """Take an image out of the layout."""
        return self.encoding.unstage_image(y)
