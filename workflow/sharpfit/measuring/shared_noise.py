"""How far an image follows the noise of a reference that was combined from its own samples.

Such a reference r = D Aᴴ y over all samples, D = 1 / Σ|S|², holds the noise n_r = D Aᴴ n, and by Stein's
lemma E Re⟨P n_r, x(y)⟩ = σ² E Re⟨P D Aᴴ w, x(y + δw) − x(y)⟩ / δ, P the object and w of unit variance
per component. One draw of w is taken for its mean. An image that follows a share f of the noise gives
f ‖P D Aᴴ w‖², so that over this energy, whose mean 2 m Σ D over P is known, m the share of k-space that was
sampled, f comes out without the draw's error: 0 of an image that ignores the data, 1 of a converged one.
"""

from torch import Tensor

from sharpfit.physics.norms import IMAGE, energy, inner, quotient


class SharedNoise:
    """What σ² multiplies above.

    Parameters
    ----------
    noise_adjoint
        Aᴴw, (pair, slice, y, x)
    weight
        P D, real (slice, y, x)
    sampled
        m, float64 (slice,)
    apart
        δ, how far the data of two fits lie apart along w
    """

    def __init__(self, noise_adjoint: Tensor, weight: Tensor, sampled: Tensor, apart: float) -> None:
        self._apart, self._combined = apart, noise_adjoint * weight
        mean = 2 * sampled * weight.double().sum(IMAGE)
        self._over_mean = quotient(mean, energy(self._combined))

    def trace(self, change: Tensor) -> Tensor:
        """Return it, float64 (pair, slice), from x(y + δw) − x(y), (pair, slice, y, x)."""
        return self._over_mean * inner(self._combined, change) / self._apart
