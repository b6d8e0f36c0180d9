"""A patient of three spots that no turn or mirror maps onto itself, and what scanners make of it."""

import made_twix
import numpy as np
from made_mrd import Line, header, write
from scipy.spatial.transform import Rotation

# Centres in mm to the left, to the back, to the head; height; width in mm.
SPOTS = (((18.0, -31.0, 7.0), 1.0, 11.0), ((-35.0, 12.0, -9.0), 0.6, 9.0), ((6.0, 41.0, 16.0), 0.35, 13.0))

LEFT, BACK, HEAD = np.eye(3)
# Of an oblique slice: 20° about the left-right axis, then 10° about the head's.
_TILT = np.array([[1, 0, 0], [0, 0.9397, -0.3420], [0, 0.3420, 0.9397]])
_TURN = np.array([[0.9848, -0.1736, 0], [0.1736, 0.9848, 0], [0, 0, 1]])
OBLIQUE = _TURN @ _TILT
# Name → directions along which kx, ky and kz encode.
PLANES = {
    "axial": (LEFT, BACK, HEAD),
    "axial, phase from left to right": (-BACK, LEFT, HEAD),
    "coronal": (HEAD, -LEFT, BACK),
    "sagittal": (-HEAD, BACK, -LEFT),
    "oblique": tuple(OBLIQUE.T),
}


def patient(points):
    """How bright the patient is at points (…, 3) in mm to the left, back and head."""
    return sum(
        height * np.exp(-np.sum((points - np.array(centre)) ** 2, axis=-1) / (2 * width**2))
        for centre, height, width in SPOTS
    )


def seen(position, read, phase, shape, spacing):
    """What a slice shows: (y, x) of points position + y · phase + x · read, the centre at N // 2."""
    y, x = ((np.arange(n) - n // 2) * step for n, step in zip(shape, spacing, strict=True))
    return patient(np.array(position) + y[:, None, None] * phase + x[None, :, None] * read)


def scan(path, plane, *, positions, shape=(48, 40), spacing=(4.0, 5.0), vendor="made", noise=1e-3):
    """Write an ISMRMRD scan of the patient, one coil, and return its path.

    Siemens states directions for a forward FFT (mrpro #828, #833): its k-space is the conjugate of that of
    an image along the directions stated.
    """
    read, phase, across = PLANES[plane]
    rng = np.random.default_rng(7)
    lines = []
    for n, position in enumerate(positions):
        image = seen(position, read, phase, shape, spacing)
        kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image), norm="ortho"))
        kspace = kspace + noise * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
        kspace = kspace.conj() if vendor.lower() == "siemens" else kspace
        lines += [
            Line(kspace[None, y], y, counters=(("slice", n),), position=tuple(position))
            for y in range(shape[0])
        ]
    field = (shape[1] * spacing[1], shape[0] * spacing[0], 5.0)
    size = (shape[1], shape[0], 1)
    directions = (read, phase, across)
    return write(path, header(size, size, field, vendor=vendor), lines, directions)


def twix_scan(path, plane, *, positions, shape=(50, 32)):
    """Write the same as a Siemens twix file with a field of view of 200 × 160 mm, oversampled twice."""
    read, phase, _ = PLANES[plane]
    height, width = shape
    blocks = []
    for n, position in enumerate(positions):
        wide = seen(position, read, phase, (height, 2 * width), (200 / height, 160 / width))
        kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(wide), norm="ortho")).conj()
        blocks += [
            made_twix.Block(
                kspace[None, y],
                {"Lin": y, "Sli": n},
                position=tuple(position),
                quaternion=quaternion(np.stack([phase, read, np.cross(phase, read)], axis=1)),
            )
            for y in range(height)
        ]
    return made_twix.write(path, made_twix.measurement(blocks, 2 * width, height))


def quaternion(rotation):
    """Unit quaternion, its scalar first, of a rotation (3, 3)."""
    x, y, z, scalar = Rotation.from_matrix(rotation).as_quat()
    return (scalar, x, y, z)
