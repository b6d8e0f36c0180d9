"""How far an image follows the noise of a reference that was combined from its own samples.

Such a reference r = D Aᴴ y over all samples, D = 1 / Σ|S|², holds the noise n_r = D Aᴴ n, and by Stein's
lemma E Re⟨P n_r, x(y)⟩ = σ² E Re⟨P D Aᴴ b, x(y + εb) − x(y)⟩ / ε, P the object and b of unit variance per
component.
"""

from torch import Tensor

from sharpfit.physics.norms import energy, inner


class SharedNoise:
    """What σ² multiplies above.

    Parameters
    ----------
    probe_adjoint
        Aᴴb, (pair, slice, y, x)
    sketch_adjoint
        the same of further probes, (probe, slice, y, x): they tell the mean of ‖P D Aᴴ b‖²
    weight
        P D, real (slice, y, x)
    eps
        ε of the probes
    """

    def __init__(self, probe_adjoint: Tensor, sketch_adjoint: Tensor, weight: Tensor, eps: float) -> None:
        self._eps, self._combined = eps, probe_adjoint * weight
        # By how much a probe's energy exceeds the mean: the trace of a converged fit does so too.
        self._surplus = energy(self._combined) - energy(sketch_adjoint * weight).mean(0)

    def trace(self, spread: Tensor) -> Tensor:
        """Return it, float64 (pair, slice), from spread = x(y + εb) − x(y), (pair, slice, y, x)."""
        return inner(self._combined, spread) / self._eps - self._surplus
