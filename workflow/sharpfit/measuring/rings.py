"""How far two halves of the data agree, ring by ring of spatial frequency: reading the curve."""

import numpy as np


def mean_over_halves(frc: np.ndarray) -> np.ndarray:
    """Average a ring correlation over slices and draws.

    Parameters
    ----------
    frc
        (checkpoint, slice, draw, ring), NaN where a ring holds no energy

    Returns
    -------
        (checkpoint, ring), NaN where none is known
    """
    known = np.isfinite(frc)
    count = known.sum((1, 2))
    total = np.where(known, frc, 0).sum((1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def half_bit(counts: np.ndarray) -> np.ndarray:
    """Correlation that carries half a bit per sample: (0.2071 + 1.9102 / √n) / (1.2071 + 0.9102 / √n).

    (van Heel & Schatz 2005, doi:10.1016/j.jsb.2005.05.009.) counts: n, samples of each ring, (ring,).
    """
    root = np.sqrt(np.maximum(counts, 1))
    return np.asarray((0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root))


def resolution(frc: np.ndarray, counts: np.ndarray, side: int) -> np.ndarray:
    """Pixels per half period at which the halves' correlation meets the half-bit curve; NaN: nowhere.

    Parameters
    ----------
    frc
        (checkpoint, ring), NaN where not known
    counts
        (ring,)
    side
        pixels along the image's smaller side: ring r has the frequency r / side

    Returns
    -------
        (checkpoint,)
    """
    below = frc < half_bit(counts)
    below[:, :3] = False  # rings of a few samples say nothing
    ring = np.where(below.any(-1), below.argmax(-1), np.nan)
    return np.asarray(side / (2 * ring))


def mean(frc: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """F = Σ n_r FRC(r) / Σ n_r over the rings that hold energy, (checkpoint,); NaN where none does."""
    known = np.isfinite(frc)
    weight = np.where(known, counts, 0)
    total = weight.sum(-1)
    return np.asarray((np.where(known, frc, 0) * weight).sum(-1) / np.where(total > 0, total, np.nan))
