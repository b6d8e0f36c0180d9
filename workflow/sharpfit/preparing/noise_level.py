"""One noise level per scan: what was measured or stated, held against what no image explains.

It is settled before any fit, from the scan alone, so that every regime is fitted, stopped, judged and ranked
at the same level, and editing one regime leaves the others as they are.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.encoding import SAMPLES, Encoding
from sharpfit.physics.norms import energy

N_STEPS = 20
"""Conjugate gradient steps: a residual that noise dominates is at rest after ten."""

REDUNDANCY = 0.3
"""Share of the noise that must be left unexplained for the residual to say anything."""

AGREES = 0.1
"""A residual's variance within this of the level's agrees with it: 5 % of σ moves no verdict."""

HIGHEST = 2.5
"""Above this many times the stated variance a residual is a bad model, not a level 58 % too low."""

STANDARD_ERRORS = 3.0


@dataclass(frozen=True)
class SettledLevel:
    """The level to fit and judge at.

    Attributes
    ----------
    sigma
        std per real and imaginary component, in the units of the samples
    uncertainty
        relative standard error of `sigma`; NaN where it was stated and nothing could check it
    check
        what the residual says of the level that was given, one sentence
    unexplained
        variance of what no image explains over that of `sigma`, at least 1: above it stands the model's error
    """

    sigma: float
    uncertainty: float
    check: str
    unexplained: float = 1.0


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
    kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, sigma: float, uncertainty: float
) -> SettledLevel:
    """Hold a given noise level against the residual, and correct it where that convicts it.

    The residual's variance is σ² plus what an imperfect model or a fit too short leaves. Below σ² it convicts
    the level of being too high, whatever the model. Above, it speaks only against a level that somebody
    stated, when it is at rest and no stronger than noise could be: above a measured level it is the model's
    error, as with coil maps of a real head.

    Parameters
    ----------
    kspace
        complex64 (slice, coil, ky, kx), white, 0 where nothing was sampled
    csm
        complex64 (slice, coil, y, x), as the model uses them
    mask
        bool (ky, kx)
    sigma
        the given level
    uncertainty
        its relative standard error; NaN where it was stated
    """
    seen = residual(kspace, csm, mask, sigma)
    known = seen.left > REDUNDANCY
    if not known.any():
        return SettledLevel(sigma, uncertainty, "not checked: an image explains nearly every sample")
    variance = seen.variance[known]
    error = float(np.sqrt(4 / seen.n_left[known].min()))
    lowest, last = float(variance.min()), float(variance[-1])
    margin = max(AGREES, STANDARD_ERRORS * error)
    at_rest = abs(np.log(last / variance[len(variance) // 2])) < AGREES
    stated = not np.isfinite(uncertainty)
    if lowest < 1 - margin:
        return _corrected(sigma, lowest, error)
    if last <= 1 + margin:
        return SettledLevel(
            sigma, uncertainty, f"agrees: the residual of a fit has {last:.2f} of its variance"
        )
    if stated and at_rest and last < HIGHEST:
        return _corrected(sigma, last, error)
    return SettledLevel(
        sigma,
        uncertainty,
        f"kept: the residual of a fit has {last:.2f} of its variance, which counts as the model's error",
        last,
    )


def _corrected(sigma: float, variance: float, error: float) -> SettledLevel:
    """Take the level that the residual shows. error: relative standard error of the variance."""
    ratio = float(np.sqrt(variance))
    check = f"corrected by {ratio:.2f}: the residual of a fit has {variance:.2f} of its variance"
    return SettledLevel(sigma * ratio, error / 2, check)


def residual(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray, sigma: float) -> Residual:
    """Find what conjugate gradient steps leave of the data, over what they leave of white noise.

    The steps' polynomial of AᴴA is found on the data and applied to noise b of unit variance too, so that
    ‖(I − H) y‖² / ‖(I − H) b‖² is σ² plus what the model leaves of the signal, however few the steps.
    """
    sampled = torch.from_numpy(mask)
    data, noise, total = np.zeros(N_STEPS), np.zeros(N_STEPS), 0
    for i in range(len(kspace)):
        E = acquisition(torch.from_numpy(csm[i : i + 1]), sampled).encoding
        drawn = np.random.default_rng((0, i)).standard_normal((*kspace[i : i + 1].shape, 2), np.float32)
        b = E.stage(torch.from_numpy(drawn.view(np.complex64)[..., 0]))
        left = _left_over(E, torch.stack([E.stage(torch.from_numpy(kspace[i : i + 1])), b]))
        data += left[:, 0]
        noise += left[:, 1]
        total += 2 * E.n_samples
    enough = noise > 0
    variance = np.where(enough, data / np.where(enough, noise, 1.0), np.inf)
    return Residual(variance / sigma**2, noise / total, noise)


def _left_over(E: Encoding, samples: Tensor) -> np.ndarray:
    """‖r‖² of data and noise (item, slice, …) after each step, the data's steps for both: (step, item)."""
    left = np.empty((N_STEPS, len(samples)))
    r = samples
    gradient = E.adjoint(r)
    direction, power = gradient, float(energy(gradient[0]))
    for step in range(N_STEPS):
        seen = E(direction)
        curvature = float(energy(seen[0], SAMPLES))
        alpha = power / curvature if curvature > 0 else 0.0
        r = r - alpha * seen
        gradient = E.adjoint(r)
        power, before = float(energy(gradient[0])), power
        direction = gradient + (power / before if before > 0 else 0.0) * direction
        left[step] = energy(r, SAMPLES)[:, 0].numpy()
    return left
