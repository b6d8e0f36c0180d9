"""The risk of an image, in every mode that is worth fitting.

SURE sees an error e as ‖A e‖²: a mode with eigenvalue s of M = AᴴA counts with weight s, so errors in weakly
observed modes hardly count at all, although they are what undersampling leaves to be fitted. GSURE
(Eldar 2009, doi:10.1109/TSP.2008.2008212) counts every mode alike and drowns in the noise of the weakest.
Here a mode counts fully when its signal stands above its noise: errors are seen through Q = p(M) M, near 1
for modes above a cutoff and falling to 0 below it. p is a polynomial, so Q is linear and fixed, and the
estimate is unbiased whatever the shape of Q. Errors count inside the object alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sharpfit.physics.conjugate_gradient import Gram
from sharpfit.physics.norms import energy, inner

LEAST_DEGREE, HIGHEST_DEGREE = 12, 60
"""Of p; every measurement costs three times as many applications of AᴴA."""

HIGHEST = 0.9
"""Cutoff of a scan without signal."""

TOP = 1.05
"""Largest eigenvalue that p is made for. ‖A‖ = 1 holds as the power method finds it, from below and to about
a per cent, and past its interval a polynomial of degree 60 grows twentyfold within a thousandth."""

WEAK = 0.03
"""Eigenvalue of AᴴA below which the data determine a mode only weakly: noise comes out six times as large."""

RIPPLE = 0.25
"""How far Q may stray from 1 above the cutoff: with the degree it sets how low a cutoff can be."""

_TOGETHER = 1 << 22  # numbers of probes' images that are filtered at once


def cutoff(data_energy: float, trace: float, sigma: float, n_real: float) -> float:
    """Return the eigenvalue of AᴴA at which an average mode of the object holds as much signal as noise.

    That is 2σ² / P, with the signal energy per mode P = (‖y‖² − N_r σ²) / tr(AᴴA), the trace taken inside the
    object. It depends on the scan alone, so every regime is measured alike.
    """
    power = max(data_energy - n_real * sigma**2, 0.0) / trace
    return min(2 * sigma**2 / power, HIGHEST) if power > 0 else HIGHEST


def reach(degree: int) -> float:
    """Lowest cutoff of a p of this degree: 0.0066 for 12, 0.0003 for 60."""
    return float(TOP * np.tanh(np.arccosh(1 / RIPPLE) / (2 * (degree + 1))) ** 2)


def degree_for(asked: float) -> int:
    """Least degree whose reach is the cutoff asked for, within bounds; above its own a filter ends early."""
    degrees = range(LEAST_DEGREE, HIGHEST_DEGREE)
    return next((degree for degree in degrees if reach(degree) <= asked), HIGHEST_DEGREE)


def filter_series(lowest: float, degree: int = LEAST_DEGREE) -> list[float]:
    """Chebyshev coefficients on [0, TOP] of the p whose Q(s) = s p(s) is nearest to 1 on [lowest, TOP].

    1 − Q(s) = T(μ(s)) / T(μ(0)), T the Chebyshev polynomial of the degree + 1 and μ mapping
    [lowest, TOP] to [1, −1] (Flanders & Shortley 1950, doi:10.1063/1.1699598).
    """
    chebyshev = np.polynomial.chebyshev.Chebyshev
    T = chebyshev.basis(degree + 1)

    def p(s: np.ndarray) -> np.ndarray:
        return (1 - T((TOP + lowest - 2 * s) / (TOP - lowest)) / T((TOP + lowest) / (TOP - lowest))) / s

    return [float(c) for c in chebyshev.interpolate(p, degree, domain=[0, TOP]).coef]


def apply_series(gram: Gram, x: Tensor, *series: Sequence[float]) -> list[Tensor]:
    """Return p(AᴴA) x of every p for images (…, y, x), each p in Chebyshev polynomials on [0, TOP].

    The polynomials share the applications of AᴴA; the first is of the highest degree.
    """
    before, now = x, gram(x).mul_(2 / TOP).sub_(x)
    totals = [p[0] * before + p[1] * now for p in series]
    for k in range(2, len(series[0])):
        before, now = now, gram(now).mul_(4 / TOP).sub_(now, alpha=2).sub_(before)
        for total, p in zip(totals, series, strict=True):
            if k < len(p):
                total.add_(now, alpha=p[k])
    return totals


@dataclass(frozen=True)
class Filtered:
    """What an iterate shows through the filter.

    Attributes
    ----------
    rss
        ‖P p(M) g‖², float64 (slice,)
    sketch
        Re⟨P p(M) Aᴴb, P p(M) g⟩, float64 (probe, slice)
    variance
        ‖P Q (x₊ − x₋)‖² / 4: the object's variance that the filter sees, float64 (pair, slice)
    strong
        r(M) g, see :meth:`FilteredRisk.strong`, (slice, y, x)
    """

    rss: Tensor
    sketch: Tensor
    variance: Tensor
    strong: Tensor


class FilteredRisk:
    """‖P Q (x − x_true)‖² without knowing x_true, from the gradient g = AᴴA x − Aᴴy.

    P keeps the pixels of the object and is 0 outside. Stein's lemma on
    P p(M) g = P Q (x − x_true) − P p(M) Aᴴn, n = σ w, gives

        ‖P Q (x − x_true)‖² ≈ ‖P p(M) g‖² + σ² (2 Re⟨Q P p(M) Aᴴw, x(y + δw) − x(y)⟩ / δ − ‖P p(M) Aᴴw‖²),

    w of unit variance per component: E Re⟨n, A p(M) P Q x(y)⟩ = σ² E Re⟨w, A p(M) P Q J w⟩, J = ∂x/∂y.

    Parameters
    ----------
    gram
        AᴴA on images (…, slice, y, x), largest eigenvalue 1
    noise_adjoint
        Aᴴw, (pair, slice, y, x)
    apart
        δ, how far the data of two fits lie apart along w
    asked
        the cutoff that the scan asks for, an eigenvalue of AᴴA
    sketch_adjoint
        the same of further noise b, (probe, slice, y, x), which no replica is fitted to
    inside
        the diagonal of P, bool (slice, y, x) in the images' layout

    Attributes
    ----------
    lowest
        the cutoff that is used: what was asked for, or where the highest degree ends
    """

    def __init__(
        self,
        gram: Gram,
        noise_adjoint: Tensor,
        apart: float,
        asked: float,
        sketch_adjoint: Tensor,
        inside: Tensor,
    ) -> None:
        self._gram, self._apart, self._inside = gram, apart, inside
        degree = degree_for(asked)
        self.lowest = max(asked, reach(degree))
        self._series = filter_series(self.lowest, degree)
        self._strong_series = filter_series(WEAK)
        filtered = self._filter(noise_adjoint)
        self._noise_energy = energy(filtered)
        self._along = gram(*apply_series(gram, filtered, self._series))
        self._sketch = self._filter(sketch_adjoint)

    def _filter(self, x: Tensor) -> Tensor:
        """P p(M) x of images (probe, slice, y, x), a few at a time: many slices make several GB of them."""
        together = max(1, _TOGETHER // x[0].numel())
        parts = [apply_series(self._gram, part, self._series)[0] for part in x.split(together)]
        return torch.cat(parts) * self._inside

    def strong(self, x: Tensor) -> Tensor:
        """r(M) x, where r(M) M is near 1 in the modes that the data determine well and 0 in others.

        Of Aᴴy it is the same as `look` gives of g, so their sum is r(M) M of an image.
        """
        return apply_series(self._gram, x, self._strong_series)[0]

    def look(self, gradient: Tensor, halves_seen: Tensor) -> Filtered:
        """Measure a gradient g (slice, y, x) and M (x₊ − x₋) of pairs, (pair, slice, y, x), filtered at once.

        The sketch is Re⟨P p(M) Aᴴb, P p(M) g⟩. Between two iterates P p(M) g changes by P Q (x₁ − x₂), so the
        sketch changes as the noise term of the estimate does, and its spread over probes, times 2σ, is
        the standard error that the data's noise leaves in a difference of two risks.
        """
        both = torch.cat([gradient[None], halves_seen])
        filtered, strong = apply_series(self._gram, both, self._series, self._strong_series)
        filtered = filtered * self._inside
        return Filtered(
            rss=energy(filtered[0]),
            sketch=inner(self._sketch, filtered[0]),
            variance=energy(filtered[1:]) / 4,
            strong=strong[0],
        )

    def trace(self, change: Tensor) -> Tensor:
        """Return what σ² multiplies above, float64 (pair, slice), from x(y + δw) − x(y)."""
        return 2 * inner(self._along, change) / self._apart - self._noise_energy
