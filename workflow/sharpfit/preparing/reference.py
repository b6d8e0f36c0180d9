"""The image that fits are compared with, in input units: combined from k-space, or given."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks, noise
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import coil_maps
from sharpfit.preparing.reference_place import check_place

# A given reference further from the measured samples than this factor is in other units.
_FACTORS = (0.5, 2.0)
_FACTOR_TOLD = 0.05  # from 1: noise and aliasing of the samples change it by less
_LEAST_ACROSS = 8  # locations along each side of the centre that shows where an object lies
_PHASE_SMOOTHING = 2.0  # pixels
_NOISE_TAKES = 0.1  # of what an image leaves of the samples: a phase that takes off less may be their noise's
_ROUNDING = 1e-5  # of the samples' energy
_PHASE_STEPS = 4  # smoothing pulls the phase at an edge inwards; each step takes up what the last one left


class Reference(NamedTuple):
    """What fits are compared with.

    Attributes
    ----------
    image
        complex64 (slice, y, x), input units; None where there is none
    source
        a sentence that says where it is from
    of_samples
        whether it was made of the samples that are fitted, and so holds their noise
    """

    image: np.ndarray | None
    source: str
    of_samples: bool = False


def find(
    raw: RawScan,
    kspace: np.ndarray,
    unit: float,
    csm: np.ndarray,
    noise_cov: np.ndarray,
    acquired: np.ndarray,
    second: np.ndarray | None = None,
) -> Reference:
    """Find an image to compare with: given, from the noise-free twin, or from all measured samples.

    Of two sets of maps, the root sum of squares is compared: magnitudes, which hold no common phase.

    Parameters
    ----------
    raw
        for what is given
    kspace, unit, csm, noise_cov, acquired
        as of `given`
    second
        a second set of maps, as ``csm``
    """
    if raw.reference is not None:
        image, said = given(raw.reference, kspace, unit, csm, noise_cov, masks.in_every_slice(acquired))
        if second is None:
            return Reference(image, said)
        return Reference(np.abs(image).astype(np.complex64), f"{said}; its magnitude")
    if raw.noise_free is not None:
        said = "noise-free k-space combined with the maps of the fit"
        if second is None:
            return Reference(combine(raw.noise_free, csm, noise_cov), said)
        twin = combine_both(raw.noise_free, csm, second, noise_cov)
        return Reference(twin, f"{said}, root sum of squares of both sets")
    if acquired.all() and second is not None:
        return Reference(None, "none: how much noise it shares with fits of two sets of maps is not known")
    if acquired.all():
        image = combine(kspace, csm, noise_cov) * np.complex64(unit)  # a power of two
        said = "combined with the maps of the fit; the noise they share is taken out"
        return Reference(image, f"all samples as measured, {said}", of_samples=True)
    return Reference(None, "none")


def combine(kspace: np.ndarray, csm: np.ndarray, noise_cov: np.ndarray) -> np.ndarray:
    """Coil combination of fully sampled k-space: x = (SᴴΨ⁻¹S)⁻¹ SᴴΨ⁻¹ Fᴴ y, 0 where S is.

    It is what a converged fit of all samples gives (Roemer et al. 1990, doi:10.1002/mrm.1910160203).

    Returns
    -------
        complex64 (slice, y, x)
    """
    combined = []
    for images, maps in _white_slices(kspace, [csm], noise_cov):
        power = (np.abs(maps) ** 2).sum(0)
        matched = (maps.conj() * images).sum(0)
        one = np.where(power > 0, matched / np.where(power > 0, power, 1), 0)
        combined.append(one.astype(np.complex64))
    return np.stack(combined)


def combine_both(
    kspace: np.ndarray, csm: np.ndarray, second: np.ndarray, noise_cov: np.ndarray
) -> np.ndarray:
    """Root sum of squares of the two images that fit fully sampled k-space best, complex64 (slice, y, x).

    Weighted least squares as in :func:`combine`, with a 2 × 2 matrix SᴴΨ⁻¹S in every pixel.
    """
    combined = []
    for images, *sets in _white_slices(kspace, [csm, second], noise_cov):
        S = np.stack([np.moveaxis(maps, 0, -1) for maps in sets], axis=-1)  # (y, x, coil, set)
        adjoint = S.conj().swapaxes(-1, -2)
        both = np.linalg.pinv(adjoint @ S, hermitian=True) @ (adjoint @ np.moveaxis(images, 0, -1)[..., None])
        combined.append(np.linalg.norm(both[..., 0], axis=-1).astype(np.complex64))
    return np.stack(combined)


def _white_slices(
    kspace: np.ndarray, sets: Sequence[np.ndarray], noise_cov: np.ndarray
) -> Iterator[list[np.ndarray]]:
    """Yield of every slice L⁻¹ Fᴴ y, then L⁻¹ S of each set of maps, Ψ = L Lᴴ: (coil, y, x) each."""
    whitening = noise.whitener(noise_cov)
    for n in range(len(kspace)):
        one = slice(n, n + 1)
        images = Fourier().adjoint(torch.from_numpy(kspace[one])).numpy()
        yield [noise.whiten(whitening, part)[0] for part in (images, *(maps[one] for maps in sets))]


def given(
    reference: FileArray,
    kspace: np.ndarray,
    unit: float,
    csm: np.ndarray,
    noise_cov: np.ndarray,
    sampled: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Take a given image, complex or magnitude, with the smooth phase of what was measured.

    Parameters
    ----------
    reference
        (slice, y, x), in input image units
    kspace
        as measured, complex64 (slice, coil, ky, kx), 0 where not sampled
    unit
        input k-space units per unit of ``kspace``
    csm
        S, complex64 (slice, coil, y, x), Σ|S|² = 1
    noise_cov
        Ψ, (coil, coil)
    sampled
        bool (ky, kx)

    Returns
    -------
        complex64 (slice, y, x), and a sentence

    Raises
    ------
    InputError
        if its scale is another one than the measured samples', or it lies otherwise
    """
    centre = _centre(sampled)
    seen = centre if centre.any() else sampled  # noise and aliasing matter least in the centre
    measured = combine(np.where(seen, kspace, 0), csm, noise_cov)

    def as_measured(image: np.ndarray) -> np.ndarray:
        return combine(_samples(image, csm, seen), csm, noise_cov)

    phased = np.abs(reference.values) / unit * np.exp(1j * np.angle(measured))
    factor = _checked_scale(reference.where, phased, kspace, csm, seen)
    if _tells_places(centre):
        check_place(reference.where, as_measured(reference.values), measured)
    kind = "" if reference.values.dtype.kind == "c" else " as magnitude"
    source = f"given{kind} ({reference.where})"
    scaled = ""
    if abs(factor - 1) > _FACTOR_TOLD:
        scaled = f"; the samples are {factor:.2f} times it (least squares), which every NRMSE counts"
    turned = reference.values * np.exp(1j * _smooth_phase(reference.values, measured, as_measured))
    left, left_turned = (_left(kspace, one, csm, noise_cov, seen) for one in (reference.values, turned))
    if left - left_turned <= max(_NOISE_TAKES * left, _ROUNDING):
        return reference.values.astype(np.complex64), f"{source}, whose phase is that of the samples{scaled}"
    said = "up to a smooth phase, which the maps leave free and the centre of k-space settles"
    return turned.astype(np.complex64), f"{source}, {said}{scaled}"


