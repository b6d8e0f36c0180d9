"""The coils' noise from what no image explains, where only the edge of k-space told it.

The edge holds signal beside noise, of sharp borders above all, in one pattern over the coils. Whitening takes
that pattern for noise and holds it back, with the signal of the centre. What a fit leaves of k-space holds
hardly any of it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import noise
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.encoding import Encoding
from sharpfit.physics.kspace import radius
from sharpfit.physics.masks import each_slice
from sharpfit.physics.white_noise import white_noise
from sharpfit.preparing import maps
from sharpfit.preparing.noise_level import N_STEPS, REDUNDANCY, residuals
from sharpfit.preparing.noisy_data import Data, NoisyData

OUTER = 0.5
"""Distance from the centre, the sides at 1, from which on samples count: the model errs where signal is
strong. Of two measured heads the variance from 0.5 on is 0.9 to 1.6 times that of the air in their corners,
for every pattern of the coils; that of the edge is 0.8 to 12 times."""

N_SLICES = 4
"""Slices that are looked at; the coils' noise is that of all."""

N_ROUNDS = 3
"""Of the iteration: the last changes the covariance by 1 to 3 %."""

N_DRAWS = 2
MIN_SAMPLES_PER_COIL = 32


class _Slice(NamedTuple):
    """One slice in units of the first estimate."""

    encoding: Encoding
    kspace: np.ndarray
    """white by the first estimate, complex64 (1, coil, ky, kx)"""
    outer: np.ndarray
    """bool (ky, kx), samples that count"""


def refined(raw: RawScan, data: Data, acquired: np.ndarray, noisy: NoisyData) -> NoisyData:
    """Take the covariance of what no image explains, if that of the edge is all that is known.

    A fit leaves (I − H) n of noise n, and of noise with the covariance Φ over the coils so some covariance
    C(Φ), which is told by noise that is drawn. The Φ whose C(Φ) is that of what is left of the data is found
    by Φ ← T C_data Tᴴ, where T C(Φ) Tᴴ = Φ. H is the same polynomial of the scan for data and noise.

    It stays as it is for one coil, for two sets of maps, and where an image explains nearly all of some
    pattern of the coils.

    Parameters
    ----------
    raw
        for maps given, or separate calibration lines
    data
        all that was acquired
    acquired
        bool (ky, kx) or (slice, ky, kx), where
    noisy
        with the noise of the edge

    Raises
    ------
    InputError
        if the edge holds signal and nothing that is left over tells the noise
    """
    found = _unexplained(raw, data, acquired, noisy.estimate)
    if found is None and noisy.estimate.doubt:
        raise InputError(noisy.estimate.doubt)
    if found is None:
        return noisy
    change = found.covariance - noisy.estimate.covariance
    return noisy._replace(covariance=noisy.covariance + change, estimate=found)


def _unexplained(
    raw: RawScan, data: Data, acquired: np.ndarray, first: noise.NoiseEstimate
) -> noise.NoiseEstimate | None:
    """Return the noise of what is left over; None where that tells nothing."""
    n_coils = data.kspace.shape[1]
    slices = _slices(raw, data, acquired, first) if first.may_hold_signal and n_coils > 1 else []
    n_samples = sum(int(one.outer.sum()) for one in slices)
    if n_samples < MIN_SAMPLES_PER_COIL * n_coils:
        return None
    L: np.ndarray = np.eye(n_coils, dtype=np.complex128)  # of Φ = L Lᴴ, in units of the first estimate
    for _ in range(N_ROUNDS):
        of_data, of_noise = (part / n_samples for part in _left_over(slices, L))
        share = np.linalg.solve(L, np.linalg.solve(L, of_noise).conj().T)  # left of each pattern of the coils
        if np.linalg.eigvalsh(share)[0] < REDUNDANCY:
            return None
        T = L @ np.linalg.inv(np.linalg.cholesky(of_noise))
        L = np.linalg.cholesky(T @ of_data @ T.conj().T)
    n_left = int(n_samples * np.trace(share).real / n_coils)
    ratio = float((np.abs(L) ** 2).sum()) / n_coils
    said = (
        f"{first.source}; its variance corrected by {ratio:.2f}, pattern by pattern of the coils, to that of "
        f"what no image explains beyond {OUTER} of the radius, {n_left} samples per coil"
    )
    total = np.linalg.cholesky(first.covariance) @ L
    return noise.NoiseEstimate(total @ total.conj().T, n_left, said)


def _slices(raw: RawScan, data: Data, acquired: np.ndarray, first: noise.NoiseEstimate) -> list[_Slice]:
    """Stage some slices with their maps; nothing where those are two sets."""
    n_slices = len(data.kspace)
    chosen = np.unique(np.linspace(0, n_slices - 1, min(n_slices, N_SLICES)).round().astype(int))
    sampled = each_slice(acquired, n_slices)[chosen]
    kspace = data.kspace[chosen]
    of_them = replace(
        raw,
        csm=raw.csm and raw.csm._replace(values=raw.csm.values[chosen]),
        calibration=None if raw.calibration is None else raw.calibration[chosen],
    )
    mask = acquired if acquired.ndim == 2 else sampled
    try:
        coils = maps.find(of_them, kspace, mask, first.covariance, data.unit)
    except InputError:  # said where the maps of all slices are found
        return []
    if coils.second is not None:
        return []
    whitening = noise.whitener(first.covariance).astype(np.complex64)
    outwards = radius(sampled.shape[-2:]) > OUTER
    return [
        _Slice(
            acquisition(
                torch.from_numpy(noise.whiten(whitening, coils.csm[i : i + 1])), torch.from_numpy(one.copy())
            ).encoding,
            noise.whiten(whitening, kspace[i : i + 1]),
            one & outwards,
        )
        for i, one in enumerate(sampled)
    ]


def _left_over(slices: list[_Slice], L: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Σ r rᴴ over the outer samples of what a fit leaves, of the data and of noise with the covariance L Lᴴ.

    Both complex128 (coil, coil).
    """
    of_data, of_noise = np.zeros_like(L), np.zeros_like(L)
    for i, (E, kspace, outer) in enumerate(slices):
        drawn = (
            noise.whiten(L / np.sqrt(2), white_noise((1, i, k), kspace.shape)).astype(np.complex64)
            for k in range(N_DRAWS)
        )
        staged = torch.stack([E.stage(torch.from_numpy(part)) for part in (kspace, *drawn)])
        *_, last = residuals(E, staged, N_STEPS)
        data, *noises = (E.unstage(part).numpy()[0][:, outer].astype(np.complex128) for part in last)
        of_data += data @ data.conj().T
        of_noise += sum(part @ part.conj().T for part in noises) / N_DRAWS
    return of_data, of_noise
