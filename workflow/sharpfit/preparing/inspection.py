"""What can be known of a scan before anything is fitted: facts in words, and a picture."""

from dataclasses import dataclass

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.geometry import Geometry
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks
from sharpfit.physics.kspace import to_images
from sharpfit.preparing import coil_maps, samples, spikes, unexplained_noise
from sharpfit.preparing.noisy_data import noisy_data, scaled

_MAX_RHYTHM = 8
_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True)
class Inspection:
    """A scan in words and as a picture."""

    facts: dict[str, str]
    """what is asked → the answer, in the order of interest"""
    assumed: list[str]
    """what would be assumed, and why"""
    missing: dict[str, str]
    """keys of a scan in params.yaml that must be stated → why"""
    fully_sampled: bool
    picture: np.ndarray
    """float32 (y, x), the middle slice: root sum of squares of the coils, what was not sampled as 0"""


def inspect(raw: RawScan) -> Inspection:
    """Describe a scan as read.

    Raises
    ------
    InputError
        if coils or slices are empty
    """
    mask, source = samples.acquired(raw.kspace, raw.sampled, raw.where)
    n_slices, n_coils, height, width = raw.kspace.shape
    raw, left_out = samples.without_dead_coils(raw)
    noise_source, unknown = _noise(raw, mask)
    facts = {
        "scanner": raw.notes.scanner or "not stated",
        "protocol": raw.notes.protocol or "not stated",
        "trajectory": raw.notes.trajectory or "not stated; taken as Cartesian",
        "matrix": f"{height} × {width} (ky × kx)",
        "coils": left_out or str(n_coils),
        "slices": str(n_slices),
        "averages": str(1 if raw.averages is None else len(raw.averages)),
        "spacing": _spacing(raw, height, width),
        "orientation": _orientation(raw.geometry),
        "sampling": _sampling(mask, source, raw.phase_axis),
        "calibration": _calibration(raw, mask),
        "noise": noise_source,
    }
    suspicious = spikes.said(raw.kspace / np.abs(raw.kspace).max(), mask)
    if suspicious:
        facts["warning"] = suspicious
    assumed = [raw.axes_source, f"lines are encoded one by one along {raw.phase_axis}"]
    return Inspection(facts, assumed, unknown, bool(mask.all()), _picture(raw.kspace[n_slices // 2]))


def _spacing(raw: RawScan, height: int, width: int) -> str:
    if raw.pixel_spacing_mm is None:
        return "not stated (pixel_spacing_mm:)"
    y, x = raw.pixel_spacing_mm
    across = "" if raw.geometry is None else f", slices {raw.geometry.thickness_mm:.3g} mm thick"
    return f"{y:.4g} × {x:.4g} mm (field of view {y * height:.0f} × {x * width:.0f} mm){across}"


def _orientation(geometry: Geometry | None) -> str:
    if geometry is None:
        return "not stated; the picture is as the file holds it"
    normal = np.abs(geometry.normal)
    oblique = "" if normal.max() > np.cos(np.radians(2)) else ", oblique"
    return f"{_PLANES[int(np.argmax(normal))]}{oblique}, turned upright"


def _sampling(mask: np.ndarray, source: str, phase_axis: str) -> str:
    if mask.all():
        return "fully sampled (R = 1)"
    if mask.ndim > 2:
        return f"R = {mask.size / int(mask.sum()):.2f}; {source}"
    lines = np.any(mask, axis=1 if phase_axis == "ky" else 0)
    acceleration = mask.size / int(mask.sum())
    by_lines = int(mask.sum()) == int(lines.sum()) * (mask.size // lines.size)
    said = [f"R = {acceleration:.2f}", source]
    if by_lines:
        said.insert(1, f"{int(lines.sum())} of {lines.size} lines{_pattern(lines)}")
    return "; ".join(said)


def _pattern(lines: np.ndarray) -> str:
    """Say the spacing of outer lines, and how much of one side is missing."""
    at = np.flatnonzero(lines)
    step = int(np.diff(at).max(initial=1))
    words = f", {_rhythm(lines, step)} at the sides" if step > 1 else ""
    below, above = lines.size // 2 - at[0], at[-1] - lines.size // 2
    # A line stands for all up to the next; the whole is the matrix, unless zeros pad the longer side as well.
    padded = max(below, above) + step < lines.size // 2
    share = (below + above + step) / (2 * max(below, above + step) if padded else lines.size)
    # Of lines a step apart, the outermost of the two sides may differ by one step.
    is_partial = share < 0.95 and abs(below - above) > step
    return f"{words}, partial Fourier {share:.2f}" if is_partial else words


def _rhythm(lines: np.ndarray, largest: int) -> str:
    """Say how the lines beside the central block are spaced: every R-th, n of every p, or not regularly."""
    sides = _distances_at_the_sides(lines)
    longest = max(sides, key=len)
    for n in range(1, _MAX_RHYTHM + 1):
        if n > 1 and len(longest) < 2 * n:
            break  # too few to tell a rhythm from chance
        beat = sorted(longest[:n])
        if all(_repeats(side, n) and sorted(side[:n]) == beat[: len(side)] for side in sides if len(side)):
            return f"every {beat[0]}" if n == 1 else f"{n} of every {sum(beat)}"
    return f"at irregular distances up to {largest}"


def _repeats(side: np.ndarray, n: int) -> bool:
    return bool((side[n:] == side[:-n]).all())


def _distances_at_the_sides(lines: np.ndarray) -> list[np.ndarray]:
    """Return the distances from line to line below the central block of lines and above it, outwards.

    The first of a side is left out, since the block may end anywhere, unless there is no other.
    """
    at = np.flatnonzero(lines)
    gaps = np.flatnonzero(np.diff(at) > 1)
    centre = int(np.abs(at - lines.size // 2).argmin())
    first = int(gaps[gaps < centre].max(initial=-1)) + 1
    last = int(gaps[gaps >= centre].min(initial=at.size - 1))
    below, above = np.diff(at[: first + 1])[::-1], np.diff(at[last:])
    if len(below) < 2 and len(above) < 2:
        return [np.array([max(below.max(initial=1), above.max(initial=1))])]
    return [below[1:], above[1:]]


def _calibration(raw: RawScan, mask: np.ndarray) -> str:
    if raw.calibration is not None:
        return "separate lines"
    block = masks.calibration_block(masks.in_every_slice(mask), min(mask.shape[-2:]))
    side = block[0].stop - block[0].start
    if raw.kspace.shape[1] == 1:
        return "not needed: a single coil"
    enough = "" if side >= 2 * coil_maps.KERNEL_WIDTH else "; too small for maps, so give them (csm:)"
    return f"the central {side} × {side} are sampled fully{enough}"


def _noise(raw: RawScan, mask: np.ndarray) -> tuple[str, dict[str, str]]:
    """Say where the noise level comes from; what must be stated if it comes from nowhere."""
    try:
        data = scaled(raw.kspace)
        noisy = noisy_data(raw, data, samples.Sampling(mask, mask, ""), None, None)
        source = unexplained_noise.refined(raw, data, mask, noisy).estimate.source
        return source if raw.noise is not None else f"none measured; {source}", {}
    except InputError as error:
        why = str(error).removeprefix(f"{raw.where}: ")
        return f"not known: {why}", {"noise_std": why}


def _picture(kspace: np.ndarray) -> np.ndarray:
    scaled = kspace / np.abs(kspace).max()
    return np.linalg.norm(to_images(scaled), axis=0).astype(np.float32)
