"""The least-squares problem of one scan: the data of every replica on a device, and the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.measuring.filtered_risk import FilteredRisk, cutoff
from sharpfit.physics.cartesian_sense import CartesianSense
from sharpfit.physics.norms import energy

_KSPACE_AXES = (-3, -2, -1)
_FISSION, _PROBE, _SKETCH = 0, 1, 2  # which noise a stream of random numbers stands for
PROBE_STEP = 0.2  # ε / σ of the degrees-of-freedom probe
N_SKETCH = 8  # probes that give the risk its standard error
PSF_AMPLITUDE = 0.3  # of the image scale, which is 1


@dataclass(frozen=True)
class Replicas:
    """Where each replica stands on the batch axis: main, K plus, K minus, K probes, PSF, held-out.

    Args:
        n_pairs: K, the number of fission pairs and of degrees-of-freedom probes.
        has_held_out: whether the last item is fitted without the held-out samples.
    """

    n_pairs: int
    has_held_out: bool

    @property
    def plus(self) -> slice:
        """x(y + σ w), w of unit variance per component."""
        return slice(1, 1 + self.n_pairs)

    @property
    def minus(self) -> slice:
        """x(y − σ w), the same w."""
        return slice(1 + self.n_pairs, 1 + 2 * self.n_pairs)

    @property
    def probe(self) -> slice:
        """x(y + ε b), b of unit variance per component."""
        return slice(1 + 2 * self.n_pairs, 1 + 3 * self.n_pairs)

    @property
    def psf(self) -> int:
        """x(y + a A δ), δ one at a few points."""
        return 1 + 3 * self.n_pairs

    @property
    def n_full(self) -> int:
        """How many items are fitted to every sample."""
        return 2 + 3 * self.n_pairs

    @property
    def n_items(self) -> int:
        """Length of the batch axis."""
        return self.n_full + self.has_held_out


@dataclass(frozen=True)
class Evaluation:
    """The objective ½‖A c − y‖² of every item at one iterate.

    Args:
        gradient: Aᴴ(A c − y), (item, slice, y, x).
        rss: ‖A c − y‖² over the samples the item is fitted to, float64 (item, slice).
        held_out_rss: the held-out item's residual at the samples it never saw, float64 (slice,); NaN without.
    """

    gradient: Tensor
    rss: Tensor
    held_out_rss: Tensor


class Problem:
    """y = A c + n for every replica and slice, staged on a device slice by slice.

    Args:
        kspace: complex64 (slice, coil, ky, kx), whitened and scaled; any array indexed by slice, so that a
            file is never read whole.
        csm: complex64 (slice, coil, y, x), the maps as the model uses them.
        mask: bool (ky, kx), the samples.
        held_out_mask: bool (ky, kx), those the held-out replica never sees.
        sigma: noise std per real and imaginary component.
        n_pairs: K, fission pairs and probes.
        seed: of the replicas' noise.
        device: where everything is computed.
    """

    def __init__(
        self,
        kspace: Any,
        csm: Any,
        mask: np.ndarray,
        held_out_mask: np.ndarray,
        sigma: float,
        *,
        n_pairs: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.sigma, self.device = sigma, device
        self.replicas = Replicas(n_pairs, bool(held_out_mask.any()))
        self.n_held_out = 2 * int(held_out_mask.sum()) * csm.shape[1]
        self.n_real = 2 * int(mask.sum()) * csm.shape[1]
        self._mask = torch.from_numpy(np.array(mask)).to(device)
        self._held_out_mask = torch.from_numpy(np.array(held_out_mask)).to(device)
        self._slices = [self._stage(i, kspace[i], csm[i], seed) for i in range(csm.shape[0])]
        self.probe_adjoint = torch.stack(
            [part.probe_adjoint for part in self._slices], dim=1
        )  # (K, slice, y, x)
        self.psf_points = np.stack([part.psf_points for part in self._slices])  # (slice, point, 2)
        data_energy = sum(float(energy(part.data[0], _KSPACE_AXES)) for part in self._slices)
        maps_energy = sum(float(energy(part.A.csm[0], _KSPACE_AXES)) for part in self._slices)
        trace = maps_energy * float(self._mask.double().mean())  # of AᴴA
        sketch = torch.stack([part.sketch_adjoint for part in self._slices], dim=1)
        lowest = cutoff(data_energy, trace, sigma, self.n_real * len(self._slices))
        self.filtered = FilteredRisk(self.gram, self.probe_adjoint, PROBE_STEP * sigma, lowest, sketch)

    def _stage(self, i: int, kspace: np.ndarray, csm: np.ndarray, seed: int) -> _Slice:
        """Bring one slice to the device and make its replicas there."""
        maps = torch.from_numpy(csm)[None].to(self.device)
        A = CartesianSense(maps, self._mask)
        y = A.stage_kspace(torch.from_numpy(kspace)[None].to(self.device))  # (1, coil, ky, kx)

        def noise(kind: int, k: int) -> Tensor:
            drawn = torch.from_numpy(_unit_noise((seed, kind, k, i), kspace.shape))[None].to(self.device)
            return A.stage_kspace(torch.where(self._mask, drawn, torch.zeros_like(drawn)))

        pairs = range(self.replicas.n_pairs)
        fission = [self.sigma * noise(_FISSION, k) for k in pairs]
        probes = [noise(_PROBE, k) for k in pairs]
        points = spread_points(A.unstage_image(A.adjoint(y))[0].abs().cpu().numpy())
        spikes = torch.zeros(csm.shape[-2:], dtype=maps.dtype, device=self.device)
        spikes[points[:, 0], points[:, 1]] = PSF_AMPLITUDE
        data = [y, *(y + w for w in fission), *(y - w for w in fission)]
        data += [y + PROBE_STEP * self.sigma * b for b in probes] + [y + A(A.stage_image(spikes)[None])]
        held_out = None
        if self.replicas.has_held_out:
            A_fit = CartesianSense(maps, self._mask & ~self._held_out_mask, transposed=A.transposed)
            held_out = _HeldOut(
                A_fit,
                A_fit.stage_kspace(torch.from_numpy(kspace)[None].to(self.device)),
                A_fit.stage_mask(self._held_out_mask),
            )
        probe_adjoint = torch.cat([A.adjoint(b) for b in probes])
        sketch_adjoint = torch.cat([A.adjoint(noise(_SKETCH, k)) for k in range(N_SKETCH)])
        return _Slice(A, torch.cat(data), held_out, probe_adjoint, sketch_adjoint, points)

    def start(self, kind: str) -> Tensor:
        """Return where the fit begins, (item, slice, y, x).

        ``zero``: zero. ``zero_filled``: each item's own α Aᴴy with α = ‖Aᴴy‖² / ‖A Aᴴy‖², the zero-filled
        image at the scale that fits its data best.
        """
        shape = (self.replicas.n_items, len(self._slices), *self.probe_adjoint.shape[-2:])
        zero = torch.zeros(shape, dtype=self.probe_adjoint.dtype, device=self.device)
        if kind == "zero":
            return zero
        at_zero = self.evaluate(zero)
        back_projection = -at_zero.gradient
        overlap = energy(back_projection)  # ‖Aᴴy‖² = Re⟨A Aᴴy, y⟩
        curvature = self.evaluate(back_projection).rss - at_zero.rss + 2 * overlap  # ‖A Aᴴy‖²
        alpha = overlap / curvature
        return (alpha[..., None, None] * back_projection).to(zero.dtype)

    def evaluate(self, c: Tensor) -> Evaluation:
        """Return gradient, RSS and held-out RSS at c (item, slice, y, x).

        A c − y is formed rather than AᴴA c − Aᴴy: the same two transforms, and the RSS is exact even where
        it is a millionth of ‖y‖².
        """
        gradient = torch.empty_like(c)
        rss = torch.empty(c.shape[:2], dtype=torch.float64, device=c.device)
        held_out_rss = torch.full(c.shape[1:2], torch.nan, dtype=torch.float64, device=c.device)
        for i, part in enumerate(self._slices):
            for items in self._chunks(self.replicas.n_full):
                residual = torch.where(part.A.mask, part.A.transform(c[items, i]) - part.data[items], 0)
                rss[items, i] = energy(residual, _KSPACE_AXES)
                gradient[items, i] = part.A.adjoint(residual)
            if part.held_out is not None:
                misfit = part.held_out.A.transform(c[-1:, i]) - part.held_out.data
                residual = torch.where(part.held_out.A.mask, misfit, 0)
                rss[-1:, i] = energy(residual, _KSPACE_AXES)
                gradient[-1:, i] = part.held_out.A.adjoint(residual)
                held_out_rss[i] = energy(torch.where(part.held_out.mask, misfit, 0), _KSPACE_AXES)[0]
        return Evaluation(gradient, rss, held_out_rss)

    def gram(self, x: Tensor) -> Tensor:
        """Return AᴴA x over all samples for images (…, slice, y, x)."""
        flat = x.reshape(-1, *x.shape[-3:])
        result = torch.empty_like(flat)
        for i, part in enumerate(self._slices):
            for items in self._chunks(flat.shape[0]):
                result[items, i] = part.A.gram(flat[items, i])
        return result.reshape(x.shape)

    @property
    def data(self) -> Tensor:
        """The staged k-space of the first slice, (item, coil, …); it shows what c must match."""
        return self._slices[0].data

    def unstage(self, x: Tensor) -> Tensor:
        """Take images (…, y, x) out of the layout of the fit, to centred ones."""
        return self._slices[0].A.unstage_image(x)

    def _chunks(self, n_items: int) -> list[slice]:
        """How many items are transformed at once: one on a CPU, whose cache then holds it, all on a GPU."""
        size = 1 if self.device.type == "cpu" else n_items
        return [slice(first, min(first + size, n_items)) for first in range(0, n_items, size)]


@dataclass(frozen=True)
class _HeldOut:
    A: CartesianSense  # over mask & ~held_out_mask
    data: Tensor
    mask: Tensor


@dataclass(frozen=True)
class _Slice:
    A: CartesianSense
    data: Tensor  # (item, coil, …)
    held_out: _HeldOut | None
    probe_adjoint: Tensor  # Aᴴb, (K, y, x)
    sketch_adjoint: Tensor  # the same of further probes, (N_SKETCH, y, x)
    psf_points: np.ndarray


def _unit_noise(stream: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Complex64 noise of unit variance per component, the same on every device and for every mask."""
    parts = np.random.default_rng(stream).standard_normal((*shape, 2), dtype=np.float32)
    return parts.view(np.complex64)[..., 0]


def spread_points(magnitude: np.ndarray) -> np.ndarray:
    """Choose five points spread over the object, for the local point spread function.

    The object is where the magnitude (y, x) exceeds a fifth of its 99th percentile. The columns are at its
    10th to 90th percentile along x, so that ghosts along y miss the other points; the rows alternate.

    Returns:
        int64 (5, 2), (y, x); the centre five times where there is no object.
    """
    rows, columns = np.nonzero(magnitude > 0.2 * np.percentile(magnitude, 99))
    if not len(rows):
        return np.tile(np.array(magnitude.shape) // 2, (5, 1))
    points = []
    for along_x, along_y in zip((10, 30, 50, 70, 90), (50, 25, 75, 25, 50), strict=True):
        column = int(np.percentile(columns, along_x, method="nearest"))
        points.append((int(np.percentile(rows[columns == column], along_y, method="nearest")), column))
    return np.array(points, dtype=np.int64)
