"""The risk of an image, in every mode that is worth fitting.

SURE sees an error e as ‖A e‖²: a mode with eigenvalue s of M = AᴴA counts with weight s, so errors in weakly
observed modes hardly count at all, although they are what undersampling leaves to be fitted. GSURE
(Eldar 2009, doi:10.1109/TSP.2008.2008212) counts every mode alike and drowns in the noise of the weakest.
Here a mode counts fully when its signal stands above its noise: errors are seen through Q = p(M) M, near 1
for modes above a cutoff and falling to 0 below it. p is one function of M for the whole scan, so Q is linear
and fixed, and the estimate is unbiased whatever the shape of Q. Errors count inside the object alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sharpfit.measuring.spectral_filter import Inverses, Polynomials
from sharpfit.physics.conjugate_gradient import Gram
from sharpfit.physics.line_gram import LineGram
from sharpfit.physics.norms import energy, inner

_TOGETHER = 1 << 22  # numbers of images that are filtered at once


@dataclass(frozen=True)
class Filtered:
    """What an iterate shows through the filter.

    Attributes
    ----------
    rss
        ‖P p(M) g‖², float64 (slice,)
    sketch
        Re⟨P p(M) Aᴴb, P p(M) g⟩, float64 (sketch, slice)
    variance
        ‖P Q d‖²: the object's variance that the filter sees, float64 (draw, slice)
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

        ‖P Q (x − x_true)‖² ≈ ‖P p(M) g‖² + σ² (2 Re⟨Q P p(M) Aᴴw, d⟩ / σ − ‖P p(M) Aᴴw‖²),

    w of unit variance per component and d = σ J w what it makes of the image, J = ∂x/∂y:
    E Re⟨n, A p(M) P Q x(y)⟩ = σ² E Re⟨w, A p(M) P Q J w⟩.

    Parameters
    ----------
    gram
        AᴴA on images (…, slice, y, x), largest eigenvalue 1
    noise_adjoint
        Aᴴw, (draw, slice, y, x)
    sigma
        noise std per real and imaginary component
    asked
        the cutoff that the scan asks for, an eigenvalue of AᴴA
    sketch_adjoint
        the same of further noise b, (sketch, slice, y, x), which no replica is fitted to
    inside
        the diagonal of P, bool (slice, y, x) in the images' layout
    lines
        AᴴA of each slice as dense matrices, where it has them

    Attributes
    ----------
    lowest
        the cutoff that is used: at most what was asked for, unless its kind of filter ends above that
    """

    def __init__(
        self,
        gram: Gram,
        noise_adjoint: Tensor,
        sigma: float,
        asked: float,
        sketch_adjoint: Tensor,
        inside: Tensor,
        lines: Sequence[LineGram] = (),
    ) -> None:
        self._sigma, self._inside = sigma, inside
        self._filters = Inverses(lines, asked, inside) if lines else Polynomials(gram, asked)
        self.lowest = self._filters.lowest
        filtered = self._filter(noise_adjoint)
        self._noise_energy = energy(filtered)
        self._along = gram(self._filters.first(filtered))
        self._sketch = self._filter(sketch_adjoint)
        drawn = energy(self._sketch)
        self._expected, self._error = drawn.mean(0), drawn.std(0) / len(drawn) ** 0.5

    def _filter(self, x: Tensor) -> Tensor:
        """P p(M) x of images (draw, slice, y, x), a few at a time: many slices make several GB of them."""
        together = max(1, _TOGETHER // x[0].numel())
        parts = [self._filters.first(part) for part in x.split(together)]
        return torch.cat(parts) * self._inside

    def seen_share(self, z: Tensor, seen: Tensor) -> float:
        """Estimate tr(P Q P) / tr(P): the share of the object's modes that is seen.

        z: random signs ±1 inside the object, 0 outside; seen: M z.
        """
        return float(inner(z, self._filters.first(seen)).sum()) / max(int(self._inside.sum()), 1)

    def strong(self, x: Tensor) -> Tensor:
        """r(M) x, where r(M) M is near 1 in the modes that the data determine well and 0 in others.

        Told inside the object; lines that it does not meet may be 0.

        Of Aᴴy it is the same as `look` gives of g, so their sum is r(M) M of an image.
        """
        return self._filters.second(x)

    def look(self, gradient: Tensor, draws_seen: Tensor) -> Filtered:
        """Measure a gradient g (slice, y, x) and M d of every draw, (draw, slice, y, x), filtered at once.

        The sketch is Re⟨P p(M) Aᴴb, P p(M) g⟩. Between two iterates P p(M) g changes by P Q (x₁ − x₂), so the
        sketch changes as the noise term of the estimate does, and its spread over them, times 2σ, is
        the standard error that the data's noise leaves in a difference of two risks.
        """
        both = torch.cat([gradient[None], draws_seen])
        filtered, strong = self._filters.both(both)
        filtered = filtered * self._inside
        return Filtered(
            rss=energy(filtered[0]),
            sketch=inner(self._sketch, filtered[0]),
            variance=energy(filtered[1:]),
            strong=strong[0],
        )

    def trace(self, d: Tensor) -> tuple[Tensor, Tensor]:
        """Return what σ² multiplies above, and the standard error that w leaves in it.

        Of q = P p(M) Aᴴw the image follows a part k q, so 2 Re⟨q, k q⟩ − ‖q‖² = (2k − 1) ‖q‖², and with the
        variance ‖k q‖² of the same noise, which J takes off, −(1 − k)² ‖q‖². That varies with w, mostly by a
        few weak modes, so as much of ‖q‖² is replaced by the mean over noise b that no image follows.

        Returns
        -------
            both float64 (draw, slice)
        """
        followed = inner(self._along, d) / self._sigma
        k = torch.where(self._noise_energy > 0, followed / self._noise_energy, 0.0)
        k = k.clamp(0, 1)
        left = (1 - k) ** 2
        own = (1 - left) * self._noise_energy
        return 2 * followed - own - left * self._expected, left * self._error
