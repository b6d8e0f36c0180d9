"""Functions p of the gram M = AᴴA whose Q = p(M) M keeps modes above a cutoff and drops those below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.conjugate_gradient import Gram
from sharpfit.physics.line_gram import LineGram

LEAST_DEGREE = 8
"""Of a polynomial p; it reaches 0.03, and Q of the strongest modes strays from 1 by under a hundredth."""

HIGHEST = 0.9
"""Cutoff of a scan without signal."""

TOP = 1.05
"""Largest eigenvalue that polynomials are made for. ‖A‖ = 1 holds as the power method finds it, from below
and to about a per cent, and past its interval a polynomial of high degree grows steeply."""

WEAK = 0.03
"""Eigenvalue of AᴴA below which the data determine a mode only weakly: noise comes out six times as large."""

RIPPLE = 0.25
"""How far Q strays from 1 at the cutoff: with a polynomial's degree it sets how low that can be."""


def cutoff(data_energy: float, trace: float, sigma: float, n_real: float, *, model_errs: bool) -> float:
    """Return the eigenvalue s of AᴴA at which an average mode of the object holds as much signal as noise.

    That is 2σ² / P, with the signal energy per mode P = (‖y‖² − N_r σ²) / tr(AᴴA), the trace taken inside the
    object. It depends on the scan alone, so every regime is measured alike.

    Where the model errs, it is `WEAK` at least. An error of the model that reaches the data of a mode is
    divided by √s in the image that explains them, so in weak modes J would take that image for the true one
    and see the error fall while a fit goes there.
    """
    least = WEAK if model_errs else 0.0
    power = max(data_energy - n_real * sigma**2, 0.0) / trace
    return min(max(2 * sigma**2 / power, least), HIGHEST) if power > 0 else HIGHEST


def residual(s: np.ndarray, degree: int) -> np.ndarray:
    """Return r(s) = 1 − Q(s) of a polynomial p of this degree, on [0, TOP].

    Of all r of degree + 1 with r(0) = 1 it has the least ∫ r² √(s / (TOP − s)) ds: Σ W(s) W(0) / Σ W(0)² over
    Chebyshev's polynomials of the fourth kind, which are orthogonal under that weight: with
    s = TOP sin²(θ / 2), W = sin((k + ½) θ) / sin(θ / 2) (Stiefel 1958, Natl. Bur. Stand. Appl. Math.
    Ser. 49, 1). It falls as 1 / s above the cutoff, so Q is 1 where most modes lie. A Q that is as near to 1
    everywhere above the cutoff reaches half as low, but strays as far at the top, and where all modes lie
    there, as in a scan of all samples, J was 0.6 to 1.5 times the error.
    """
    odd = 2.0 * np.arange(degree + 2) + 1
    half = np.maximum(np.arcsin(np.sqrt(s / TOP)), 1e-9)[..., None]  # θ / 2
    return np.asarray((odd * np.sin(odd * half) / np.sin(half)).sum(-1) / (odd**2).sum())


@cache
def reach(degree: int) -> float:
    """Cutoff of a polynomial p of this degree, where r falls to `RIPPLE`: 0.015 for 12, 0.0008 for 60."""
    first_zero = 4.4934 / (degree + 2)  # of the Bessel function of order 1.5, in θ with s = TOP sin²(θ / 2)
    s = TOP * np.sin(np.linspace(0, first_zero, 2001) / 2) ** 2
    return float(np.interp(RIPPLE, residual(s, degree)[::-1], s[::-1]))


def degree_for(asked: float, highest: int) -> int:
    """Least degree whose reach is the cutoff asked for, up to a highest; then the filter ends early."""
    degrees = range(LEAST_DEGREE, highest)
    return next((degree for degree in degrees if reach(degree) <= asked), highest)


def filter_series(degree: int) -> list[float]:
    """Chebyshev coefficients on [0, TOP] of p(s) = (1 − r(s)) / s."""
    interpolate = np.polynomial.chebyshev.Chebyshev.interpolate
    series = interpolate(lambda s: (1 - residual(s, degree)) / s, degree, domain=[0, TOP])
    return [float(c) for c in series.coef]


