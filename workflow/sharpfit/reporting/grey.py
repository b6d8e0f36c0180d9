"""On what scale images are shown: one window for all that are compared, errors magnified."""

import numpy as np

ERROR_GAIN = 4


def grey_window(image: np.ndarray) -> float:
    """Return the magnitude shown as white: the 99.5th percentile of |image|, or 1 for an empty image."""
    finite = np.abs(image)[np.isfinite(image)]
    top = float(np.percentile(finite, 99.5)) if finite.size else 0.0
    return top if top > 0 else 1.0
