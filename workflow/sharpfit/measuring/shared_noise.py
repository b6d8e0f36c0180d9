"""How far an image follows the noise of a reference that was combined from its own samples.

Such a reference r = D Aᴴ y over all samples, D = 1 / Σ|S|², holds the noise n_r = D Aᴴ n, and by Stein's
lemma E Re⟨P n_r, x(y)⟩ = σ² E Re⟨P D Aᴴ w, d⟩ / σ, P the object, w of unit variance per component and d
what σ w makes of the image. One draw of w is taken for its mean. An image that follows a share f of the noise
gives f ‖P D Aᴴ w‖², so that over this energy, whose mean 2 m Σ D over P is known, m the share of k-space that
was sampled, f comes out without the draw's error: 0 of an image that ignores the data, 1 of a converged one.
"""

from torch import Tensor

from sharpfit.physics.norms import IMAGE, energy, inner, quotient


class SharedNoise:
    """What σ² multiplies above.

    Parameters
    ----------
    noise_adjoint
        Aᴴw, (draw, slice, y, x)
    weight
        P D, real (slice, y, x)
    sampled
        m, float64 (slice,)
    sigma
        noise std per real and imaginary component, which d has passed on
    """

    def __init__(self, noise_adjoint: Tensor, weight: Tensor, sampled: Tensor, sigma: float) -> None:
        self._sigma, self._combined = sigma, noise_adjoint * weight
        mean = 2 * sampled * weight.double().sum(IMAGE)
        self._over_mean = quotient(mean, energy(self._combined))

    def trace(self, d: Tensor) -> Tensor:
        """Return it, float64 (draw, slice), from d, (draw, slice, y, x)."""
        return self._over_mean * inner(self._combined, d) / self._sigma
