"""The least-squares problem of one scan: the data of every replica on a device, and the gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.acquired import Acquired
from sharpfit.fitting.instruments import Instruments
from sharpfit.fitting.mapped import placing
from sharpfit.fitting.replicas import Replicas, Replicated
from sharpfit.fitting.staged_model import StagedModel
from sharpfit.fitting.staged_slice import stage_slices
from sharpfit.physics.encoding import SAMPLES
from sharpfit.physics.masks import each_slice
from sharpfit.physics.norms import energy, inner, item_axes, quotient, spread_over
from sharpfit.physics.operators import LinearOperator


@dataclass(frozen=True)
class Misfit:
    """The objective ½‖A c − y‖² of every item at one iterate.

    Attributes
    ----------
    gradient
        Aᴴ(A c − y), (item, slice, …) as c
    image_gradient
        Eᴴ(A c − y), (item, slice, y, x): the same where Φ is the identity
    rss
        ‖A c − y‖² over the samples the item is fitted to, float64 (item, slice)
    held_out_rss
        the held-out item's residual at the samples it never saw, float64 (slice,); NaN without
    """

    gradient: Tensor
    image_gradient: Tensor
    rss: Tensor
    held_out_rss: Tensor


class Problem(StagedModel):
    """y = A c + n for every replica and slice, staged on a device slice by slice.

    A = E Φ comes from :func:`sharpfit.physics.acquisition.acquisition`. Solvers work on c (item, slice, …),
    measures on images x = Φ c (item, slice, y, x) with the gram EᴴE, both in the layout of E.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), whitened and scaled; any array indexed by slice, so that a file is
        never read whole
    csm
        complex64 (slice, coil, y, x), the maps as the model uses them
    mask
        bool (ky, kx), the samples, or (slice, ky, kx) where slices are sampled differently
    held_out_mask
        bool, of that shape: those the held-out replica never sees
    support
        bool (slice, y, x), centred: the object, inside which images are measured
    sigma
        noise std per real and imaginary component
    n_draws
        of made noise, each with a replica of its own
    seed
        of the replicas' noise
    device
        where everything is computed
    Phi
        coefficients → centred images; None for the identity
    measured_noise
        complex64 (slice, coil, ky, kx), noise of the data that is independent of them; gives one draw more,
        the last
    surrogate
        complex64 (slice, y, x), centred: what stands in for the truth, see `sharpfit.fitting.surrogate`;
        without, no distance from it is told
    model_errs
        whether the model leaves more of the data than noise, so that weak modes tell its error
    may_threshold
        whether the fit may set small values to 0, see :class:`sharpfit.fitting.replicas.Replicas`
    scratch
        folder for samples and maps of many slices; None holds all in memory

    Attributes
    ----------
    place
        puts a tensor where those of a large scan lie, see :func:`sharpfit.fitting.mapped.placing`
    instruments
        what its images are measured with
    n_real, n_held_out
        real numbers in one slice, fitted and held out; the mean where slices are sampled differently
    noise_floor
        RSS of noise alone, n_real σ² of each slice, float64 (slice,)
    """

    def __init__(
        self,
        kspace: np.ndarray,
        csm: np.ndarray,
        mask: np.ndarray,
        held_out_mask: np.ndarray,
        support: np.ndarray,
        sigma: float,
        *,
        n_draws: int,
        seed: int,
        device: torch.device,
        Phi: LinearOperator | None = None,
        measured_noise: np.ndarray | None = None,
        surrogate: np.ndarray | None = None,
        model_errs: bool = False,
        may_threshold: bool = False,
        scratch: Path | None = None,
    ) -> None:
        self.sigma, self.device, self.has_basis = sigma, device, Phi is not None
        self.replicas = Replicas(
            n_draws,
            has_measured=measured_noise is not None,
            has_held_out=bool(held_out_mask.any()),
            may_threshold=may_threshold,
        )
        n_slices = len(csm)
        sampling, held_out = (
            torch.from_numpy(np.array(each_slice(part, n_slices))).to(device)
            for part in (mask, held_out_mask)
        )
        self._sampling, self._fit_sampling = sampling, sampling & ~held_out
        self.place = placing(scratch, 4 * 8 * math.prod(csm.shape), device)  # maps twice, samples twice
        slices = stage_slices(
            kspace, csm, measured_noise, (sampling, held_out), Phi, self.replicas, sigma, seed, self.place
        )
        super().__init__(slices, self.replicas.n_full, 1 if device.type == "cpu" else self.replicas.n_items)
        made = Replicated.of_slices((part.data.replicate() for part in slices), n_slices)
        self._back_projection, self._power = made.back_projection, made.power
        counts = [2 * encoding.n_samples for encoding in self.encodings]
        self.n_real = _mean(sum(counts), n_slices)
        self.n_held_out = _mean(2 * int(held_out.sum()) * csm.shape[1], n_slices)
        self.noise_floor = torch.tensor([n * sigma**2 for n in counts], dtype=torch.float64, device=device)
        self.instruments = Instruments(
            self,
            made,
            csm,
            support,
            sigma,
            self.n_real * n_slices,
            surrogate=surrogate,
            model_errs=model_errs,
        )

    def start(self, kind: str) -> Tensor:
        """Return where the fit begins, (item, slice, …).

        ``zero``: zero. ``zero_filled``: each item's own α Aᴴy with α = ‖Aᴴy‖² / ‖A Aᴴy‖², the zero-filled
        image at the scale that fits its data best; zero where a slice holds nothing.
        """
        first = self._slices[0].A.Phi.adjoint(self._back_projection[:1, 0])
        shape = (self.replicas.n_items, len(self._slices), *first.shape[1:])
        zero = torch.zeros(shape, dtype=first.dtype, device=self.device)
        if kind == "zero":
            return zero
        at_zero = self.evaluate(zero)
        back_projection = -at_zero.gradient
        overlap = energy(back_projection, item_axes(zero))  # ‖Aᴴy‖² = Re⟨A Aᴴy, y⟩
        curvature = self.evaluate(back_projection).rss - at_zero.rss + 2 * overlap  # ‖A Aᴴy‖²
        return (spread_over(quotient(overlap, curvature), zero) * back_projection).to(zero.dtype)

    def evaluate(self, c: Tensor) -> Misfit:
        """Return gradient, RSS and held-out RSS at c (item, slice, …).

        Of the main and the held-out item A c − y is formed rather than AᴴA c − Aᴴy: the same two transforms,
        and the RSS is exact even where it is a millionth of ‖y‖². The RSS of replicas, which only schedules
        read, is ‖y‖² + Re⟨x, EᴴE x − 2 Eᴴy⟩, so none of them keeps samples.
        """
        x, replicas = self.image(c), slice(1, self.replicas.n_full)
        image_gradient = torch.empty_like(x)
        rss = torch.empty(c.shape[:2], dtype=torch.float64, device=c.device)
        held_out_rss = torch.full(c.shape[1:2], torch.nan, dtype=torch.float64, device=c.device)
        image_gradient[replicas] = self.gram(x[replicas]).sub_(self._back_projection[1:])
        overlap = inner(x[replicas], image_gradient[replicas]) - inner(x[replicas], self._back_projection[1:])
        rss[replicas] = (self._power[1:] + overlap).clamp(min=0)
        image_gradient[:1], rss[0] = self._main_misfit(x)
        for i, part in enumerate(self._slices):
            if part.held_out is not None:
                misfit = part.held_out.A(c[-1:, i]).sub_(part.held_out.data)
                unseen = part.held_out.chosen.take_from_(misfit)
                rss[-1:, i] = energy(misfit, SAMPLES)
                image_gradient[-1:, i] = part.held_out.A.encoding.adjoint_of_staged(misfit)
                held_out_rss[i] = energy(unseen)[0]
        gradient = self._slices[0].A.Phi.adjoint(image_gradient) if self.has_basis else image_gradient
        return Misfit(gradient, image_gradient, rss, held_out_rss)

    def main_gradient(self, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return gradient (1, slice, …) and RSS (slice,) of the main item alone at c (item, slice, …)."""
        gradient, rss = self._main_misfit(self.image(c[:1]))
        return (self._slices[0].A.Phi.adjoint(gradient) if self.has_basis else gradient), rss

    def _main_misfit(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Eᴴ(E x − y) and ‖E x − y‖² of the first of images x (item, slice, y, x)."""
        gradient = torch.empty_like(x[:1])
        rss = torch.empty(x.shape[1], dtype=torch.float64, device=x.device)
        for i, part in enumerate(self._slices):
            residual, gradient[:, i] = part.A.encoding.misfit(x[:1, i], part.data.y)
            rss[i] = energy(residual, SAMPLES)[0]
        return gradient, rss

    @property
    def data(self) -> Tensor:
        """The staged k-space of the first slice, (1, coil, …); it shows what c must match."""
        return self._slices[0].data.y

    def acquired(self, item: int, i: int) -> Acquired:
        """Return what one item is fitted to in slice i, centred and with nothing folded away."""
        part = self._slices[i]
        encoding, mask = part.A.encoding, self._sampling[i]
        if item == self.replicas.n_full:  # only where there is a held-out item
            assert part.held_out is not None
            encoding, mask = part.held_out.A.encoding, self._fit_sampling[i]
            kspace = encoding.unstage(part.held_out.data)[0]
        else:
            kspace = encoding.unstage(part.data.samples(item))[0]
        return Acquired(torch.where(mask, kspace, torch.zeros_like(kspace)), encoding.csm[0], mask)


def _mean(total: int, n: int) -> float:
    """Return an integer where it is one."""
    return total / n if total % n else total // n
