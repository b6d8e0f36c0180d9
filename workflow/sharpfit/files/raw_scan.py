"""A scan as its files hold it: k-space and what came with it, read and checked, nothing computed."""

from dataclasses import dataclass

import numpy as np

from sharpfit.files.axes import FileArray
from sharpfit.files.geometry import Geometry


@dataclass(frozen=True)
class ScannerNotes:
    """What a scanner's header says of the scan; nothing that tells who was scanned, where or when."""

    scanner: str = ""
    protocol: str = ""
    trajectory: str = ""


@dataclass(frozen=True)
class RawScan:
    """What the files of a scan hold, axes in the core's order, all in the units of the file."""

    kspace: np.ndarray
    """complex (slice, coil, ky, kx), centre at N // 2, 0 where nothing was acquired"""
    where: str
    axes_source: str
    sampled: np.ndarray | None = None
    """bool (slice, ky, kx), what was acquired, where the format says it"""
    noise: FileArray | None = None
    """noise scan, complex (coil, sample), scaled to the noise of a sample of ``kspace``"""
    calibration: np.ndarray | None = None
    """complex (slice, coil, ky, kx), separate calibration lines, 0 where there are none"""
    averages: np.ndarray | None = None
    """complex (average, slice, coil, ky, kx), what ``kspace`` is the mean of, where there are several"""
    csm: FileArray | None = None
    """complex (slice, coil, y, x)"""
    mask: FileArray | None = None
    """bool (ky, kx)"""
    reference: FileArray | None = None
    """(slice, y, x)"""
    basis: FileArray | None = None
    """(coefficient, y, x)"""
    noise_free: np.ndarray | None = None
    """(slice, coil, ky, kx), simulated scans only"""
    pixel_spacing_mm: tuple[float, float] | None = None
    """along y, x"""
    geometry: Geometry | None = None
    phase_axis: str = "ky"
    """the axis of ``kspace`` along which lines are encoded one by one"""
    notes: ScannerNotes = ScannerNotes()
