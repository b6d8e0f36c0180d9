"""A fit as its measures tell it: what reconstruct stored of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True)
class Record:
    """What reconstruct measured at the checkpoints, in fitted units.

    Arrays start (checkpoint, slice); those of replicas go on (draw), filtered_sketch (sketch), frc
    (draw, ring) and psf (2w+1, 2w+1). `history` holds the columns of history.csv. side counts pixels along
    the smaller side of the images; sigma is the noise std per real and imaginary component; n_real and
    n_held_out count real numbers in one slice, the mean where slices are sampled differently.
    cutoff_asked is the eigenvalue of AᴴA down to which modes hold more signal than noise and the model can be
    believed, cutoff_used the one down to which errors are seen, seen_share the share of the object's modes
    above that. is_finite says that no iterate had a loss that is not, after which a fit ends. Images are
    measured inside the object alone.
    """

    iterations: np.ndarray
    rss: np.ndarray
    gradient_norm: np.ndarray
    image_norm: np.ndarray
    weak_mode_share: np.ndarray
    held_out_rss: np.ndarray
    surrogate_distance: np.ndarray
    df: np.ndarray
    v_data: np.ndarray
    v_image: np.ndarray
    filtered_rss: np.ndarray
    filtered_trace: np.ndarray
    filtered_trace_error: np.ndarray
    v_filtered: np.ndarray
    filtered_sketch: np.ndarray
    shared_noise: np.ndarray
    cross_gradient: np.ndarray
    gradient_energy: np.ndarray
    frc: np.ndarray
    frc_counts: np.ndarray
    psf: np.ndarray
    history: Mapping[str, np.ndarray]
    side: int
    sigma: float
    n_real: float
    n_held_out: float
    cutoff_asked: float
    cutoff_used: float
    seen_share: float
    stopped_because: str
    is_finite: bool
    last_step: float
    travel_needed: float
    has_learning_rate: bool = True
    """Whether `pace` in the history counts learning rates, or iterations of a solver that has none."""
    is_penalised: bool = False
    """Whether a penalty is minimised beside the loss, which may rise then without diverging."""
    weights: tuple[float, ...] = ()
    """Where the checkpoints are weights of a penalty: each one's, in units of σ; NaN at the start."""
    went_on: tuple[tuple[float, float], ...] = ()
    """Iterations from the end of the fit, and the squared distance of its image from the surrogate after so
    many, see `sharpfit.fitting.going_on`; empty where it did not go on."""
    has_measured_draw: bool = False
    """Whether the last draw's noise is that between averages of the scan, whatever σ is."""

    @property
    def n_slices(self) -> int:
        """Slices of the scan."""
        return self.rss.shape[1]

    def at_noise(self, ratio: float) -> "Record":
        """Return the record that a noise level of σ · ratio would have given.

        Cutoff, surrogate and ring correlations stay.
        """
        of_draw = np.full(self.v_image.shape[-1], ratio**2)
        of_draw[len(of_draw) - self.has_measured_draw :] = 1.0
        scaled = {name: getattr(self, name) * of_draw for name in ("v_data", "v_image", "v_filtered")}
        image = (self.gradient_energy + self.cross_gradient) / 2
        noise = (self.gradient_energy - self.cross_gradient) / 2 * of_draw
        scaled |= {"cross_gradient": image - noise, "gradient_energy": image + noise}
        return replace(self, sigma=self.sigma * ratio, **scaled)


MEASURES = tuple(f.name for f in fields(Record) if f.type in (np.ndarray, "np.ndarray"))
