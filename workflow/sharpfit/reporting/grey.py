"""On what scale images are shown: one window for all that are compared, errors magnified."""

from collections.abc import Sequence

import numpy as np

#: By what errors and changes may be magnified: round numbers, so that the scale can be stated.
GAINS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def grey_window(image: np.ndarray) -> float:
    """Return the magnitude shown as white: the 99.5th percentile of |image|, or 1 for an empty image."""
    finite = np.abs(image)[np.isfinite(image)]
    top = float(np.percentile(finite, 99.5)) if finite.size else 0.0
    return top if top > 0 else 1.0


def gain_for(images: Sequence[np.ndarray], white: float) -> float:
    """Return the largest of `GAINS` that leaves 99.9 % of every image's pixels below `white`.

    Parameters
    ----------
    images
        complex or real (y, x), in the unit of `white`
    white
        the magnitude shown as white
    """
    tops = [
        float(np.percentile(np.abs(image[np.isfinite(image)]), 99.9))
        for image in images
        if np.isfinite(image).any()
    ]
    top = max(tops, default=0.0)
    fitting = [gain for gain in GAINS if gain * top <= white]
    return float(fitting[-1] if fitting and top > 0 else GAINS[0] if top > 0 else 1.0)


def times(gain: float) -> str:
    """Return by what a picture is magnified, to stand after its name; nothing where it is shown as it is."""
    return "" if gain == 1 else f" × {gain:g}"
