"""How good an image is when the truth is known."""

import numpy as np

from sharpfit.measuring.table import UNKNOWN_QUALITY, Quality


def object_mask(reference: np.ndarray) -> np.ndarray:
    """Where there is an object: |reference| > 10 % of its 99th percentile, bool, the reference's shape."""
    magnitude = np.abs(reference)
    return magnitude > 0.1 * np.percentile(magnitude, 99)


def nrmse(image: np.ndarray, reference: np.ndarray) -> float:
    """‖image − reference‖ / ‖reference‖ of complex images (slice, y, x), inside the object."""
    inside = object_mask(reference)
    error = np.linalg.norm((image - reference)[inside].astype(np.complex128))
    return float(error / np.linalg.norm(reference[inside].astype(np.complex128)))


def ssim(image: np.ndarray, reference: np.ndarray) -> float:
    """Mean structural similarity of the magnitudes (slice, y, x), range 0 to the reference's maximum.

    Gaussian weights of 1.5 pixels as in Wang 2004, doi:10.1109/TIP.2003.819861.
    """
    from skimage.metrics import structural_similarity  # slow to import

    pairs = zip(np.abs(image).astype(float), np.abs(reference).astype(float), strict=True)
    top = float(np.abs(reference).max())
    values = [
        structural_similarity(
            a, b, data_range=top, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for a, b in pairs
    ]
    return float(np.mean(values))


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


def against_reference(image: np.ndarray, reference: np.ndarray) -> Quality:
    """NRMSE, SSIM and HFEN of an image (slice, y, x) against its reference; NaN where not finite."""
    if not np.isfinite(image).all():
        return UNKNOWN_QUALITY
    return Quality(nrmse(image, reference), ssim(image, reference), hfen(image, reference))