def apply_series(gram: Gram, x: Tensor, *series: Sequence[float]) -> list[Tensor]:
    """Return p(AᴴA) x of every p for images (…, y, x), each p in Chebyshev polynomials on [0, TOP].

    The polynomials share the applications of AᴴA.
    """
    before, now = x, gram(x).mul_(2 / TOP).sub_(x)
    totals = [p[0] * before + p[1] * now for p in series]
    for k in range(2, max(map(len, series))):
        before, now = now, gram(now).mul_(4 / TOP).sub_(now, alpha=2).sub_(before)
        for total, p in zip(totals, series, strict=True):
            if k < len(p):
                total.add_(now, alpha=p[k])
    return totals


class Polynomials:
    """Both filters as polynomials of the gram, by applying it as often as the higher degree says.

    Parameters
    ----------
    gram
        AᴴA on images (…, slice, y, x), largest eigenvalue 1
    asked
        cutoff of the first

    Attributes
    ----------
    lowest
        the cutoff that is used: at most what was asked for, unless the highest degree ends above that
    """

    HIGHEST_DEGREE: ClassVar = 80
    """Every measurement costs twice as many applications of AᴴA."""

    DEGREE_OF_WEAK: ClassVar = 12
    """Above `WEAK` its Q strays from 1 by an eleventh, in strong modes by a hundredth."""

    def __init__(self, gram: Gram, asked: float) -> None:
        degree = degree_for(asked, self.HIGHEST_DEGREE)
        self.lowest = reach(degree)
        self._gram, self._series = gram, (filter_series(degree), filter_series(self.DEGREE_OF_WEAK))

    def first(self, x: Tensor) -> Tensor:
        """Apply p of the cutoff asked for."""
        return apply_series(self._gram, x, self._series[0])[0]

    def second(self, x: Tensor) -> Tensor:
        """Apply p of `WEAK`."""
        return apply_series(self._gram, x, self._series[1])[0]

    def both(self, x: Tensor) -> list[Tensor]:
        """Apply both."""
        return apply_series(self._gram, x, *self._series)


class Inverses:
    """Both as p(M) = (M + 2a) (M + a)⁻², Q = 1 − (a / (M + a))², where the gram is one dense matrix per line.

    That is Tikhonov's filter iterated once (King & Chillingworth 1979, Numer. Funct. Anal. Optim. 1, 499).
    Lines do not mix, so those beside the object are left out: what they are mapped to is 0.

    Parameters
    ----------
    lines
        AᴴA of every slice
    asked
        see `Polynomials`
    inside
        the object, bool (slice, line, n)
    """

    LOWEST: ClassVar = 1e-5
    """It lies a hundred roundings of the largest eigenvalue above zero."""

    def __init__(self, lines: Sequence[LineGram], asked: float, inside: Tensor) -> None:
        met = inside.any(-1).any(0).nonzero()
        self._met = slice(int(met[0]), int(met[-1]) + 1) if len(met) else slice(1)
        self.lowest = max(asked, self.LOWEST)
        at_object = [one.at(self._met) for one in lines]
        # Q strays from 1 by `RIPPLE` at the cutoff, where a is, and by a thirtieth at `WEAK`.
        self._first, self._second = (
            [one.iterated_inverse(a) for one in at_object] for a in (self.lowest, WEAK / 5)
        )

    def first(self, x: Tensor) -> Tensor:
        """Apply p of the cutoff asked for."""
        return self._by_slice(self._first, x)

    def second(self, x: Tensor) -> Tensor:
        """Apply p of `WEAK`."""
        return self._by_slice(self._second, x)

    def both(self, x: Tensor) -> list[Tensor]:
        """Apply both."""
        return [self.first(x), self.second(x)]

    def _by_slice(self, matrices: Sequence[LineGram], x: Tensor) -> Tensor:
        """Apply each slice's matrices to images (…, slice, line, n)."""
        items = x.reshape(-1, *x.shape[-3:])
        mapped = torch.zeros_like(items)
        for i, one in enumerate(matrices):
            mapped[:, i : i + 1, self._met] = one(items[:, i : i + 1, self._met])
        return mapped.reshape(x.shape)
