"""Which k-space locations are sampled, which calibrate, and which are held out."""

import numpy as np

from sharpfit.errors import InputError
from sharpfit.physics.kspace import radius

# Discs grow by this many central radii to the sides of k-space: there the density is 1 / 9 of the centre.
_FALLOFF = 2.0
_BISECTIONS = 30
_ACCELERATION_TOLERANCE = 0.02


def make_mask(
    shape: tuple[int, int], *, pattern: str, acceleration: float = 1, n_calibration: int = 0, seed: int = 0
) -> np.ndarray:
    """Make a retrospective sampling mask (ky, kx), with a fully sampled centre.

    Parameters
    ----------
    shape
        ky, kx
    pattern
        ``full``: everything, other arguments unused; ``lines``: every R-th line along ky, at an offset drawn
        with the seed; ``poisson``: variable-density Poisson disc; ``poisson_uniform``: one density
    acceleration
        R. For ``lines`` the spacing outside the centre (an integer); for the discs samples / sampled in all
    n_calibration
        central lines, for the discs the side of a central block, that are sampled fully
    seed
        of the offset or the disc

    Raises
    ------
    InputError
        if the pattern is unknown, or the numbers do not fit the matrix
    """
    check_numbers(shape, acceleration, n_calibration)
    if pattern == "full":
        return np.ones(shape, bool)
    if pattern == "lines":
        return _lines(shape, acceleration, n_calibration, seed)
    if pattern == "poisson":
        return _poisson(shape, acceleration, n_calibration, seed, _FALLOFF)
    if pattern == "poisson_uniform":
        return _poisson(shape, acceleration, n_calibration, seed, 0.0)
    raise InputError(f"sampling: pattern {pattern!r}; known are full, lines, poisson and poisson_uniform")


def check_numbers(shape: tuple[int, int], acceleration: float = 1, n_calibration: int = 0) -> None:
    """Refuse numbers of `make_mask` that do not fit the matrix (ky, kx)."""
    if not 0 <= n_calibration <= min(shape):
        raise InputError(f"sampling: n_calibration {n_calibration} does not fit the matrix {list(shape)}")
    if not 1 <= acceleration <= min(shape):
        raise InputError(f"sampling: acceleration {acceleration} is not between 1 and {min(shape)}")


def calibration_block(mask: np.ndarray, max_width: int) -> tuple[slice, slice]:
    """Find the largest fully sampled square around the centre of k-space, at most ``max_width`` wide.

    A square of width w covers N // 2 − w // 2 … N // 2 − w // 2 + w − 1 along each axis.

    Returns
    -------
        slices along ky and kx; both empty where the centre is not sampled
    """
    height, width = mask.shape
    block = (slice(0, 0), slice(0, 0))
    for side in range(1, min(max_width, height, width) + 1):
        wider = _centre((height, width), (side, side))
        if not mask[wider].all():
            break
        block = wider
    return block


def hold_out(mask: np.ndarray, block: tuple[slice, slice], *, fraction: float, seed: int) -> np.ndarray:
    """Draw the held-out locations: a fraction of all sampled ones, none in the calibration block.

    Returns
    -------
        bool (ky, kx), a subset of ``mask``

    Raises
    ------
    InputError
        if too few samples lie outside the block
    """
    eligible = mask.copy()
    eligible[block] = False
    candidates = np.flatnonzero(eligible)
    n_held_out = round(fraction * int(mask.sum()))
    if fraction > 0 and n_held_out == 0:
        raise InputError(f"held_out: {fraction:g} of {int(mask.sum())} samples is none; raise the fraction")
    if n_held_out > candidates.size // 2:
        raise InputError(
            f"held_out: {n_held_out} of {int(mask.sum())} samples asked, only {candidates.size} lie outside "
            "the calibration block; lower the fraction or sample more"
        )
    held_out = np.zeros_like(mask)
    held_out.flat[np.random.default_rng(seed).choice(candidates, n_held_out, replace=False)] = True
    return held_out


def each_slice(mask: np.ndarray, n_slices: int) -> np.ndarray:
    """Return the mask of every slice, (slice, ky, kx), of one for all (ky, kx) or of one for each."""
    return np.broadcast_to(mask, (n_slices, *mask.shape[-2:]))


def in_every_slice(mask: np.ndarray) -> np.ndarray:
    """Return where every slice is sampled, (ky, kx)."""
    return mask if mask.ndim == 2 else np.asarray(mask.all(axis=0))


def over_coils(mask: np.ndarray) -> np.ndarray:
    """Bring a mask to the axes of k-space, (slice or 1, 1, ky, kx)."""
    return mask[..., None, :, :]


def samples_at(kspace: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Take samples of k-space (slice, coil, ky, kx): (coil, slice, sample).

    Where each slice has a mask of its own, their samples follow one another: (coil, 1, sample).
    """
    coils_first = np.moveaxis(kspace, 1, 0)
    return coils_first[..., mask] if mask.ndim == 2 else coils_first[:, mask][:, None]


def _centre(shape: tuple[int, int], widths: tuple[int, int]) -> tuple[slice, slice]:
    (first_y, first_x) = (n // 2 - w // 2 for n, w in zip(shape, widths, strict=True))
    return slice(first_y, first_y + widths[0]), slice(first_x, first_x + widths[1])


def _lines(shape: tuple[int, int], acceleration: float, n_calibration: int, seed: int) -> np.ndarray:
    if acceleration != int(acceleration):
        raise InputError(f"sampling: acceleration {acceleration}; lines are spaced by whole numbers")
    spacing = int(acceleration)
    mask = np.zeros(shape, bool)
    mask[int(np.random.default_rng(seed).integers(spacing)) :: spacing] = True
    mask[_centre(shape, (n_calibration, shape[1]))] = True
    return mask


def _poisson(
    shape: tuple[int, int], acceleration: float, n_calibration: int, seed: int, falloff: float
) -> np.ndarray:
    """Bisect the discs' size until the wanted number of locations is met.

    Discs have the radius s (1 + falloff · |k|), |k| = 1 in the middle of each side.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(shape[0] * shape[1])
    points = np.indices(shape) + rng.uniform(-0.5, 0.5, (2, *shape))
    relative = 1 + falloff * radius(shape)
    block = _centre(shape, (n_calibration, n_calibration))
    wanted = order.size / acceleration
    low, high = 0.0, 4 * np.sqrt(acceleration)
    for _ in range(_BISECTIONS):
        size = (low + high) / 2
        mask = _scattered(points, order, size * relative)
        mask[block] = True
        if abs(mask.sum() - wanted) <= _ACCELERATION_TOLERANCE * wanted:
            return mask
        low, high = (size, high) if mask.sum() > wanted else (low, size)
    raise InputError(
        f"sampling: no Poisson disc of acceleration {acceleration} with a central block of {n_calibration} "
        f"fits the matrix {list(shape)}"
    )


def _scattered(points: np.ndarray, order: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Visit locations in the order given, and take each one that lies in the disc of none taken before.

    ``points`` (2, ky, kx) are the locations moved within their cell, so that discs of any size differ.
    """
    taken = np.zeros(radius.shape, bool)
    free = np.ones(radius.shape, bool)
    for y, x in zip(*(index.tolist() for index in np.unravel_index(order, radius.shape)), strict=True):
        if free[y, x]:
            taken[y, x] = True
            reach = int(radius[y, x]) + 2
            near = (slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1))
            offset = points[:, *near] - points[:, y, x, None, None]
            free[near] &= offset[0] ** 2 + offset[1] ** 2 >= radius[y, x] ** 2
    return taken
