"""A fit as its measures tell it: what reconstruct stored of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Record:
    """What reconstruct measured at the checkpoints, in fitted units.

    Arrays start (checkpoint, slice); those of replicas go on (pair), filtered_sketch (probe), frc
    (pair, ring) and psf (point, 2w+1, 2w+1). `history` holds the columns of history.csv. sigma is
    the noise std per real and imaginary component; n_real and n_held_out count real numbers in one slice.
    """

    iterations: np.ndarray
    rss: np.ndarray
    gradient_norm: np.ndarray
    image_norm: np.ndarray
    weak_mode_share: np.ndarray
    held_out_rss: np.ndarray
    df: np.ndarray
    v_data: np.ndarray
    v_image: np.ndarray
    filtered_rss: np.ndarray
    filtered_trace: np.ndarray
    v_filtered: np.ndarray
    filtered_sketch: np.ndarray
    cross_gradient: np.ndarray
    gradient_energy: np.ndarray
    frc: np.ndarray
    frc_counts: np.ndarray
    psf: np.ndarray
    history: Mapping[str, np.ndarray]
    sigma: float
    n_real: int
    n_held_out: int
    stopped_because: str
    last_step: float
    travel_needed: float
    sigma_uncertainty: float = float("nan")
    """Relative standard error of `sigma` where it was measured; NaN where somebody stated it."""
    noise_ratio: float = 1.0
    """Noise std believed over `sigma`; chi2 and held_out stay in units of `sigma`."""

    @property
    def n_slices(self) -> int:
        """Slices of the scan."""
        return self.rss.shape[1]


MEASURES = tuple(f.name for f in fields(Record) if f.type in (np.ndarray, "np.ndarray"))
