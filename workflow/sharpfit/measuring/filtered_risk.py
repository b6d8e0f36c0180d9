"""The risk of an image, in every mode that is worth fitting.

SURE sees an error e as ‖A e‖²: a mode with eigenvalue s of M = AᴴA counts with weight s, so errors in weakly
observed modes hardly count at all, although they are what undersampling leaves to be fitted. GSURE
(Eldar 2009, doi:10.1109/TSP.2008.2008212) counts every mode alike and drowns in the noise of the weakest.
Here a mode counts fully when its signal stands above its noise: errors are seen through Q = p(M) M, near 1
for modes above a cutoff and falling to 0 below it. p is a polynomial, so Q is linear and fixed, and the
estimate is unbiased whatever the shape of Q.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from sharpfit.physics.conjugate_gradient import Gram
from sharpfit.physics.norms import energy, inner

DEGREE = 12
"""Of p; every measurement costs three times as many applications of AᴴA."""

HIGHEST = 0.9
"""Cutoff of a scan without signal."""

RIPPLE = 0.25
"""How far Q may stray from 1 above the cutoff: at this degree it sets the lowest cutoff, 0.0063."""


def cutoff(data_energy: float, trace: float, sigma: float, n_real: int) -> float:
    """Return the eigenvalue of AᴴA at which an average mode holds as much signal as noise, within bounds.

    That is 2σ² / P, with the signal energy per mode P = (‖y‖² − N_r σ²) / tr(AᴴA). It depends on the scan
    alone, so every regime is measured alike.
    """
    lowest = float(np.tanh(np.arccosh(1 / RIPPLE) / (2 * (DEGREE + 1))) ** 2)
    power = max(data_energy - n_real * sigma**2, 0.0) / trace
    return min(max(2 * sigma**2 / power, lowest), HIGHEST) if power > 0 else HIGHEST


def filter_series(lowest: float) -> list[float]:
    """Chebyshev coefficients on [0, 1] of the p whose Q(s) = s p(s) is nearest to 1 on [lowest, 1].

    1 − Q(s) = T(μ(s)) / T(μ(0)), T the Chebyshev polynomial of degree DEGREE + 1 and μ mapping
    [lowest, 1] to [1, −1] (Flanders & Shortley 1950, doi:10.1063/1.1699598).
    """
    chebyshev = np.polynomial.chebyshev.Chebyshev
    T = chebyshev.basis(DEGREE + 1)

    def p(s: np.ndarray) -> np.ndarray:
        return (1 - T((1 + lowest - 2 * s) / (1 - lowest)) / T((1 + lowest) / (1 - lowest))) / s

    return [float(c) for c in chebyshev.interpolate(p, DEGREE, domain=[0, 1]).coef]


def apply_series(gram: Gram, x: Tensor, coefficients: list[float]) -> Tensor:
    """Return p(AᴴA) x for images (…, y, x), p in Chebyshev polynomials on [0, 1]."""
    before, now = x, 2 * gram(x) - x
    total = coefficients[0] * before + coefficients[1] * now
    for c in coefficients[2:]:
        before, now = now, 4 * gram(now) - 2 * now - before
        total = total + c * now
    return total


class FilteredRisk:
    """‖Q (x − x_true)‖² without knowing x_true, from the gradient g = AᴴA x − Aᴴy.

    Stein's lemma on e = p(M) g = Q (x − x_true) − p(M) Aᴴn gives

        ‖Q (x − x_true)‖² ≈ ‖p(M) g‖² + σ² (2 Re⟨p(M) Q Aᴴb, x(y + εb) − x(y)⟩ / ε − ‖p(M) Aᴴb‖²),

    b of unit variance per component.

    Args:
        gram: AᴴA on images (…, slice, y, x), largest eigenvalue 1.
        probe_adjoint: Aᴴb, (pair, slice, y, x).
        eps: ε of the probes.
        lowest: the cutoff, an eigenvalue of AᴴA.
        sketch_adjoint: Aᴴb of further probes, (probe, slice, y, x), which no replica is fitted to.
    """

    def __init__(
        self, gram: Gram, probe_adjoint: Tensor, eps: float, lowest: float, sketch_adjoint: Tensor
    ) -> None:
        self._gram, self._eps = gram, eps
        self._series = filter_series(lowest)
        filtered = self._filter(probe_adjoint)
        self._noise_energy = energy(filtered)
        self._probe = gram(self._filter(filtered))
        self._sketch = self._filter(sketch_adjoint)

    def _filter(self, x: Tensor) -> Tensor:
        return apply_series(self._gram, x, self._series)

    def residual(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """‖p(M) g‖² of g (slice, y, x), float64 (slice,), and its sketch, float64 (probe, slice).

        The sketch is Re⟨p(M) Aᴴb, p(M) g⟩. Between two iterates p(M) g changes by Q (x₁ − x₂), so the
        sketch changes as the noise term of the estimate does, and its spread over probes, times 2σ, is
        the standard error that the data's noise leaves in a difference of two risks.
        """
        filtered = self._filter(gradient)
        return energy(filtered), inner(self._sketch, filtered)

    def trace(self, spread: Tensor) -> Tensor:
        """Return what σ² multiplies above, float64 (pair, slice), from spread = x(y + εb) − x(y)."""
        return 2 * inner(self._probe, spread) / self._eps - self._noise_energy

    def variance(self, difference: Tensor) -> Tensor:
        """‖Q (x₊ − x₋)‖² / 4: the variance of an image that the filter sees, float64 (pair, slice)."""
        return energy(self._filter(self._gram(difference))) / 4
