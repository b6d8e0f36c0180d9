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

OUTER = (0.5, 0.7, 0.9, 1.1)
"""Distances from the centre, the sides at 1, from which on samples count: the first that holds no more than
the edge. The model errs where signal is strong. Of two measured heads the variance from 0.5 on is 0.9 to 1.6
times that of the air in their corners, for every pattern of the coils; that of the edge is 0.8 to 12."""

ABOVE_EDGE = 1.3
"""Times the edge's variance, beside its scatter, from which on what is left holds signal."""

N_SLICES, ENOUGH = 4, 20_000
"""Slices that are looked at, fewer where those have so many samples; the coils' noise is that of all."""

N_ROUNDS = 3
"""Of the iteration: the last changes the covariance by 1 to 3 %."""

N_DRAWS = 2
MIN_SAMPLES_PER_COIL = 32


class _Slice(NamedTuple):
    """One slice in units of the first estimate."""

    encoding: Encoding
    kspace: np.ndarray
    """white by the first estimate, complex64 (1, coil, ky, kx)"""
    sampled: np.ndarray
    """bool (ky, kx)"""


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
    if not first.may_hold_signal or data.kspace.shape[1] == 1:
        return None
    slices = _slices(raw, data, acquired, first)
    return next(filter(None, (_beyond(limit, slices, first) for limit in OUTER)), None)


def _beyond(limit: float, slices: list[_Slice], first: noise.NoiseEstimate) -> noise.NoiseEstimate | None:
    """Return the noise of what is left over beyond some distance from the centre."""
    outer = [one.sampled & (radius(one.sampled.shape) > limit) for one in slices]
    n_samples, n_coils = sum(int(one.sum()) for one in outer), len(first.covariance)
    if n_samples < MIN_SAMPLES_PER_COIL * n_coils:
        return None
    L: np.ndarray = np.eye(n_coils, dtype=np.complex128)  # of Φ = L Lᴴ, in units of the first estimate
    for _ in range(N_ROUNDS):
        of_data, of_noise = (part / n_samples for part in _covariances(_left_over(slices, L), outer))
        share = np.linalg.solve(L, np.linalg.solve(L, of_noise).conj().T)  # left of each pattern of the coils
        if np.linalg.eigvalsh(share)[0] < REDUNDANCY:
            return None
        T = L @ np.linalg.inv(np.linalg.cholesky(of_noise))
        L = np.linalg.cholesky(T @ of_data @ T.conj().T)
    # The least variance that so few samples of white noise show in some pattern (Marchenko & Pastur 1967).
    least = (1 - min(np.sqrt(n_coils / first.n_samples), 0.7)) ** 2
    if np.linalg.eigvalsh(L @ L.conj().T)[-1] > ABOVE_EDGE / least:
        return None
    bias = _signal_share(slices, outer, L)
    n_left = int(n_samples * np.trace(share).real / n_coils)
    ratio = float((np.abs(L) ** 2).sum()) / n_coils
    said = (
        f"{first.source}; its variance corrected by {ratio:.2f}, pattern by pattern of the coils, to that of "
        f"what no image explains beyond {limit} of the radius, {n_left} samples per coil"
    )
    total = np.linalg.cholesky(first.covariance) @ L
    return noise.NoiseEstimate(total @ total.conj().T, n_left, said, bias)


def _signal_share(slices: list[_Slice], outer: list[np.ndarray], L: np.ndarray) -> float:
    """By how much σ may be too large, as of the edge: half of what the power falls by outwards.

    The halves have as many samples each.
    """
    distance = radius(outer[0].shape)
    middle = np.median(np.concatenate([distance[one] for one in outer]))
    left, power = _left_over(slices, L), []
    for half in (distance <= middle, distance > middle):
        of_data, of_noise = _covariances(left, [one & half for one in outer])
        power.append(np.trace(np.linalg.solve(of_noise, of_data)).real)
    return float(max(power[0] / power[1] - 1, 0.0)) / 2


def _slices(raw: RawScan, data: Data, acquired: np.ndarray, first: noise.NoiseEstimate) -> list[_Slice]:
    """Stage some slices with their maps; nothing where those are two sets."""
    n_slices = len(data.kspace)
    sampled = each_slice(acquired, n_slices)
    n_chosen = min(n_slices, N_SLICES, -(-ENOUGH // max(int(sampled[0].sum()), 1)))
    chosen = np.linspace(0, n_slices - 1, n_chosen + 2)[1:-1].round().astype(int)
    sampled = sampled[chosen]
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
    return [
        _Slice(
            acquisition(
                torch.from_numpy(noise.whiten(whitening, coils.csm[i : i + 1])), torch.from_numpy(one.copy())
            ).encoding,
            noise.whiten(whitening, kspace[i : i + 1]),
            one,
        )
        for i, one in enumerate(sampled)
    ]


def _left_over(slices: list[_Slice], L: np.ndarray) -> list[list[np.ndarray]]:
    """Return what a fit leaves of each slice's data, then of its draws of noise with the covariance L Lᴴ.

    Each complex64 (coil, ky, kx).
    """
    left = []
    for i, (E, kspace, _) in enumerate(slices):
        drawn = (
            noise.whiten(L / np.sqrt(2), white_noise((1, i, k), kspace.shape)).astype(np.complex64)
            for k in range(N_DRAWS)
        )
        staged = torch.stack([E.stage(torch.from_numpy(part)) for part in (kspace, *drawn)])
        *_, last = residuals(E, staged, N_STEPS)
        left.append([E.unstage(part).numpy()[0] for part in last])
    return left


def _covariances(left: list[list[np.ndarray]], outer: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Σ r rᴴ over outer samples of what is left of data, and of noise: both complex128 (coil, coil)."""
    n_coils = len(left[0][0])
    of_data, of_noise = np.zeros((2, n_coils, n_coils), np.complex128)
    for (data, *noises), where in zip(left, outer, strict=True):
        of_data += _outer_product(data[:, where])
        of_noise += sum(_outer_product(one[:, where]) for one in noises) / N_DRAWS
    return of_data, of_noise


def _outer_product(samples: np.ndarray) -> np.ndarray:
    """Σ r rᴴ of samples (coil, sample)."""
    r = samples.astype(np.complex128)
    return r @ r.conj().T
