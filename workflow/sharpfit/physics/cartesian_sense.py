"""The Cartesian SENSE operator in the layout in which the fit iterates fastest."""

from __future__ import annotations

import torch
from torch import Tensor

from sharpfit.physics.operators import LinearOperator

_IMAGE_AXES = (-2, -1)


class CartesianSense(LinearOperator):
    """A = M F S with every shift folded into maps, mask and data.

    ``Sampling(mask) @ Fourier() @ Coils(csm)`` and this operator are the same map in two layouts.
    Here images and k-space have their origin in the corner, so that no iteration shifts anything; and an
    axis of k-space along which the mask does not vary is sampled fully, so the data are transformed
    along it once and the iterations leave it alone: one-dimensional transforms for a line mask, none
    at all for fully sampled data. A single transformed axis is stored last, where the transform is up to
    three times as fast. All three steps are unitary: noise stays white, every norm keeps its value.

    Bring data in with :meth:`stage_kspace`, images with :meth:`stage_image`, and take images out with
    :meth:`unstage_image`.

    Args:
        csm: coil maps as the model uses them, centred, complex (slice, coil, y, x).
        mask: sampled k-locations, centred, bool (ky, kx).
        transposed: hold images as (x, y); decided by the mask unless two operators must share images.
    """

    def __init__(self, csm: Tensor, mask: Tensor, transposed: bool | None = None) -> None:
        self._varying = tuple(a for a in _IMAGE_AXES if not _is_constant(mask, a))
        self.transposed = self._varying == (-2,) if transposed is None else transposed
        self._fft_axes = tuple(-3 - a if self.transposed else a for a in self._varying)
        self.csm = self.stage_image(csm)
        self._conjugate = self.csm.conj().resolve_conj()
        self.mask = self.stage_mask(mask)
        self._zero = torch.zeros((), dtype=csm.dtype, device=csm.device)

    def stage_mask(self, mask: Tensor) -> Tensor:
        """Return a centred (ky, kx) mask in this layout; the untransformed axes have length 1.

        Raises:
            ValueError: the mask varies along an axis that this operator does not transform.
        """
        for axis in _IMAGE_AXES:
            if axis not in self._varying:
                if not _is_constant(mask, axis):
                    raise ValueError(f"mask varies along axis {axis}, which this operator does not transform")
                mask = mask.narrow(axis, 0, 1)
        return self.stage_image(mask)

    def stage_kspace(self, kspace: Tensor) -> Tensor:
        """Bring centred k-space (…, coil, ky, kx) into this layout, transformed along fully sampled axes."""
        staged = torch.fft.ifftshift(kspace, dim=_IMAGE_AXES)
        sampled = [a for a in _IMAGE_AXES if a not in self._varying]
        hybrid = torch.fft.ifftn(staged, dim=sampled, norm="ortho") if sampled else staged
        return hybrid.mT.contiguous() if self.transposed else hybrid

    def stage_image(self, image: Tensor) -> Tensor:
        """Bring a centred image (…, y, x) into this layout."""
        shifted = torch.fft.ifftshift(image, dim=_IMAGE_AXES)
        return shifted.mT.contiguous() if self.transposed else shifted

    def unstage_image(self, image: Tensor) -> Tensor:
        """Take an image (…, y, x) out of this layout."""
        return torch.fft.fftshift(image.mT if self.transposed else image, dim=_IMAGE_AXES)

    def transform(self, c: Tensor) -> Tensor:
        """Return F S c at every k-location, sampled or not: (…, slice, y, x) → (…, slice, coil, ky, kx)."""
        coil_images = self.csm * c.unsqueeze(-3)
        if not self._fft_axes:
            return coil_images
        return torch.fft.fftn(coil_images, dim=self._fft_axes, norm="ortho")

    def forward(self, x: Tensor) -> Tensor:
        """Return A x, (…, slice, coil, ky, kx), zero where nothing was sampled."""
        return torch.where(self.mask, self.transform(x), self._zero)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Aᴴ y, (…, slice, y, x)."""
        coil_images = torch.where(self.mask, y, self._zero)
        if self._fft_axes:
            coil_images = torch.fft.ifftn(coil_images, dim=self._fft_axes, norm="ortho")
        return (self._conjugate * coil_images).sum(-3)


def _is_constant(mask: Tensor, axis: int) -> bool:
    return bool((mask == mask.narrow(axis, 0, 1)).all())
