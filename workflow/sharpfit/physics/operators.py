"""Linear operators that compose as the equation does: ``A = M @ F @ S``."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

_IMAGE_AXES = (-2, -1)


class LinearOperator(ABC):
    """A linear map with its adjoint: ⟨A x, y⟩ = ⟨x, Aᴴ y⟩.

    Leading axes are batch axes: an operator acts on the last axes alone, and items never mix.
    """

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return A x."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """Return Aᴴ y."""

    def normal(self, x: Tensor) -> Tensor:
        """Return AᴴA x; an operator that knows a shorter way than A and then Aᴴ goes it."""
        return self.adjoint(self.forward(x))

    @property
    def gram(self) -> LinearOperator:
        """AᴴA as an operator of its own: ``A.gram(x)``, ``A.gram + weight * Identity()``."""
        return _Gram(self)

    def __call__(self, x: Tensor) -> Tensor:
        """Return A x."""
        return self.forward(x)

    def __matmul__(self, other: LinearOperator) -> LinearOperator:
        """Return the composition: (A @ B) x = A (B x)."""
        return _Composition(self, other)

    def __add__(self, other: LinearOperator) -> LinearOperator:
        """Return the sum: (A + B) x = A x + B x."""
        return _Sum(self, other)

    def __rmul__(self, factor: complex) -> LinearOperator:
        """Return the scaled operator: (a A) x = a (A x)."""
        return _Scaled(factor, self)

    @property
    def H(self) -> LinearOperator:  # noqa: N802 - the field writes Aᴴ
        """The adjoint as an operator of its own."""
        return _Adjoint(self)


class _Composition(LinearOperator):
    def __init__(self, outer: LinearOperator, inner: LinearOperator) -> None:
        self.outer, self.inner = outer, inner

    def forward(self, x: Tensor) -> Tensor:
        return self.outer.forward(self.inner.forward(x))

    def adjoint(self, y: Tensor) -> Tensor:
        return self.inner.adjoint(self.outer.adjoint(y))

    def normal(self, x: Tensor) -> Tensor:
        return self.inner.adjoint(self.outer.normal(self.inner.forward(x)))


class _Gram(LinearOperator):
    def __init__(self, operator: LinearOperator) -> None:
        self.operator = operator

    def forward(self, x: Tensor) -> Tensor:
        return self.operator.normal(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.operator.normal(y)


class _Sum(LinearOperator):
    def __init__(self, first: LinearOperator, second: LinearOperator) -> None:
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        return self.first.forward(x) + self.second.forward(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.first.adjoint(y) + self.second.adjoint(y)


class _Scaled(LinearOperator):
    def __init__(self, factor: complex, operator: LinearOperator) -> None:
        self.factor, self.operator = factor, operator

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * self.operator.forward(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return complex(self.factor).conjugate() * self.operator.adjoint(y)


class _Adjoint(LinearOperator):
    def __init__(self, operator: LinearOperator) -> None:
        self.operator = operator

    def forward(self, x: Tensor) -> Tensor:
        return self.operator.adjoint(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.operator.forward(y)

    @property
    def H(self) -> LinearOperator:  # noqa: N802
        return self.operator


class Identity(LinearOperator):
    """I x = x, on whatever it is given."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        """Return y."""
        return y


class Fourier(LinearOperator):
    """F: the centred orthonormal Fourier transform over the last two axes, (…, y, x) → (…, ky, kx).

    F x = fftshift(fft2(ifftshift(x), norm="ortho")); unitary, so its adjoint is its inverse.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return F x, (…, ky, kx)."""
        shifted = torch.fft.ifftshift(x, dim=_IMAGE_AXES)
        return torch.fft.fftshift(torch.fft.fft2(shifted, norm="ortho"), dim=_IMAGE_AXES)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Fᴴ y, (…, y, x)."""
        shifted = torch.fft.ifftshift(y, dim=_IMAGE_AXES)
        return torch.fft.fftshift(torch.fft.ifft2(shifted, norm="ortho"), dim=_IMAGE_AXES)


class Coils(LinearOperator):
    """S: an image seen by every coil, (…, y, x) → (…, coil, y, x).

    Parameters
    ----------
    csm
        complex coil sensitivity maps, (…, coil, y, x)
    """

    def __init__(self, csm: Tensor) -> None:
        self.csm = csm

    def forward(self, x: Tensor) -> Tensor:
        """Return S x, (…, coil, y, x)."""
        return self.csm * x.unsqueeze(-3)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Sᴴ y, (…, y, x)."""
        return (self.csm.conj() * y).sum(-3)


class Sampling(LinearOperator):
    """M: keep the sampled k-locations and set the others to zero; its own adjoint.

    Parameters
    ----------
    mask
        bool, broadcast against (…, ky, kx); selects, never multiplies: NaN outside stays outside
    """

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask
        self._positions: Tensor | None = None
        self._shape = mask.shape

    def take_from_(self, x: Tensor) -> Tensor:
        """Return the sampled values of x, (…, n), and set them to zero in x, be they NaN."""
        if self._positions is None or self._shape != x.shape[-2:]:
            self._shape = x.shape[-2:]
            self._positions = self.mask.expand(self._shape).flatten().nonzero()[:, 0]
        flat = x.view(*x.shape[:-2], -1)
        taken = flat[..., self._positions]
        flat.index_fill_(-1, self._positions, 0)
        return taken

    def forward(self, x: Tensor) -> Tensor:
        """Return M x."""
        return torch.where(self.mask, x, torch.zeros((), dtype=x.dtype, device=x.device))

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Mᴴ y = M y."""
        return self.forward(y)


def largest_singular_value(operator: LinearOperator, start: Tensor, n_steps: int = 40) -> Tensor:
    """Estimate the largest singular value of an operator by the power method on AᴴA.

    Parameters
    ----------
    operator
        acts on the last two axes (y, x) of its input
    start
        (…, y, x), not zero; one estimate is made per batch item
    n_steps
        steps of the power method; the estimate approaches the value from below

    Returns
    -------
        √‖AᴴA u‖, u the unit vector of the last step; float64, the batch shape of ``start``
    """
    x = start
    norm = torch.linalg.vector_norm(x, dim=_IMAGE_AXES, dtype=torch.complex128).real
    for _ in range(n_steps):
        x = operator.gram(x / norm[..., None, None].to(x.real.dtype))
        norm = torch.linalg.vector_norm(x, dim=_IMAGE_AXES, dtype=torch.complex128).real
    return norm.sqrt()
