"""Replicas of one slice's data: the perturbed copies from whose fits the measures are taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.encoding import Encoding

_FISSION, _PROBE, _SKETCH = 0, 1, 2  # which noise a stream of random numbers stands for
PROBE_STEP = 0.2  # ε / σ of the degrees-of-freedom probe
N_SKETCH = 8  # probes that give the risk its standard error
PSF_AMPLITUDE = 0.3  # of the image scale, which is 1


@dataclass(frozen=True)
class Replicas:
    """Where each replica stands on the batch axis: main, K plus, K minus, K probes, PSF, held-out.

    Attributes
    ----------
    n_pairs
        K, the number of fission pairs and of degrees-of-freedom probes; a pair of measured noise is the last
    has_held_out
        whether the last item is fitted without the held-out samples
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
class Replicated:
    """One slice's data in the order of :class:`Replicas`, but for the held-out item's, and what made them.

    Attributes
    ----------
    data
        staged samples, (item, coil, …)
    probe_adjoint
        Eᴴb of the probes, (K, y, x)
    sketch_adjoint
        the same of further probes that no replica is fitted to, (N_SKETCH, y, x)
    psf_points
        where the PSF replica has its spikes, (point, 2)
    """

    data: Tensor
    probe_adjoint: Tensor
    sketch_adjoint: Tensor
    psf_points: np.ndarray


def replicate(
    encoding: Encoding,
    kspace: Tensor,
    sigma: float,
    n_pairs: int,
    stream: tuple[int, int],
    measured: Tensor | None = None,
) -> Replicated:
    """Make the replicas of one slice.

    Parameters
    ----------
    encoding
        E of the slice
    kspace
        as acquired, complex64 (1, coil, ky, kx), on the device of ``encoding``
    sigma
        noise std per real and imaginary component
    n_pairs
        fission pairs of made noise
    stream
        seed and number of the slice; with them the noise is the same for every sampling and device
    measured
        noise of the data that is independent of them, complex64 (1, coil, ky, kx), for one pair more
    """
    seed, i = stream

    def noise(kind: int, k: int) -> Tensor:
        drawn = _unit_noise((seed, kind, k, i), tuple(kspace.shape[1:]))
        return encoding.stage(torch.from_numpy(drawn)[None].to(kspace.device))

    y = encoding.stage(kspace)
    fission = [sigma * noise(_FISSION, k) for k in range(n_pairs)]
    fission += [] if measured is None else [encoding.stage(measured)]
    probes = [noise(_PROBE, k) for k in range(len(fission))]
    zero_filled = encoding.adjoint(y)
    points = spread_points(encoding.unstage_image(zero_filled)[0].abs().cpu().numpy())
    spikes = torch.zeros_like(encoding.unstage_image(zero_filled))
    spikes[:, points[:, 0], points[:, 1]] = PSF_AMPLITUDE
    data = [y, *(y + w for w in fission), *(y - w for w in fission)]
    data += [y + PROBE_STEP * sigma * b for b in probes] + [y + encoding(encoding.stage_image(spikes))]
    sketches = [encoding.adjoint(noise(_SKETCH, k)) for k in range(N_SKETCH)]
    probe_adjoint = torch.cat([encoding.adjoint(b) for b in probes])
    return Replicated(torch.cat(data), probe_adjoint, torch.cat(sketches), points)


def _unit_noise(stream: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Complex64 noise of unit variance per component, the same on every device and for every mask."""
    parts = np.random.default_rng(stream).standard_normal((*shape, 2), dtype=np.float32)
    return parts.view(np.complex64)[..., 0]


def spread_points(magnitude: np.ndarray) -> np.ndarray:
    """Choose five points spread over the object, for the local point spread function.

    The object is where the magnitude (y, x) exceeds a fifth of its 99th percentile. The columns are at its
    10th to 90th percentile along x, so that ghosts along y miss the other points; the rows alternate.

    Returns
    -------
        int64 (5, 2), (y, x); the centre five times where there is no object
    """
    rows, columns = np.nonzero(magnitude > 0.2 * np.percentile(magnitude, 99))
    if not len(rows):
        return np.tile(np.array(magnitude.shape) // 2, (5, 1))
    points = []
    for along_x, along_y in zip((10, 30, 50, 70, 90), (50, 25, 75, 25, 50), strict=True):
        column = int(np.percentile(columns, along_x, method="nearest"))
        points.append((int(np.percentile(rows[columns == column], along_y, method="nearest")), column))
    return np.array(points, dtype=np.int64)
