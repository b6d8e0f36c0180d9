"""How good an image is when the truth is known."""

from dataclasses import dataclass

import numpy as np

from sharpfit.measuring.table import UNKNOWN_QUALITY, Quality

STANDARD_ERRORS = 5.0
"""A reference holds an object where its energy exceeds its noise's by this many E‖P n‖² / √pixels. Without
one, what is taken for it is where the noise happened to be strong, by up to four of them."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The image that fits are compared with.

    Attributes
    ----------
    image
        complex (slice, y, x), input units
    inside
        bool (slice, y, x), the object
    noise_variance
        of the noise that it shares with the fits' data: how much of the data's variance per component it
        holds, in squared image units; 0 where it shares none
    noise_energy
        E‖P n‖² of that noise in the image, P the object, squared image units
    """

    image: np.ndarray
    inside: np.ndarray
    noise_variance: float = 0.0
    noise_energy: float = 0.0


def nrmse(image: np.ndarray, reference: Reference, shared: float = 0.0) -> float:
    """‖P (x − x_true)‖ / ‖P x_true‖ of complex images (slice, y, x), P the object.

    A reference r = x_true + n_r that was combined from the fit's own samples shares their noise, so that
    x − r shrinks as x fits it. That noise is taken out:
    ‖x − x_true‖² = ‖x − r‖² + 2 Re⟨x − x_true, n_r⟩ − ‖n_r‖², where the last two have known expectations.

    Parameters
    ----------
    image
        x, in the reference's units
    reference
        r
    shared
        E Re⟨P x, n_r⟩ over the variance of the shared noise, a trace (`shared_noise` of the record)

    Returns
    -------
        NaN where the image's error, or the object itself, cannot be told from the reference's noise
    """
    inside = reference.inside
    distance = np.linalg.norm((image - reference.image)[inside].astype(np.complex128)) ** 2
    energy = np.linalg.norm(reference.image[inside].astype(np.complex128)) ** 2 - reference.noise_energy
    error = distance + 2 * reference.noise_variance * shared - reference.noise_energy
    least = STANDARD_ERRORS * reference.noise_energy / np.sqrt(max(inside.sum(), 1))
    return float(np.sqrt(error / energy)) if error >= 0 and energy > least else np.nan


def ssim(image: np.ndarray, reference: np.ndarray, inside: np.ndarray | None = None) -> float:
    """Mean structural similarity of the magnitudes (slice, y, x), range 0 to the reference's maximum.

    Gaussian weights of 1.5 pixels as in Wang 2004, doi:10.1109/TIP.2003.819861. The mean is taken over the
    frame but for a margin of half a window, or ``inside`` an object, bool (slice, y, x).
    """
    from skimage.metrics import structural_similarity  # slow to import

    pairs = zip(np.abs(image).astype(float), np.abs(reference).astype(float), strict=True)
    top = float(np.abs(reference).max())
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    means, maps = zip(
        *(structural_similarity(a, b, data_range=top, **options) for a, b in pairs), strict=True
    )
    return float(np.mean(means if inside is None else np.stack(maps)[inside]))


def hfen(image: np.ndarray, reference: np.ndarray) -> float:
    """High-frequency error norm of the magnitudes: ‖LoG(image) − LoG(reference)‖ / ‖LoG(reference)‖.

    Images are (slice, y, x); Laplacian of Gaussian with a standard deviation of 1.5 pixels
    (Ravishankar 2011, doi:10.1109/TMI.2010.2090538).
    """
    from scipy.ndimage import gaussian_laplace  # slow to import

    edges, true = (
        np.stack([gaussian_laplace(np.abs(one).astype(float), 1.5) for one in stack])
        for stack in (image, reference)
    )
    return float(np.linalg.norm(edges - true) / np.linalg.norm(true))


def against_reference(image: np.ndarray, reference: Reference, shared: float = 0.0) -> Quality:
    """NRMSE, SSIM and HFEN of an image (slice, y, x) against its reference; NaN where not finite.

    SSIM and HFEN have no term for shared noise, so they are NaN where there is any.
    """
    if not np.isfinite(image).all():
        return UNKNOWN_QUALITY
    error = nrmse(image, reference, shared)
    if reference.noise_variance:
        return Quality(error, np.nan, np.nan)
    return Quality(error, ssim(image, reference.image), hfen(image, reference.image))
