"""What a scan's averages say of its noise: they are replicas that nobody had to make.

A contrast d = Σ w_a y_a of averages with Σ w_a = 0 holds no signal, and with Σ w_a² = 1 / N it holds the
noise of their mean, independent of it. So mean + d and mean − d are two independent scans of twice the
variance, as those of data fission are, whose noise is made (Leiner et al. 2023).
"""

import numpy as np

from sharpfit.physics import noise
from sharpfit.physics.kspace import radius
from sharpfit.physics.masks import samples_at

# Noise is as strong at the centre of k-space as outside; motion and drift are not.
_CENTRE, _DRIFT = 0.1, 1.25


def contrast(averages: np.ndarray) -> np.ndarray:
    """Return d of averages (average, …): even ones against odd ones, so that a slow drift cancels."""
    n = len(averages)
    even = np.arange(n) % 2 == 0
    n_even, n_odd = int(even.sum()), n - int(even.sum())
    weights = np.where(even, np.sqrt(n_odd / n_even), -np.sqrt(n_even / n_odd)) / n
    return np.tensordot(weights.astype(np.float32), averages, axes=1)


def noise_of(difference: np.ndarray, mask: np.ndarray, n_averages: int) -> noise.NoiseEstimate:
    """Take the noise of the mean from d (slice, coil, ky, kx) in the outer half of k-space.

    Raises
    ------
    InputError
        if there are too few samples for the coils
    """
    samples = samples_at(difference, _outer(mask)).reshape(difference.shape[1], -1)
    where = f"differences of {n_averages} averages"
    found = noise.from_scan(samples, where)
    return found._replace(source=f"{where} in the outer half of k-space, {found.n_samples} samples per coil")


def check(difference: np.ndarray, mask: np.ndarray, sigma: float, n_averages: int) -> str:
    """Hold d, whitened as the data, against their noise σ per component; a sentence."""
    power = (np.abs(difference) ** 2).mean(axis=(0, 1) if mask.ndim == 2 else 1) / (2 * sigma**2)
    centre, outer = (float(power[part].mean()) for part in (_within(mask, _CENTRE), _outer(mask)))
    moved = "; more at the centre is motion or drift" if centre > _DRIFT * outer else ""
    return (
        f"{n_averages} averages differ by {outer:.2f} of the noise's variance in the outer half of k-space, "
        f"by {centre:.2f} in its central tenth{moved}"
    )


def _outer(mask: np.ndarray) -> np.ndarray:
    return mask & ~_within(mask, 0.5)


def _within(mask: np.ndarray, share: float) -> np.ndarray:
    """Bool, as the mask: that share of the samples which lies nearest to the centre."""
    distance = np.broadcast_to(radius(mask.shape[-2:]), mask.shape)
    return np.asarray(mask & (distance <= np.quantile(distance[mask], share)))
