"""Every figure along a fit's checkpoints, made from what was stored of it."""

from functools import cached_property

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.record import Record
from sharpfit.measuring import estimates, rings
from sharpfit.measuring.point_spread import fwhm_and_peak
from sharpfit.measuring.quorum import Estimate, estimates_of, of_surrogate
from sharpfit.measuring.table import FIGURES, Figures


class Curves:
    """Every figure along the checkpoints, the slices of a scan summed: each array is (checkpoint,)."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.iterations = record.iterations
        self.n_real = record.n_real * record.n_slices
        self.sigma = record.sigma

    @cached_property
    def rss(self) -> np.ndarray:
        """‖A x_t − y‖²."""
        return self.record.rss.sum(1)

    @cached_property
    def chi2(self) -> np.ndarray:
        """RSS / (N_r σ²)."""
        return np.asarray(estimates.chi2(self.rss, self.sigma, self.n_real))

    @cached_property
    def rest(self) -> int:
        """First checkpoint after which at most a hundredth of the pixels moved; replicas may go on alone."""
        steps = np.nan_to_num(np.asarray(self.record.history["step"], float))
        return int(np.searchsorted(self.iterations[:-1], np.flatnonzero(steps > 0).max(initial=0)))

    @cached_property
    def df(self) -> np.ndarray:
        """Degrees of freedom, the mean over draws."""
        return self.record.df.sum(1).mean(-1)

    @cached_property
    def chi2_df(self) -> np.ndarray:
        """RSS / (σ² (N_r − df)), NaN when df > 0.9 N_r."""
        return estimates.chi2_df(self.rss, self.df, self.sigma, self.n_real)

    @cached_property
    def sure(self) -> np.ndarray:
        """Unbiased estimate of ‖A x_t − A x_true‖²."""
        return np.asarray(estimates.sure(self.rss, self.df, self.sigma, self.n_real))

    @cached_property
    def v_data(self) -> np.ndarray:
        """Variance at the samples, the mean over draws."""
        return self.record.v_data.sum(1).mean(-1)

    @cached_property
    def v_image(self) -> np.ndarray:
        """Variance of the image, the mean over draws."""
        return self.record.v_image.sum(1).mean(-1)

    @cached_property
    def averages_over_made(self) -> np.ndarray:
        """The last draw's variance of the image over the others' where that draw is measured, else NaN."""
        of_draw = self.record.v_image.sum(1)
        if not self.record.has_measured_draw:
            return np.full(len(of_draw), np.nan)
        made = of_draw[:, :-1].mean(-1)
        return np.asarray(of_draw[:, -1] / np.where(made > 0, made, np.nan))

    @cached_property
    def slice_risk(self) -> np.ndarray:
        """J of every slice and draw: (checkpoint, slice, draw)."""
        record = self.record
        return estimates.filtered_risk(
            record.filtered_rss, record.filtered_trace, record.v_filtered, record.v_image, sigma=self.sigma
        )

    @cached_property
    def risk(self) -> np.ndarray:
        """J: squared bias in all modes worth fitting (`measuring.filtered_risk`) plus image variance."""
        return self.slice_risk.sum(1).mean(-1)

    @cached_property
    def seen_risk(self) -> np.ndarray:
        """The squared error that the filter sees: J without the variance of weaker modes."""
        record = self.record
        seen = record.filtered_rss[..., None] + self.sigma**2 * record.filtered_trace
        return np.asarray(seen.sum(1).mean(-1))

    @cached_property
    def risk_noise(self) -> np.ndarray:
        """Draws of what the data's noise adds to J, 2σ Re⟨p(M) Aᴴb, p(M) g⟩: (checkpoint, sketch).

        They are the same for every fit of a scan, so the rms of the difference of two rows is the standard
        error of the difference of their J, be they of one fit or of two.
        """
        return 2 * self.sigma * self.record.filtered_sketch.sum(1)

    @cached_property
    def surrogate_distance(self) -> np.ndarray:
        """‖x_t − s‖² inside the object, s the image of `fitting.surrogate`; NaN without."""
        return self.record.surrogate_distance.sum(1)

    @cached_property
    def held_out(self) -> np.ndarray:
        """Residual of the held-out replica at the samples it never saw, over the noise: floor 1."""
        count = self.record.n_held_out * self.record.n_slices
        return self.record.held_out_rss.sum(1) / (count * self.sigma**2 if count else np.nan)

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """The estimates of the error that the judge asks, by name.

        From where the image came to rest they stand still as it does, whatever its replicas do. A path's
        start has no weight to pick.
        """
        outside = np.isnan(self.record.weights) if self.record.weights else np.zeros(len(self.risk), bool)
        at = np.minimum(np.arange(len(self.risk)), self.rest)
        asked = self.risk, self.surrogate_distance, self.held_out
        risk, surrogate_distance, held_out = (np.where(outside, np.nan, one[at]) for one in asked)
        return estimates_of(
            risk,
            surrogate_distance,
            held_out,
            self.v_image[at],
            self.v_data[at] / (self.n_real * self.sigma**2),
        )

    @cached_property
    def further(self) -> tuple[float, int] | None:
        """How much of its squared error the fit lost at best by going on, and after how many iterations.

        By the distance from the surrogate; below 0 where it came no nearer. None where it did not go on, or
        diverged at once: that tells nothing of smaller steps.
        """
        if not len(self.record.went_on):
            return None
        after, distances = np.array(self.record.went_on).T
        at, now = int(distances.argmin()), of_surrogate(self.surrogate_distance, self.risk, self.v_image)
        nearer = (now.values[-1] - distances[at]) / (now.error[-1] or np.nan)
        return (float(nearer), int(after[at])) if nearer > -1 else None

    @cached_property
    def mean_frc(self) -> np.ndarray:
        """F = Σ n_r FRC(r) / Σ n_r over the rings that hold energy; NaN where none does."""
        return rings.mean(self._frc, self.record.frc_counts)

    @cached_property
    def resolution(self) -> np.ndarray:
        """Pixels per half period at which the halves stop agreeing; NaN: nowhere."""
        return rings.resolution(self._frc, self.record.frc_counts, self.record.side)

    @cached_property
    def _frc(self) -> np.ndarray:
        """FRC per ring, the mean over slices and draws: (checkpoint, ring)."""
        return rings.mean_over_halves(self.record.frc)

    @cached_property
    def shared_noise(self) -> np.ndarray:
        """How far the image follows noise that a reference of all samples holds too, over its variance."""
        return self.record.shared_noise.sum(1).mean(-1)

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
        return (self.gradient_energy - self.cross_gradient) / 2

    @cached_property
    def noise_share(self) -> np.ndarray:
        """φ = noise / (noise + G), NaN where the image is empty; a G that came out below 0 counts as none."""
        total = self.noise_energy + np.maximum(self.cross_gradient, 0)
        return self.noise_energy / np.where(total > 0, total, np.nan)

    @cached_property
    def image_norm(self) -> np.ndarray:
        """‖x_t‖ inside the object, of the whole scan."""
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
        """FWHM along (y, x) and peak, the median over slices with an object: (checkpoint[, 2])."""
        fwhm, peak = fwhm_and_peak(self.record.psf)
        widths, peaks = fwhm.reshape(len(fwhm), -1, 2), peak.reshape(len(peak), -1)
        seen, known = np.isfinite(widths).all(-1), np.isfinite(peaks)
        width, height = np.full((len(widths), 2), np.nan), np.full(len(peaks), np.nan)
        for t in np.flatnonzero(known.any(-1)):
            height[t] = np.median(peaks[t][known[t]])
            if seen[t].sum() > thresholds.PSF_SLICES * known[t].sum():
                width[t] = np.median(widths[t][seen[t]], axis=0)
        return width, height

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

    @property
    def iteration(self) -> np.ndarray:
        """The checkpoints under the name that every result uses."""
        return self.iterations

    def at(self, checkpoint: int) -> Figures[float]:
        """Every figure of one checkpoint."""
        return Figures(**{name: float(getattr(self, name)[checkpoint]) for name in FIGURES})

    def along(self) -> Figures[np.ndarray]:
        """Every figure at all checkpoints."""
        return Figures(**{name: np.asarray(getattr(self, name), float) for name in FIGURES})
