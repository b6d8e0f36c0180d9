"""``A = M @ F @ S @ Phi``: the one place where the model of an acquisition is composed.

Whoever fits, normalises or measures asks :func:`acquisition` for A and never for a mask or a grid of k-space.
A faster layout, another trajectory or a gram that is one dense matrix per readout position is an
:class:`~sharpfit.physics.encoding.Encoding` chosen here, held by tests to the plain composition
``Sampling(mask) @ Fourier() @ Coils(csm) @ Phi``.
"""

from __future__ import annotations

from torch import Tensor

from sharpfit.physics.cartesian_sense import CartesianSense
from sharpfit.physics.encoding import Encoding, Layout
from sharpfit.physics.operators import Identity, LinearOperator, Sampling


class Acquisition(LinearOperator):
    """A = E Φ: coefficients (…, slice, …) → samples, E = M F S.

    Attributes
    ----------
    encoding
        E, on images in its own layout; what is measured of an image is measured with it
    Phi
        coefficients → images in that layout; the identity on images already in it where no basis was given
    """

    def __init__(self, encoding: Encoding, Phi: LinearOperator) -> None:
        self.encoding, self.Phi = encoding, Phi

    def forward(self, c: Tensor) -> Tensor:
        """Return A c = E Φ c."""
        return self.encoding.forward(self.Phi.forward(c))

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Aᴴ y = Φᴴ Eᴴ y."""
        return self.Phi.adjoint(self.encoding.adjoint(y))

    def normal(self, c: Tensor) -> Tensor:
        """Return AᴴA c = Φᴴ EᴴE Φ c."""
        return self.Phi.adjoint(self.encoding.normal(self.Phi.forward(c)))

    def batched_normal(self, c: Tensor) -> Tensor:
        """Return AᴴA c of many items (item, slice, …) at once, see :meth:`.Encoding.batched_normal`."""
        return self.Phi.adjoint(self.encoding.batched_normal(self.Phi.forward(c)))

    def image(self, c: Tensor) -> Tensor:
        """Return the centred image Φ c, (…, slice, y, x)."""
        return self.encoding.unstage_image(self.Phi.forward(c))

    def split(self, subset: Tensor) -> tuple[Acquisition, Sampling, Sampling]:
        """Tell a subset of the samples from the rest, see :meth:`.Encoding.split`."""
        encoding, chosen, rest = self.encoding.split(subset)
        return Acquisition(encoding, self.Phi), chosen, rest


def acquisition(
    csm: Tensor, sampling: Tensor, Phi: LinearOperator | None = None, beside: Tensor | None = None
) -> Acquisition:
    """Compose A = M F S Φ in the layout that computes it fastest.

    Parameters
    ----------
    csm
        S, coil maps as the model uses them, complex (slice, coil, y, x)
    sampling
        M, where samples were taken: bool (ky, kx)
    Phi
        coefficients → centred images (…, y, x); None for the identity
    beside
        where other slices are sampled, bool (…, ky, kx), whose images shall lie in the same layout
    """
    encoding = CartesianSense(csm, sampling, beside)
    return Acquisition(encoding, Identity() if Phi is None else Layout(encoding) @ Phi)
