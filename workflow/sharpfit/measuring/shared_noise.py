"""How far an image follows the noise of a reference that was combined from its own samples.

Such a reference r = D Aᴴ y over all samples, D = 1 / Σ|S|², holds the noise n_r = D Aᴴ n, and by Stein's
lemma E Re⟨P n_r, x(y)⟩ = σ² E Re⟨P D Aᴴ w, x(y + δw) − x(y)⟩ / δ, P the object and w of unit variance
per component.
"""

from torch import Tensor

from sharpfit.physics.norms import energy, inner


class SharedNoise:
    """What σ² multiplies above.

    Parameters
    ----------
    noise_adjoint
        Aᴴw, (pair, slice, y, x)
    sketch_adjoint
        the same of further noise, (probe, slice, y, x): it tells the mean of ‖P D Aᴴ w‖²
    weight
        P D, real (slice, y, x)
    apart
        δ, how far the data of two fits lie apart along w
    """

    def __init__(self, noise_adjoint: Tensor, sketch_adjoint: Tensor, weight: Tensor, apart: float) -> None:
        self._apart, self._combined = apart, noise_adjoint * weight
        # By how much this noise's energy exceeds the mean: the trace of a converged fit does so too.
        self._surplus = energy(self._combined) - energy(sketch_adjoint * weight).mean(0)

    def trace(self, change: Tensor) -> Tensor:
        """Return it, float64 (pair, slice), from x(y + δw) − x(y), (pair, slice, y, x)."""
        return inner(self._combined, change) / self._apart - self._surplus
