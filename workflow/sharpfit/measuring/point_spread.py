"""The width and gain of a local point spread function."""

import numpy as np

_UPSAMPLING = 16


def fwhm_and_peak(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Full width at half maximum along y and x, and the gain at the centre, of local PSFs.

    The line through the centre is sinc-interpolated, so a perfect image reads 1.21 px.

    Parameters
    ----------
    window
        complex (…, 2w+1, 2w+1), the answer to a unit point at its centre (Wech 2012, doi:10.1002/mrm.22920)

    Returns
    -------
        float64 (…, 2) in pixels, NaN where the magnitude does not fall to half inside the window; and
        float64 (…,)
    """
    centre = window.shape[-1] // 2
    lines = np.stack((window[..., :, centre], window[..., centre, :]), -2).astype(np.complex128)
    middle = centre * _UPSAMPLING
    with np.errstate(all="ignore"):  # a flat line never falls, a diverging fit holds infinities
        fine = np.abs(lines @ _sinc_matrix(window.shape[-1]))
        right, left = _half_crossing(fine[..., middle:]), _half_crossing(fine[..., middle::-1])
    return (left + right) / _UPSAMPLING, np.abs(window[..., centre, centre]).astype(float)


def _sinc_matrix(n: int) -> np.ndarray:
    """Periodic sinc interpolation of n (odd) samples, (n, (n − 1) · upsampling + 1)."""
    fine = np.arange((n - 1) * _UPSAMPLING + 1) / _UPSAMPLING
    offset = fine - np.arange(n)[:, None]
    return np.sinc(offset) / np.sinc(offset / n)


def _half_crossing(profile: np.ndarray) -> np.ndarray:
    """Distance, in samples, from the first sample to where the profile first falls to half of it."""
    half = profile[..., :1] / 2
    below = profile < half
    after = below.argmax(-1)[..., None].clip(1)
    high, low = (np.take_along_axis(profile, at, -1) for at in (after - 1, after))
    crossing = after - 1 + (high - half) / (high - low)
    return np.where(below.any(-1), crossing[..., 0], np.nan)
