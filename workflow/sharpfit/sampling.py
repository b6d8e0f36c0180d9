"""Which k-space locations are sampled, which calibrate, and which are held out."""

import numpy as np

from sharpfit.errors import InputError


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
    if not 0 <= n_calibration <= min(shape):
        raise InputError(f"sampling: n_calibration {n_calibration} does not fit the matrix {list(shape)}")
    if not 1 <= acceleration <= min(shape):
        raise InputError(f"sampling: acceleration {acceleration} is not between 1 and {min(shape)}")
    if pattern == "full":
        return np.ones(shape, bool)
    if pattern == "lines":
        return _lines(shape, acceleration, n_calibration, seed)
    if pattern == "poisson":
        return _poisson(shape, acceleration, n_calibration, seed)
    if pattern == "poisson_uniform":
        return _poisson_uniform(shape, acceleration, n_calibration, seed)
    raise InputError(f"sampling: pattern {pattern!r}; known are full, lines, poisson and poisson_uniform")


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
    if n_held_out > candidates.size // 2:
        raise InputError(
            f"held_out: {n_held_out} of {int(mask.sum())} samples asked, only {candidates.size} lie outside "
            "the calibration block; lower the fraction or sample more"
        )
    held_out = np.zeros_like(mask)
    held_out.flat[np.random.default_rng(seed).choice(candidates, n_held_out, replace=False)] = True
    return held_out


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


def _poisson(shape: tuple[int, int], acceleration: float, n_calibration: int, seed: int) -> np.ndarray:
    from sigpy.mri import poisson  # slow to import

    try:
        mask = poisson(
            shape, acceleration, (n_calibration, n_calibration), dtype=bool, crop_corner=False, seed=seed
        )
    except ValueError as error:
        raise InputError(
            f"sampling: no Poisson disc of acceleration {acceleration} for {list(shape)}: {error}"
        ) from error
    mask[_centre(shape, (n_calibration, n_calibration))] = True
    return mask


def _poisson_uniform(
    shape: tuple[int, int], acceleration: float, n_calibration: int, seed: int
) -> np.ndarray:
    """Bisect the disc's radius (in samples) until the wanted number of locations is met within 2 %."""
    wanted = np.prod(shape) / acceleration
    low, high = 0.5, 4 * np.sqrt(acceleration) + 1
    for _ in range(20):
        radius = (low + high) / 2
        mask = _disc(shape, radius, seed)
        mask[_centre(shape, (n_calibration, n_calibration))] = True
        if abs(mask.sum() - wanted) <= 0.02 * wanted:
            return mask
        low, high = (radius, high) if mask.sum() > wanted else (low, radius)
    raise InputError(f"sampling: no uniform Poisson disc of acceleration {acceleration} for {list(shape)}")


def _disc(shape: tuple[int, int], radius: float, seed: int) -> np.ndarray:
    from scipy.stats.qmc import PoissonDisk  # slow to import

    longest = max(shape)
    engine = PoissonDisk(
        2, radius=radius / longest, rng=seed, u_bounds=np.array(shape) / longest, l_bounds=[0, 0]
    )
    points = np.minimum((engine.fill_space() * longest).astype(int), np.array(shape) - 1)
    mask = np.zeros(shape, bool)
    mask[points[:, 0], points[:, 1]] = True
    return mask
