"""Figures made of a fit's sums: goodness of fit and estimates of the error, by formula alone.

They are numbers or NumPy arrays of one shape; none needs the images.
"""

from typing import TypeVar

import numpy as np

Numbers = TypeVar("Numbers", float, np.ndarray)


def chi2(rss: Numbers, sigma: float, n_real: float) -> Numbers:
    """χ² = RSS / (N_r σ²): reduced chi-squared, σ the noise std per real and imaginary component."""
    return rss / (n_real * sigma**2)


def chi2_df(rss: np.ndarray, df: np.ndarray, sigma: float, n_real: float) -> np.ndarray:
    """RSS / (σ² (N_r − df)): 1 at the noise floor of a projection; NaN when df > 0.9 N_r."""
    df = np.asarray(df, dtype=float)
    left = np.where(df > 0.9 * n_real, np.nan, n_real - df)
    return np.asarray(rss) / (sigma**2 * left)


def sure(rss: Numbers, df: Numbers, sigma: float, n_real: float) -> Numbers:
    """RSS − N_r σ² + 2σ² df: unbiased for ‖A x − A x_true‖² over the samples (Stein 1981; Ramani 2012)."""
    return rss - n_real * sigma**2 + 2 * sigma**2 * df


def risk(seen: Numbers, v_seen: Numbers, v_image: Numbers) -> Numbers:
    """J = (seen − v_seen) + v_image: observable squared bias plus the image's whole variance.

    seen: an unbiased estimate of the squared error seen at the samples (`sure`) or through a filter
    (`filtered_risk`), v_seen the variance in it. In squared image units. It can be ≤ 0:
    report it so, never take its root.
    """
    return seen - v_seen + v_image


def filtered_risk(
    rss: np.ndarray, trace: np.ndarray, v_filtered: np.ndarray, v_image: np.ndarray, *, sigma: float
) -> np.ndarray:
    """J of every slice and draw: squared bias seen through Q, plus the image's whole variance.

    Parameters
    ----------
    rss
        ‖p(M) g‖², (…, slice)
    trace
        what σ² multiplies in the estimate of ‖Q (x − x_true)‖², (…, slice, draw)
    v_filtered, v_image
        variance of the image that Q sees, and all of it, (…, slice, draw)
    sigma
        noise std per real and imaginary component

    Returns
    -------
        (…, slice, draw), squared image units
    """
    return np.asarray(risk(rss[..., None] + sigma**2 * trace, v_filtered, v_image))
