"""Whether a given reference lies as the object that was measured does: not mirrored, exchanged or shifted."""

from collections.abc import Iterator

import numpy as np

from sharpfit.errors import InputError

# A reference that lies wrong leaves this many times what it leaves in its right place: 3 and more in
# simulated heads and phantoms with noise of 0.1, seen by 8 locations across and more.
_WORSE = 2.0
_LEFT = 0.02  # of the variance: a pixel more or less tells nothing of a smooth object
_ALIKE = 0.5  # below this, it is no picture of the object in any place


def check_place(where: str, reference: np.ndarray, measured: np.ndarray) -> None:
    """Refuse a reference that lies otherwise than the measured image.

    What it leaves is 1 − ρ², with ρ the correlation of both magnitudes about their means; that of an image of
    inverted contrast is negative.

    Parameters
    ----------
    where
        the reference's file, for the message
    reference, measured
        (slice, y, x), of the same locations of k-space

    Raises
    ------
    InputError
        naming the place where it explains more, if it leaves far less there
    """
    own = _correlations(reference, measured)[0, 0]
    best, place = max(_best_places(reference, measured), key=lambda found: found[0])
    if best > _ALIKE and 1 - own**2 > max(_LEFT, _WORSE * (1 - best**2)):
        raise InputError(
            f"{where}: lies otherwise than what was measured, with which it correlates by {abs(own):.2f}, "
            f"but by {best:.2f} when it is {place}; write it so, or look at its axes"
        )


def _best_places(reference: np.ndarray, measured: np.ndarray) -> Iterator[tuple[float, str]]:
    """Yield of every way to turn the reference its strongest correlation over all shifts, and the place."""
    turned = {"": reference}
    if reference.shape[-1] == reference.shape[-2]:
        turned["exchanged y for x"] = reference.swapaxes(-1, -2)
    for exchanged, image in turned.items():
        for mirrored, axes in {"": (), "along y": (-2,), "along x": (-1,), "along y and x": (-2, -1)}.items():
            found = np.abs(_correlations(np.flip(image, axes), measured))
            at = np.unravel_index(int(found.argmax()), found.shape)
            shift = [(int(n) + size // 2) % size - size // 2 for n, size in zip(at, found.shape, strict=True)]
            said = [exchanged, mirrored and f"mirrored {mirrored}"]
            if max(map(abs, shift)) > 1 or not any(said):  # mirroring an even number of pixels shifts by one
                said.append(f"shifted by {-shift[0]} and {-shift[1]} pixels along y and x")
            yield float(found[at]), ", ".join(part for part in said if part)


def _correlations(reference: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the correlation of two images' magnitudes, all slices together, for every shift (y, x)."""
    magnitudes = np.abs(reference), np.abs(measured)
    first, second = (one - one.mean((-1, -2), keepdims=True) for one in magnitudes)
    products = np.fft.ifft2(np.fft.fft2(first) * np.fft.fft2(second).conj()).real.sum(0)
    size = np.linalg.norm(first) * np.linalg.norm(second)
    return np.asarray(products / size) if size > 0 else np.zeros(products.shape)
