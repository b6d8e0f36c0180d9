"""A fit as its measures tell it: what reconstruct stored, and every figure the judge reads."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch

from sharpfit.measuring import measures

UNITS = {
    "iteration": "1",
    "chi2": "noise variances (1 = noise floor)",
    "df": "degrees of freedom",
    "chi2_df": "noise variances (1 = noise floor)",
    "sure": "squared fitted units",
    "v_data": "squared fitted units",
    "v_image": "squared fitted units",
    "risk": "squared fitted units",
    "risk_stated": "squared fitted units",
    "sample_risk": "squared fitted units",
    "held_out": "noise variances (1 = noise floor)",
    "mean_frc": "1",
    "full_frc": "1",
    "cross_gradient": "squared fitted units",
    "gradient_energy": "squared fitted units",
    "noise_energy": "squared fitted units",
    "noise_share": "1",
    "weak_mode_share": "1",
    "gradient_norm": "share of its start",
    "fwhm_y": "px",
    "fwhm_x": "px",
    "psf_peak": "1",
    "resolution": "px",
}


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


class Curves:
    """Every figure along the checkpoints, the slices of a scan summed: each array is (checkpoint,)."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.iterations = record.iterations
        self.n_real = record.n_real * record.n_slices
        self.sigma = record.sigma * record.noise_ratio

    @cached_property
    def rss(self) -> np.ndarray:
        """‖A x_t − y‖²."""
        return self.record.rss.sum(1)

    @cached_property
    def chi2(self) -> np.ndarray:
        """RSS / (N_r σ²)."""
        return np.asarray(measures.chi2(self.rss, self.record.sigma, self.n_real))

    @cached_property
    def df(self) -> np.ndarray:
        """Degrees of freedom, the mean over probes."""
        return self.record.df.sum(1).mean(-1)

    @cached_property
    def chi2_df(self) -> np.ndarray:
        """RSS / (σ² (N_r − df)), NaN when df > 0.9 N_r."""
        return measures.chi2_df(self.rss, self.df, self.record.sigma, self.n_real)

    @cached_property
    def sure(self) -> np.ndarray:
        """Unbiased estimate of ‖A x_t − A x_true‖²."""
        return np.asarray(measures.sure(self.rss, self.df, self.sigma, self.n_real))

    @cached_property
    def v_data(self) -> np.ndarray:
        """Variance at the samples, the mean over fission pairs."""
        return self.record.noise_ratio**2 * self.record.v_data.sum(1).mean(-1)

    @cached_property
    def v_image(self) -> np.ndarray:
        """Variance of the image, the mean over fission pairs."""
        return self.record.noise_ratio**2 * self.record.v_image.sum(1).mean(-1)

    @cached_property
    def slice_risk(self) -> np.ndarray:
        """J of every slice and pair: (checkpoint, slice, pair)."""
        record = self.record
        seen = record.filtered_rss[..., None] + self.sigma**2 * record.filtered_trace
        unseen = record.noise_ratio**2 * (record.v_image - record.v_filtered)
        return np.asarray(measures.risk(seen, 0.0, unseen))

    @cached_property
    def risk(self) -> np.ndarray:
        """J: squared bias in all modes worth fitting (`measuring.filtered_risk`) plus image variance."""
        return self.slice_risk.sum(1).mean(-1)

    @cached_property
    def risk_stated(self) -> np.ndarray:
        """J at the stated noise level, whatever this fit's residual says: fits of a scan compare by it."""
        return Curves(replace(self.record, noise_ratio=1.0)).risk

    @cached_property
    def risk_noise(self) -> np.ndarray:
        """Draws of what the data's noise adds to J, 2σ Re⟨p(M) Aᴴb, p(M) g⟩: (checkpoint, probe).

        Probes are the same for every fit of a scan, so the rms of the difference of two rows is the standard
        error of the difference of their J, be they of one fit or of two.
        """
        return 2 * self.sigma * self.record.filtered_sketch.sum(1)

    @cached_property
    def sample_risk(self) -> np.ndarray:
        """(SURE − v_data) + v_image: the same with the bias weighted by AᴴA, blind to weak modes."""
        return np.asarray(measures.risk(self.sure, self.v_data, self.v_image))

    @cached_property
    def held_out(self) -> np.ndarray:
        """Residual of the held-out replica at the samples it never saw, over the noise: floor 1."""
        count = self.record.n_held_out * self.record.n_slices
        return self.record.held_out_rss.sum(1) / (count * self.record.sigma**2 if count else np.nan)

    @cached_property
    def mean_frc(self) -> np.ndarray:
        """F = Σ n_r FRC(r) / Σ n_r over the rings that hold energy; NaN where none does."""
        curve, known = self._frc_curve
        weight = np.where(known, self.record.frc_counts, 0)
        total = weight.sum(-1)
        return (np.where(known, curve, 0) * weight).sum(-1) / np.where(total > 0, total, np.nan)

    @cached_property
    def _frc_curve(self) -> tuple[np.ndarray, np.ndarray]:
        """FRC per ring, the mean over slices and pairs, and where it is known: (checkpoint, ring)."""
        known = np.isfinite(self.record.frc)
        count = known.sum((1, 2))
        total = np.where(known, self.record.frc, 0).sum((1, 2))
        return total / np.maximum(count, 1), count > 0

    @cached_property
    def resolution(self) -> np.ndarray:
        """Pixels per half period at which the halves' FRC meets the half-bit curve; NaN: nowhere.

        Half-bit: (0.2071 + 1.9102 / √n) / (1.2071 + 0.9102 / √n), n samples in the ring
        (van Heel & Schatz 2005).
        """
        curve, known = self._frc_curve
        root = np.sqrt(np.maximum(self.record.frc_counts, 1))
        half_bit = (0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root)
        below = known & (curve < half_bit)
        below[:, :3] = False  # rings of a few samples say nothing
        ring = np.where(below.any(-1), below.argmax(-1), np.nan)
        return self.record.frc_counts.size / ring

    @cached_property
    def cross_gradient(self) -> np.ndarray:
        """G: sharpness the noise does not share."""
        return self.record.cross_gradient.sum(1).mean(-1)

    @cached_property
    def gradient_energy(self) -> np.ndarray:
        """P: sharpness of the halves as it is seen."""
        return self.record.gradient_energy.sum(1).mean(-1)

    @cached_property
    def noise_energy(self) -> np.ndarray:
        """(P − G) / 2: the gradient energy of the full-data image's noise."""
        return self.record.noise_ratio**2 * (self.gradient_energy - self.cross_gradient) / 2

    @cached_property
    def noise_share(self) -> np.ndarray:
        """φ = noise / (noise + G), NaN where the image is empty."""
        total = self.noise_energy + self.cross_gradient
        return self.noise_energy / np.where(total > 0, total, np.nan)

    @cached_property
    def image_norm(self) -> np.ndarray:
        """‖x_t‖ of the whole scan."""
        return np.sqrt((self.record.image_norm**2).sum(1))

    @cached_property
    def weak_mode_share(self) -> np.ndarray:
        """ν of the whole scan, NaN where the image is empty."""
        energy = self.record.image_norm**2
        weak = (np.nan_to_num(self.record.weak_mode_share) ** 2 * energy).sum(1)
        total = energy.sum(1)
        return np.sqrt(weak / np.where(total > 0, total, np.nan))

    @cached_property
    def gradient_norm(self) -> np.ndarray:
        """‖∇‖ over its start."""
        norm = np.sqrt((self.record.gradient_norm**2).sum(1))
        return norm / (norm[0] if norm[0] > 0 else np.nan)

    @cached_property
    def _local_psf(self) -> tuple[np.ndarray, np.ndarray]:
        """FWHM along (y, x) and peak, the median over slices and points: (checkpoint, 2), (checkpoint,)."""
        fwhm, peak = measures.fwhm_and_peak(torch.as_tensor(self.record.psf))
        widths = fwhm.numpy().reshape(len(fwhm), -1, 2)
        seen = np.isfinite(widths).all(-1)
        enough = seen.mean(-1) > 0.5
        median = np.full((len(widths), 2), np.nan)
        for t in np.flatnonzero(enough):
            median[t] = np.median(widths[t][seen[t]], axis=0)
        return median, np.median(peak.numpy().reshape(len(peak), -1), axis=-1)

    @cached_property
    def fwhm_y(self) -> np.ndarray:
        """Width of the local PSF along y in pixels."""
        return self._local_psf[0][:, 0]

    @cached_property
    def fwhm_x(self) -> np.ndarray:
        """Width of the local PSF along x in pixels."""
        return self._local_psf[0][:, 1]

    @cached_property
    def psf_peak(self) -> np.ndarray:
        """Gain of the local PSF at its centre."""
        return self._local_psf[1]

    @cached_property
    def full_frc(self) -> np.ndarray:
        """2F / (1 + F): the correlation of the full-data image with another like it."""
        return 2 * self.mean_frc / (1 + self.mean_frc)

    def at(self, checkpoint: int) -> dict[str, float]:
        """Every figure of one checkpoint, under the names of `UNITS`."""
        figures = {name: float(getattr(self, name)[checkpoint]) for name in UNITS if name != "iteration"}
        return {"iteration": int(self.iterations[checkpoint]), **figures}