def _left(
    kspace: np.ndarray, image: np.ndarray, csm: np.ndarray, noise_cov: np.ndarray, seen: np.ndarray
) -> float:
    """Return what an image at its best scale leaves of the whitened samples: min ‖y − f M F S x‖² / ‖y‖²."""
    whitening = noise.whitener(noise_cov)
    y, predicted = (
        noise.whiten(whitening, part.astype(np.complex64))
        for part in (np.where(seen, kspace, 0), _samples(image, csm, seen))
    )
    overlap, size, predicted_size = (
        float(np.vdot(*two).real) for two in ((predicted, y), (y, y), (predicted, predicted))
    )
    return 1 - overlap**2 / (size * predicted_size)


def _smooth_phase(
    image: np.ndarray, measured: np.ndarray, as_measured: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Phase of the measured image over a given one, (slice, y, x), both made of the same samples.

    Maps turned by any smooth phase fit the data as well, with the image turned back; the phase of single
    pixels would take their noise along. An image that explains the data is turned by nothing.
    """
    smoothing = (0, _PHASE_SMOOTHING, _PHASE_SMOOTHING)
    phase = np.zeros(image.shape)
    for _ in range(_PHASE_STEPS):
        product = measured * as_measured(image * np.exp(1j * phase)).conj()
        left = (gaussian_filter(part, smoothing) for part in (product.imag, product.real))
        phase += np.arctan2(*left)
    return phase


def _samples(image: np.ndarray, csm: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """M F S x of an image (slice, y, x), M what is ``seen``: complex64 (slice, coil, ky, kx)."""
    kspace = Fourier().forward(torch.from_numpy((csm * image[:, None]).astype(np.complex64))).numpy()
    return np.where(seen, kspace, 0)


def _centre(sampled: np.ndarray) -> np.ndarray:
    """Locations of the centre of k-space that is sampled without gaps; none where there is none."""
    centre = np.zeros_like(sampled)
    centre[masks.calibration_block(sampled, coil_maps.MAX_CALIBRATION_WIDTH)] = True
    return centre


def _tells_places(block: np.ndarray) -> bool:
    """Whether images of a block of locations show where an object lies: of a few, any is a blob or two.

    Locations with gaps between them are no block: what folds may look like another place.
    """
    return bool(min(block.any(axis).sum(-1).min() for axis in (-2, -1)) >= _LEAST_ACROSS)


def _checked_scale(
    where: str, image: np.ndarray, kspace: np.ndarray, csm: np.ndarray, seen: np.ndarray
) -> float:
    """Say how many times a reference the samples are; refuse other units than the k-space's, or objects.

    The factor f of least squares ‖f M F S x − M y‖² must lie in 0.5 … 2; the image x has the reference's
    modulus and the phase of what was measured, M is the centre of k-space, where noise and aliasing matter
    least.
    """
    predicted = _samples(image, csm, seen)[..., seen]
    energy = float((np.abs(predicted) ** 2).sum())
    overlap = float((predicted.conj() * kspace[..., seen]).real.sum())
    factor = overlap / energy if energy > 0 else float("inf")
    if not _FACTORS[0] <= factor <= _FACTORS[1]:
        raise InputError(
            f"{where}: the measured samples are {factor:.3g} times this reference (least squares); "
            "give it in the units of the k-space (centred orthonormal FFT, coils combined with Σ|S|² = 1), "
            "or look at its axes"
        )
    return factor


def own_noise(
    csm: np.ndarray, inside: np.ndarray, sigma: float, image_scale: float, share: float
) -> dict[str, float]:
    """Say what noise a reference combined from the fit's own samples holds, for `quality.Reference`.

    It is D Eᴴ n over all samples, D = 1 / Σ|S|², of the energy 2 σ² Σ D inside the object.

    Parameters
    ----------
    csm
        complex64 (slice, coil, y, x), as the model uses them
    inside
        bool (slice, y, x), the object
    sigma
        std of the fit's noise per component, fitted units
    image_scale
        input image units per fitted unit
    share
        of the fit's noise that the reference holds, in variance: below 1 where noise was added, 0 for none
    """
    variance = share * (sigma * image_scale) ** 2
    power = (np.abs(csm) ** 2).sum(1)[inside].astype(float)
    energy = 2 * variance * float((1 / power[power > 0]).sum())
    return {"reference_noise_variance": variance, "reference_noise_energy": energy}
