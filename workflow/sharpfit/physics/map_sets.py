"""Two sets of coil maps, for an object larger than the field of view, as one set on twice the field of view.

Where two places of the object fold into one pixel, a coil sees S₁ x₁ + S₂ x₂ (the soft SENSE of M. Uecker et
al., Magn Reson Med 71, 990 (2014), doi:10.1002/mrm.24751). An orthonormal transform of n pixels is √2 times
every second line of one of 2n pixels, in which pixels n apart add. So maps stacked as

    [ half of S₂ | S₁ | other half of S₂ ] · √2

and samples with an empty line between any two give the same operator, in the form M F S that everything else
computes: no encoding, solver or measure knows of two sets. Which of the two images shows which place is not
known (any unitary mixture of S₁ and S₂ explains the data as well), so what is shown of them is
√(|x₁|² + |x₂|²), which no mixing changes.
"""

import numpy as np


def axis_of(mask: np.ndarray) -> int:
    """Return the axis to double: -1 where ``mask`` (…, ky, kx) varies along kx alone, so lines stay lines."""
    along_ky, along_kx = ((mask != mask.take([0], axis)).any() for axis in (-2, -1))
    return -1 if along_kx and not along_ky else -2


def spread(samples: np.ndarray, axis: int) -> np.ndarray:
    """Put an empty line between any two of centred samples or of a mask, the centre staying the centre."""
    whole = np.zeros(_doubled(samples.shape, axis), samples.dtype)
    np.moveaxis(whole, axis, -1)[..., _lines(samples.shape[axis])] = np.moveaxis(samples, axis, -1)
    return whole


def gathered(samples: np.ndarray, axis: int) -> np.ndarray:
    """Undo :func:`spread`."""
    return np.ascontiguousarray(samples.take(_lines(samples.shape[axis] // 2), axis))


def stacked(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
    """Stack two centred sets: the first in the field of view, the second around it."""
    n = first.shape[axis]
    whole = second.take(_pixels(n), axis)
    np.moveaxis(whole, axis, -1)[..., _inside(n)] = np.moveaxis(first, axis, -1)
    return whole


def parted(whole: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Undo :func:`stacked`."""
    n = whole.shape[axis] // 2
    moved = np.moveaxis(whole, axis, -1)
    outside = np.ones(2 * n, bool)
    outside[_inside(n)] = False
    second = np.empty_like(moved[..., :n])
    second[..., _pixels(n)[outside]] = moved[..., outside]
    first, second = (np.moveaxis(part, -1, axis) for part in (moved[..., _inside(n)], second))
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


def stacked_maps(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
    """Stack maps (…, y, x) and scale them, so that the operator is the one of both sets."""
    return np.sqrt(np.float32(2)) * stacked(first, second, axis)


def parted_maps(maps: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Undo :func:`stacked_maps`."""
    first, second = parted(maps, axis)
    return first / np.sqrt(np.float32(2)), second / np.sqrt(np.float32(2))


def shown(images: np.ndarray, axis: int) -> np.ndarray:
    """√(|x₁|² + |x₂|²) of stacked images (…, y, x), complex as they are."""
    first, second = parted(images, axis)
    return np.hypot(np.abs(first), np.abs(second)).astype(images.dtype)


def shown_noise(images: np.ndarray, noise: np.ndarray, axis: int) -> np.ndarray:
    """Return the standard deviation of :func:`shown` as of a complex pixel, √2 times the one of its modulus.

    To first order, from that of the stacked images' complex pixels, (…, y, x).
    """
    (x1, x2), (n1, n2) = parted(np.abs(images), axis), parted(noise, axis)
    root = np.hypot(x1, x2)
    known = np.hypot(x1 * n1, x2 * n2) / np.where(root > 0, root, 1)
    return np.where(root > 0, known, n1).astype(noise.dtype)


def _doubled(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    doubled = list(shape)
    doubled[axis] *= 2
    return tuple(doubled)


def _lines(n: int) -> np.ndarray:
    """Where n centred lines lie among 2n."""
    return 2 * (np.arange(n) - n // 2) + n


def _pixels(n: int) -> np.ndarray:
    """Which of n centred pixels each of 2n folds into."""
    return (np.arange(2 * n) - n + n // 2) % n


def _inside(n: int) -> slice:
    return slice(n - n // 2, 2 * n - n // 2)
