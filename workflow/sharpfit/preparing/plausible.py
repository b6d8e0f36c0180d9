"""What a scan cannot be, though each of its numbers is one: refused here, where it can still be named."""

import numpy as np

from sharpfit.errors import InputError

NOISE_RANGE = (1e-12, 10.0)
"""Noise per component over the largest sample; beyond it float32 holds one of the two no more."""
UNIT_RANGE = (1e-30, 1e30)
"""Largest sample of a k-space: images are stored in its units as float32, which ends at 1e-38 and 1e38."""
_MIN_SAMPLES = 8  # exact zeros in fewer samples of a line may be chance
_NOTHING = 1e-4  # of the noise, no sample in 10⁸ is less; noise itself is more than that beside any signal
# So many of the lines that a coil measured may hold zeros, and are not taken for its noise.
_WEAK_LINES = 0.25
_CLEARLY = 1e-2  # of a coil's strongest weak samples: what it measured is more, what rounding leaves is less
# A line is told by what one sample in ten exceeds there, which a spike does not move, and a part of k-space
# by its strongest line. The weaker end of an axis has 0.05 to 0.9 of its middle, 0.8 to 1.1 in noise;
# in the FFT's own order it has 3 to 12 times its middle, down to 1 where noise drowns nearly all.
_STRONG = 0.9
_ENDS_OVER_MIDDLE = 2.0
_MIN_LENGTH = 16  # of an axis, for its quarters to tell


def check_lines(where: str, kspace: np.ndarray) -> None:
    """Refuse lines that are missing in some coils only: a mask holds for all coils, so zeros would be fitted.

    Missing is a line of zeros, and one of which seven samples in eight are nothing beside the weakest samples
    of the lines that the coil measured: a coil that measured holds its noise at least, however little it
    sees. How many are missing does not matter: the widest gap between a coil's lines parts them from the
    others. Where no other coil clearly holds more there than that, it is the object's, a window's, or the
    rounding of what was not sampled.

    Parameters
    ----------
    where
        file and dataset, for the message
    kspace
        complex (slice, coil, ky, kx)

    Raises
    ------
    InputError
        naming the first such line
    """
    measured = np.flatnonzero(kspace.any(axis=(0, 2, 3)))  # a coil that holds nothing at all is left out
    for at, coils in enumerate(kspace):
        sizes = np.abs(coils[measured])
        for name, lines in (("ky", sizes), ("kx", sizes.swapaxes(1, 2))):
            missing = np.argwhere(_missing(lines))
            if missing.size:
                coil, line = missing[0]
                what = "next to nothing" if lines[coil, line].any() else "only zeros"
                raise InputError(
                    f"{where}: coil {measured[coil]} of slice {at} holds {what} at {name} {line}, which "
                    "other coils have sampled; set the line to zero in all coils, or all of the coil"
                )


def check_unit(where: str, kspace: np.ndarray) -> None:
    """Refuse k-space (slice, coil, ky, kx) in units in which its images cannot be stored.

    Raises
    ------
    InputError
        naming its largest sample
    """
    largest = max(float(np.abs(one).max()) for one in kspace)
    if not UNIT_RANGE[0] <= largest <= UNIT_RANGE[1]:
        raise InputError(
            f"{where}: its largest sample is {largest:.1g}, beyond what images of float32 hold; multiply it "
            f"by a number that brings it to {UNIT_RANGE[0]:g} … {UNIT_RANGE[1]:g}, and its noise scan too"
        )


def check_centre(where: str, kspace: np.ndarray) -> None:
    """Refuse k-space in the FFT's own order: its centre is expected at N // 2, not at 0.

    An echo off the centre is strong at one end of an axis, k-space in that order at both.

    Parameters
    ----------
    where
        file and dataset, for the message
    kspace
        complex (slice, coil, ky, kx)

    Raises
    ------
    InputError
        naming the axes
    """
    sizes = np.stack([np.abs(one).mean(axis=0) for one in kspace])  # (slice, ky, kx)
    named = (("ky", sizes), ("kx", sizes.swapaxes(1, 2)))
    wrapped = [name for name, lines in named if _strong_at_both_ends(lines)]
    if wrapped:
        raise InputError(
            f"{where}: k-space is strong at both ends of {' and '.join(wrapped)} and weak in the middle, "
            "where its centre should be: it is in the FFT's own order; save it after numpy.fft.fftshift"
        )


def _strong_at_both_ends(sizes: np.ndarray) -> bool:
    """Whether both outer quarters hold a line stronger than all of the middle; (slice, line, sample)."""
    n = sizes.shape[1]
    columns = np.flatnonzero(sizes.any(axis=(0, 1)))
    if n < _MIN_LENGTH or not columns.size:
        return False
    lines = np.quantile(sizes[:, :, columns], _STRONG, axis=(0, 2))
    first, last, middle = lines[: n // 4], lines[n - n // 4 :], lines[n // 4 : n - n // 4]
    return bool(min(first.max(), last.max()) > _ENDS_OVER_MIDDLE * middle.max() > 0)


def _missing(sizes: np.ndarray) -> np.ndarray:
    """Which lines are missing in some coils only: bool (coil, line), of moduli (coil, line, sample)."""
    sampled = sizes.any(axis=0)
    counts = sampled.sum(axis=1)
    lines = np.flatnonzero(counts >= _MIN_SAMPLES)
    found = np.zeros(sizes.shape[:2], bool)
    if not lines.size:
        return found
    ordered = np.sort(np.where(sampled, sizes, np.inf)[:, lines], axis=2)
    few = counts[lines] // _MIN_SAMPLES
    most = np.take_along_axis(ordered, (counts[lines] - 1 - few)[None, :, None], axis=2)[..., 0]
    least = np.take_along_axis(ordered, few[None, :, None], axis=2)[..., 0]
    empty = most < _NOTHING * _weak(most, least)
    held = most > _CLEARLY * least.max(axis=1, keepdims=True)
    found[:, lines] = (empty & held.any(axis=0)) | ~sizes[:, lines].any(axis=2)
    return found


def _weak(most: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Return what the weak of the lines that each coil measured hold at least: (coil, 1), of (coil, line)."""
    weak = np.empty((len(most), 1))
    for coil, (high, low) in enumerate(zip(most, least, strict=True)):
        order = np.argsort(high)
        steps = np.diff(np.log(np.maximum(high[order], np.finfo(np.float32).tiny)))
        measured = order[steps.argmax() + 1 :] if steps.size else order
        weak[coil] = max(np.quantile(low[those], _WEAK_LINES, method="higher") for those in (order, measured))
    return weak


def check_noise_level(where: str, noise_cov: np.ndarray, largest: float) -> None:
    """Refuse a noise that cannot belong to the data.

    Parameters
    ----------
    where
        file and dataset, for the message
    noise_cov
        Ψ, complex (coil, coil)
    largest
        the k-space's largest modulus, in the same units

    Raises
    ------
    InputError
        if the noise per component is no share of the largest sample that numbers of the fit can hold
    """
    share = float(np.sqrt(np.trace(noise_cov).real / (2 * len(noise_cov)))) / largest
    if not NOISE_RANGE[0] <= share <= NOISE_RANGE[1]:
        raise InputError(
            f"{where}: its noise is {share:.1g} of its largest sample; are both in the units of the file?"
        )
