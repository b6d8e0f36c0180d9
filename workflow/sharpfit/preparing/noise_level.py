"""One level per scan: the noise that was measured or stated, held against what no image explains.

It is settled before any fit, from the scan alone, so that every regime is fitted, stopped, judged and ranked
at the same level, and editing one regime leaves the others as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.encoding import SAMPLES, Encoding
from sharpfit.physics.norms import energy
from sharpfit.physics.operators import LinearOperator
from sharpfit.physics.white_noise import white_noise

N_STEPS = 20
"""Conjugate gradient steps: a residual that noise dominates is at rest after ten."""

REDUNDANCY = 0.1
"""Share of the noise that must be left unexplained for the residual to say anything."""

AGREES = 0.1
"""A residual's variance within this of the level's agrees with it: 5 % of σ moves no verdict."""

STANDARD_ERRORS = 3.0

HIGHEST = 2.5
"""Above this many times the variance, the model is to blame rather than a level stated 58 % too low."""


@dataclass(frozen=True)
class SettledLevel:
    """The level to fit and judge at.

    Attributes
    ----------
    sigma
        std of the noise per real and imaginary component, in the units of the samples
    uncertainty
        relative standard error of `sigma`; NaN where it was stated and nothing could check it
    check
        what the residual says of the level that was given, one sentence
    model_errs
        whether the residual holds more than this level, which then is the model's error
    """

    sigma: float
    uncertainty: float
    check: str
    model_errs: bool = False


@dataclass(frozen=True)
class Residual:
    """What no image explains, step by step of a growing fit, over all slices.

    Attributes
    ----------
    variance
        its variance over that of the given level, float64 (step,)
    left
        share of white noise that is left unexplained, float64 (step,)
    n_left
        the same as a count of real numbers, float64 (step,)
    """

    variance: np.ndarray
    left: np.ndarray
    n_left: np.ndarray


def settle(
    kspace: np.ndarray,
    csm: np.ndarray,
    mask: np.ndarray,
    sigma: float,
    uncertainty: float,
    learnt: np.ndarray | None = None,
) -> SettledLevel:
    """Hold a given noise level against the residual, and take the residual's where it convicts the given one.

    The residual's variance is σ² plus what an imperfect model leaves. Below σ², it convicts the level of
    being too high, if it is so low where the maps have not explained noise themselves. Above σ², a level that
    was only stated is taken for too low, unless by so much that the model is to blame. One that was measured
    stands: the excess is the model's error, and is said, not counted as noise: it goes with the signal, and
    the samples held out see what it does to the image. J then counts well-determined modes alone.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), white, 0 where nothing was sampled
    csm
        complex64 (slice, coil, y, x), as the model uses them
    mask
        bool (ky, kx) or (slice, ky, kx)
    sigma
        the given level
    uncertainty
        its relative standard error; NaN where it was stated
    learnt
        bool (ky, kx), what the maps were estimated from, if anything: its residual may be as low as 0.7 σ²
    """
    whole, rest = residual(kspace, csm, mask, sigma, learnt)
    known = rest.left > REDUNDANCY
    if not known.any():
        return SettledLevel(sigma, uncertainty, "not checked: an image explains nearly every sample")
    error = float(np.sqrt(4 / rest.n_left[known].min()))
    lowest, last = float(rest.variance[known].min()), float(whole.variance[known][-1])
    margin = max(AGREES, STANDARD_ERRORS * error)
    if lowest < 1 - margin:
        return _taken(sigma, lowest, error)
    if last <= 1 + margin:
        said = f"agrees: the residual of a fit has {last:.2f} of its variance"
        return SettledLevel(sigma, uncertainty, said)
    if not np.isfinite(uncertainty) and last < HIGHEST:
        return _taken(sigma, last, error)
    advice = "; look at the coil maps, the axes and where the level is from" if last > HIGHEST else ""
    check = (
        f"stands: the residual of a fit has {last:.2f} of its variance, by the model's error, so J counts "
        f"well-determined modes alone{advice}"
    )
    return SettledLevel(sigma, uncertainty, check, model_errs=True)


def _taken(sigma: float, variance: float, error: float) -> SettledLevel:
    """Take the level that the residual shows; error: relative standard error of the variance."""
    ratio = float(np.sqrt(variance))
    check = f"corrected by {ratio:.2f}: the residual of a fit has {variance:.2f} of its variance"
    return SettledLevel(sigma * ratio, error / 2, check)


def residual(
    kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, sigma: float, learnt: np.ndarray | None = None
) -> tuple[Residual, Residual]:
    """Find what conjugate gradient steps leave of the data, over what they leave of white noise.

    The steps' polynomial of AᴴA is found on the data and applied to noise b of unit variance too, so that
    ‖(I − H) y‖² / ‖(I − H) b‖² is σ² plus what the model leaves of the signal, however few the steps.

    Returns
    -------
        of all samples, and of those that are not ``learnt``
    """
    alike = [range(len(kspace))] if mask.ndim == 2 else [range(i, i + 1) for i in range(len(kspace))]
    left, counts = zip(
        *(
            _residual_of(which, kspace, csm, one, learnt)
            for which, one in zip(alike, mask.reshape(-1, *mask.shape[-2:]), strict=True)
        ),
        strict=True,
    )
    whole, unlearnt = (
        _over_noise(data, noise, int(count), sigma)
        for (data, noise), count in zip(np.sum(left, axis=0), np.sum(counts, axis=0), strict=True)
    )
    return whole, unlearnt


def _residual_of(
    which: range,
    kspace: np.ndarray,
    csm: np.ndarray,
    mask: np.ndarray,
    learnt: np.ndarray | None,
) -> tuple[np.ndarray, list[int]]:
    """Find what is left of those slices' data, which one mask (ky, kx) samples.

    Returns
    -------
        ‖r‖² of (all or rest, data or noise, step), and how many real numbers all and rest are
    """
    sampled = torch.from_numpy(mask)
    left_out = torch.from_numpy(np.zeros_like(mask) if learnt is None else learnt & mask)
    counts = [int(part.sum()) for part in (sampled, sampled & ~left_out)]
    left = np.zeros((2, 2, N_STEPS))
    for i in which:
        E, _, rest = acquisition(torch.from_numpy(csm[i : i + 1]), sampled).encoding.split(left_out)
        b = E.stage(torch.from_numpy(white_noise((0, i), kspace[i : i + 1].shape)))
        left += _left_over(E, rest, torch.stack([E.stage(torch.from_numpy(kspace[i : i + 1])), b]))
    n_real = 2 * len(which) * kspace.shape[1]
    return left, [n_real * count for count in counts]


def _over_noise(data: np.ndarray, noise: np.ndarray, n_real: int, sigma: float) -> Residual:
    enough = noise > 0
    variance = np.where(enough, data / np.where(enough, noise, 1.0), np.inf)
    return Residual(variance / sigma**2, noise / max(n_real, 1), noise)


def _left_over(E: Encoding, rest: LinearOperator, samples: Tensor) -> np.ndarray:
    """‖r‖² of data and noise (item, slice, …) after each of the data's steps: (all or rest, item, step)."""
    left = np.empty((2, len(samples), N_STEPS))
    for step, r in enumerate(residuals(E, samples, N_STEPS)):
        for part, these in zip(left, (r, rest(r)), strict=True):
            part[:, step] = energy(these, SAMPLES)[:, 0].numpy()
    return left


def residuals(E: Encoding, samples: Tensor, n_steps: int) -> Iterator[Tensor]:
    """Yield what each conjugate gradient step leaves of samples (item, slice, …) of one slice.

    The steps are those of the first item, so that of all items the same polynomial of EᴴE is left.
    """
    r = samples
    gradient = E.adjoint(r)
    direction, power = gradient, float(energy(gradient[0]))
    for _ in range(n_steps):
        seen = E(direction)
        curvature = float(energy(seen[0], SAMPLES))
        alpha = power / curvature if curvature > 0 else 0.0
        r = r - alpha * seen
        gradient = E.adjoint(r)
        power, before = float(energy(gradient[0])), power
        direction = gradient + (power / before if before > 0 else 0.0) * direction
        yield r
