"""Name the axes of an array that came from a file, and bring them into the core's order."""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from sharpfit.errors import InputError, UnclearError

KSPACE_AXES = ("slice", "coil", "ky", "kx")
# So many coils are believed even where k-space has fewer samples along an axis.
_MAX_COILS_OF_TINY = 16


class FileArray(NamedTuple):
    """An array as its file holds it."""

    values: np.ndarray
    where: str
    """file:dataset, for messages"""
    axes: tuple[str, ...] | None
    """names of the axes, where the format fixes them"""


def kspace_axes(array: FileArray, stated: Sequence[str] | None) -> tuple[FileArray, str]:
    """Name the axes of a k-space: as stated, as its format has them, or the two that a single image has.

    A third axis may be coils, slices, echoes or repetitions, and nothing tells which: it must be named.

    Returns
    -------
        the array with its axes named, and a sentence saying how they were found

    Raises
    ------
    InputError
        if the axes are not clear, or those stated do not fit
    """
    if stated:
        named, how = with_axes(array, stated, KSPACE_AXES), "stated"
    elif array.axes:
        named, how = with_axes(array, array.axes, KSPACE_AXES), "given by the format"
    else:
        named, how = _of_one_image(array), "taken as one coil's single slice"
    _check_coils(named)
    said = f"axes {how}: {_spell(named.axes or (), named.values.shape)}"
    return named, f"{said}{_unproven(named)}" if stated else said


def with_axes(array: FileArray, names: Sequence[str], known: tuple[str, ...]) -> FileArray:
    """Give an array the names of its axes; those of length 1 need none.

    Raises
    ------
    InputError
        if a name is not known or missing, or their number does not fit
    """
    if not (set(known[-2:]) <= set(names) <= set(known)) or len(set(names)) != len(names):
        raise InputError(
            f"{array.where}: axes {list(names)} must name {known[-2]} and {known[-1]} and may name "
            f"{', '.join(known[:-2])}, each once"
        )
    values = array.values if array.values.ndim == len(names) else np.squeeze(array.values)
    if values.ndim != len(names):
        raise InputError(
            f"{array.where}: {len(names)} axes are named, {', '.join(names)}, "
            f"but its shape is {array.values.shape}"
        )
    return array._replace(values=values, axes=tuple(names))


def arranged(array: FileArray, order: tuple[str, ...]) -> np.ndarray:
    """Bring an array with named axes into ``order``; absent axes get length 1. Returns a contiguous array."""
    axes = array.axes or ()
    values = array.values.transpose([axes.index(name) for name in order if name in axes])
    absent = tuple(i for i, name in enumerate(order) if name not in axes)
    return np.ascontiguousarray(np.expand_dims(values, absent))


def match_sizes(
    array: FileArray, sizes: dict[str, int], stated: Sequence[str] | None = None, *, x_first: bool = False
) -> np.ndarray:
    """Arrange an array whose axes have known lengths as `matched` names them, in the order of ``sizes``."""
    return arranged(matched(array, sizes, stated, x_first=x_first), tuple(sizes))


def matched(
    array: FileArray, sizes: dict[str, int], stated: Sequence[str] | None = None, *, x_first: bool = False
) -> FileArray:
    """Name the axes of an array that have known lengths, such as maps that belong to a k-space.

    Parameters
    ----------
    array
        as read
    sizes
        name → length in the order wanted; the last two are the image's or the k-space's
    stated
        names of the file's axes, in its order; if None, those its format fixes
    x_first
        where nothing names the axes: whether x comes before y in the file, as it does in its k-space

    Raises
    ------
    InputError
        if the shape does not fit, or fits in more than one way
    """
    order = tuple(sizes)
    names = stated or _as_in(order, array.axes)
    if names:
        named = with_axes(array, names, order)
        found = dict(zip(names, named.values.shape, strict=True))
        fits = [named] if all(found.get(name, 1) == size for name, size in sizes.items()) else []
    else:
        squeezed = array._replace(values=np.squeeze(array.values))
        fits = [squeezed._replace(axes=names) for names in _fitting(squeezed.values.shape, sizes, x_first)]
    if len(fits) != 1:
        fault = "fits in more than one way, so state axes:" if fits else "does not fit"
        if x_first and not names and not fits:
            fault += " in the order of its k-space, kx before ky (else state axes:)"
        raise InputError(
            f"{array.where}: shape {array.values.shape} {fault} {_spell(order, tuple(sizes.values()))}"
        )
    return fits[0]


def _as_in(order: tuple[str, ...], names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Call the axes that a format fixes as ``order`` does, whether of an image (y, x) or of a k-space."""
    called = dict(zip(("y", "x", "ky", "kx"), order[-2:] * 2, strict=True))
    return tuple(called.get(name, name) for name in names) if names else None


def _fitting(shape: tuple[int, ...], sizes: dict[str, int], x_first: bool) -> list[tuple[str, ...]]:
    long = [name for name, size in sizes.items() if size > 1]
    *_, first, second = sizes
    if x_first:
        first, second = second, first
    return [
        names
        for names in permutations(long)
        if shape == tuple(sizes[name] for name in names)
        and (first not in names or second not in names or names.index(first) < names.index(second))
    ]


def _of_one_image(array: FileArray) -> FileArray:
    values = np.squeeze(array.values)
    if values.ndim == 2:
        return array._replace(values=values, axes=("ky", "kx"))
    if values.ndim == 3:
        smallest = np.flatnonzero(values.shape == np.min(values.shape))
        known = [
            f"axes: [{', '.join([*('ky', 'kx')[:at], name, *('ky', 'kx')[at:]])}]"
            for at in sorted({int(smallest[0]), int(smallest[-1])})
            for name in ("coil", "slice")
        ]
        raise UnclearError(
            f"{array.where}: shape {values.shape} may be coils or slices of 2-D k-space; state "
            f"{', '.join(known)}, or whatever it is in the file's order",
            "axes",
        )
    raise UnclearError(
        f"{array.where}: shape {array.values.shape} has {values.ndim} axes longer than 1, and nothing says "
        "which they are; state axes: (of slice, coil, ky, kx, in the file's order)",
        "axes",
    )


def _check_coils(array: FileArray) -> None:
    """Refuse more coils than lines or samples: then the axes are in another order."""
    sizes = dict(zip(array.axes or (), array.values.shape, strict=True))
    n_coils = sizes.get("coil", 1)
    shortest = min(sizes["ky"], sizes["kx"])
    if n_coils > max(shortest, _MAX_COILS_OF_TINY):
        raise InputError(
            f"{array.where}: axes {_spell(list(sizes), list(sizes.values()))}: {n_coils} coils of k-space "
            f"only {shortest} samples wide are implausible; name the axes in the file's order"
        )


def _unproven(array: FileArray) -> str:
    """Say where lengths cannot tell that k-space's axes were stated in another order than the file's."""
    sizes = dict(zip(array.axes or (), array.values.shape, strict=True))
    alike = [
        name
        for name in ("slice", "coil")
        if sizes.get(name, 1) > 1 and sizes[name] in (sizes["ky"], sizes["kx"])
    ]
    if not alike:
        return ""
    return (
        f"; {alike[0]} is as long as an axis of k-space, so another order would fit as well: the picture of "
        "`sharpfit inspect` must show the object"
    )


def _spell(names: Sequence[str], shape: Sequence[int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in zip(names, shape, strict=True))
