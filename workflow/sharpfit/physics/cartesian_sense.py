"""The Cartesian SENSE operator in the layout in which the fit iterates fastest."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property

import torch
from torch import Tensor

from sharpfit.physics.encoding import Encoding
from sharpfit.physics.line_gram import LineGram
from sharpfit.physics.operators import Sampling

_IMAGE_AXES = (-2, -1)


class CartesianSense(Encoding):
    """E = M F S with every shift folded into maps, mask and data.

    ``Sampling(mask) @ Fourier() @ Coils(csm)`` and this operator are the same map in two layouts.
    Here images and k-space have their origin in the corner, so that no iteration shifts anything; and an
    axis of k-space along which the mask does not vary is sampled fully, so the data are transformed
    along it once and the iterations leave it alone: one-dimensional transforms for a line mask, none
    at all for fully sampled data. A single transformed axis is stored last, where the transform is up to
    three times as fast.

    Parameters
    ----------
    csm
        coil maps as the model uses them, centred, complex (slice, coil, y, x)
    mask
        sampled k-locations, centred, bool (ky, kx)
    apart
        locations, bool (…, ky, kx), that must stay samples of their own, or those of other slices whose
        images lie in the same layout: axes along which these vary are transformed in every iteration too
    """

    def __init__(self, csm: Tensor, mask: Tensor, apart: Tensor | None = None) -> None:
        varying = _varying(mask, apart)
        self._transposed = varying == (-2,)
        self._csm: Tensor = self.stage_image(csm)
        self._conjugate: Tensor = self._csm.conj().resolve_conj()
        self._zero = torch.zeros((), dtype=csm.dtype, device=csm.device)
        self._sample(mask, varying)

    def _sample(self, mask: Tensor, varying: tuple[int, ...]) -> None:
        """Take samples where ``mask`` says, and transform along these axes in every iteration."""
        self._varying, self._centred_mask = varying, mask
        self._sampled = tuple(axis for axis in _IMAGE_AXES if axis not in varying)
        self._fft_axes = tuple(-3 - a if self._transposed else a for a in varying)
        self._mask = self._stage_mask(mask)
        self._sampled_parts = self._mask.to(self._csm.real.dtype)[..., None].repeat_interleave(2, -1)

    @property
    def n_samples(self) -> int:
        """Sampled k-locations × coils."""
        return int(self._centred_mask.sum()) * self._csm.shape[-3]

    @property
    def csm(self) -> Tensor:
        """S, centred, (slice, coil, y, x)."""
        return self.unstage_image(self._csm)

    def stage(self, kspace: Tensor) -> Tensor:
        """Bring centred k-space (…, coil, ky, kx) into this layout, transformed along fully sampled axes."""
        acquired = torch.where(self._centred_mask, kspace, self._zero)
        staged = torch.fft.ifftshift(acquired, dim=_IMAGE_AXES)
        hybrid = torch.fft.ifftn(staged, dim=self._sampled, norm="ortho") if self._sampled else staged
        return hybrid.mT.contiguous() if self._transposed else hybrid

    def unstage(self, samples: Tensor) -> Tensor:
        """Take samples to centred k-space (…, coil, ky, kx)."""
        hybrid = samples.mT if self._transposed else samples
        staged = torch.fft.fftn(hybrid, dim=self._sampled, norm="ortho") if self._sampled else hybrid
        return torch.where(self._centred_mask, torch.fft.fftshift(staged, dim=_IMAGE_AXES), self._zero)

    def stage_image(self, image: Tensor) -> Tensor:
        """Bring a centred image (…, y, x) into this layout."""
        shifted = torch.fft.ifftshift(image, dim=_IMAGE_AXES)
        return shifted.mT.contiguous() if self._transposed else shifted

    def unstage_image(self, image: Tensor) -> Tensor:
        """Take an image (…, y, x) out of this layout."""
        return torch.fft.fftshift(image.mT if self._transposed else image, dim=_IMAGE_AXES)

    def keep(self, place: Callable[[Tensor], Tensor]) -> None:
        """Put the maps and their conjugates, which every application reads."""
        self._csm, self._conjugate = place(self._csm), place(self._conjugate)

    def forward(self, x: Tensor) -> Tensor:
        """Return E x, (…, slice, coil, ky, kx), zero where nothing was sampled."""
        spectrum = self._spectrum(x)
        torch.view_as_real(spectrum).mul_(self._sampled_parts)  # three times as fast as complex × real
        return spectrum

    def adjoint(self, y: Tensor) -> Tensor:
        """Return Eᴴ y, (…, slice, y, x)."""
        return self.adjoint_of_staged(torch.where(self._mask, y, self._zero))

    def normal(self, x: Tensor) -> Tensor:
        """Return EᴴE x."""
        return self.adjoint_of_staged(self.forward(x))

    def misfit(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return E x − y and Eᴴ(E x − y)."""
        residual = self.forward(x).sub_(y)
        return residual, self.adjoint_of_staged(residual)

    def batches(self, n_images: int, n_slices: int) -> bool:
        """Whether the mask varies along one axis, and few enough lines belong to a coil."""
        return self._fft_axes == (-1,) and LineGram.pays(self._csm, n_images, n_slices)

    def batched_normal(self, x: Tensor) -> Tensor:
        """Return EᴴE x of images (item, slice, y, x) at once, by one matrix per readout position."""
        return self._line_gram(x) if self._fft_axes == (-1,) else self.normal(x)

    def line_gram(self, n_matrices: int, degree: float) -> LineGram | None:
        """Where the mask varies along one axis: one matrix per readout position."""
        is_dense = self._fft_axes == (-1,) and LineGram.fits(self._csm, n_matrices)
        return self._line_gram if is_dense and LineGram.pays_for(self._csm, degree) else None

    @cached_property
    def _line_gram(self) -> LineGram:
        return LineGram.of(self._csm, self._mask)

    def _spectrum(self, x: Tensor) -> Tensor:
        """F S x, sampled or not."""
        coil_images = self._csm * x.unsqueeze(-3)
        if self._fft_axes:
            return torch.fft.fftn(coil_images, dim=self._fft_axes, norm="ortho")
        return coil_images

    def adjoint_of_staged(self, y: Tensor) -> Tensor:
        """Return Sᴴ Fᴴ y."""
        if self._fft_axes:
            return torch.fft.ifftn(y, dim=self._fft_axes, norm="ortho").mul_(self._conjugate).sum(-3)
        return (self._conjugate * y).sum(-3)

    def split(self, subset: Tensor) -> tuple[CartesianSense, Sampling, Sampling]:
        """Tell a subset of the sampled locations, bool (ky, kx), from the rest."""
        encoding = copy(self)
        encoding.__dict__.pop("_line_gram", None)
        encoding._sample(self._centred_mask, _varying(self._centred_mask, subset))
        chosen, rest = (self._centred_mask & part for part in (subset, ~subset))
        return encoding, Sampling(encoding._stage_mask(chosen)), Sampling(encoding._stage_mask(rest))

    def _stage_mask(self, mask: Tensor) -> Tensor:
        """Bring a centred (ky, kx) mask into this layout; the untransformed axes have length 1."""
        for axis in _IMAGE_AXES:
            if axis not in self._varying:
                mask = mask.narrow(axis, 0, 1)
        return self.stage_image(mask)


def _varying(mask: Tensor, apart: Tensor | None) -> tuple[int, ...]:
    """Axes along which the mask varies, or what must be told apart."""
    kept = mask if apart is None else torch.cat([mask[None], apart.reshape(-1, *mask.shape)])
    return tuple(axis for axis in _IMAGE_AXES if not _is_constant(kept, axis))


def _is_constant(mask: Tensor, axis: int) -> bool:
    return bool((mask == mask.narrow(axis, 0, 1)).all())
