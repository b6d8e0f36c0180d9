"""From raw k-space to what is fitted: y = A c + n with white noise, ‖A‖ = 1 and an image of order 1."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from sharpfit import maps, noise, sampling
from sharpfit.axes import FileArray
from sharpfit.errors import InputError
from sharpfit.normalise import normalise
from sharpfit.operators import Fourier
from sharpfit.scan import RawScan

# A share of exact zeros below this is chance (integer samples of a single coil), not undersampling.
_STRAY_ZEROS = 1e-3
UNITS = {
    "sigma": "fitted units, std of the noise per real and imaginary component",
    "sigma_uncertainty": "relative standard error of sigma, from counting noise samples",
    "image_scale": "input image units per fitted unit: image = image_scale * c",
    "operator_norm": "largest singular value of M F L^-1 S, 1 / input k-space units",
    "data_scale": "fitted units per whitened unit",
    "acceleration": "k-space locations / sampled locations",
    "added_noise_std": "input k-space units, per real and imaginary component",
    "noise_cov": "squared input k-space units, E[n n^H], added noise included",
    "kspace": "fitted units",
    "csm": "L^-1 S / operator_norm, fitted data units per fitted image unit",
    "reference": "input image units",
    "pixel_spacing_mm": "mm along y, x",
    "seed": "of added noise, -1 where none was added",
}


class _Data(NamedTuple):
    """k-space with its scale: physical = unit · kspace."""

    kspace: np.ndarray
    """complex64 (slice, coil, ky, kx), largest modulus between ½ and 2"""
    unit: float
    """a power of two, so that dividing by it loses nothing"""


def preprocess(
    raw: RawScan,
    *,
    held_out: Mapping[str, Any],
    sampling_parameters: Mapping[str, Any] | None = None,
    added_noise: Mapping[str, Any] | None = None,
    noise_std: float | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Prepare a scan for fitting.

    Parameters
    ----------
    raw
        the scan as read
    held_out
        fraction and seed of `sampling.hold_out`
    sampling_parameters
        keyword arguments of `sampling.make_mask`, to undersample a fully sampled scan
    added_noise
        level (std per real and imaginary component / 99th percentile of the coils' root sum of
        squares) and seed
    noise_std
        the noise per real and imaginary component, in the file's units, if it is to be taken as stated

    Returns
    -------
        datasets and attributes of results/preprocess/<scan>.h5

    Raises
    ------
    InputError
        if the noise, the maps or the mask cannot be had from this scan
    """
    data = _scaled(raw.kspace)
    sampled, sampled_source = _sampled(raw)
    mask, mask_source = _mask(raw, sampled, sampled_source, sampling_parameters)
    estimate = _noise(raw, data, sampled, noise_std)
    std, seed = _added(data, sampled, added_noise)
    noise_cov = estimate.covariance + 2 * std**2 * np.eye(raw.kspace.shape[1])
    kspace = np.where(mask, noise.add_noise(data.kspace, std, seed) if std else data.kspace, 0)

    block = sampling.calibration_block(mask, maps.MAX_CALIBRATION_WIDTH)
    csm, csm_source = _maps(raw, kspace, block, noise_cov)
    fit = normalise(kspace, csm, mask, noise_cov)
    reference, reference_source = _reference(raw, data, csm, noise_cov, bool(sampled.all()))
    datasets = {
        "kspace": fit.kspace,
        "csm": fit.csm,
        "mask": mask,
        "held_out_mask": sampling.hold_out(mask, block, **held_out),
        "noise_cov": noise_cov * data.unit**2,
    }
    attrs = {
        "sigma": fit.sigma,
        "sigma_uncertainty": estimate.uncertainty,
        "image_scale": fit.image_scale * data.unit,
        "operator_norm": fit.operator_norm / data.unit,
        "data_scale": fit.data_scale,
        "acceleration": mask.size / int(mask.sum()),
        "added_noise_std": std * data.unit,
        "seed": seed,
        "noise_source": estimate.source,
        "csm_source": csm_source,
        "mask_source": mask_source,
        "axes_source": raw.axes_source,
        "reference_source": reference_source,
    }
    if reference is not None:
        datasets["reference"] = reference
    if raw.pixel_spacing_mm is not None:
        attrs["pixel_spacing_mm"] = np.array(raw.pixel_spacing_mm, np.float64)
    return datasets, attrs


def combine(kspace: np.ndarray, csm: np.ndarray, noise_cov: np.ndarray) -> np.ndarray:
    """Coil combination of fully sampled k-space: x = (SᴴΨ⁻¹S)⁻¹ SᴴΨ⁻¹ Fᴴ y, 0 where S is.

    It is what a converged fit of all samples gives (Roemer et al. 1990, doi:10.1002/mrm.1910160203).

    Returns
    -------
        complex64 (slice, y, x)
    """
    whitening = noise.whitener(noise_cov)
    combined = np.empty((len(kspace), *kspace.shape[2:]), np.complex64)
    for n in range(len(kspace)):
        white = noise.whiten(whitening, csm[n : n + 1])[0]
        images = Fourier().adjoint(torch.from_numpy(kspace[n : n + 1])).numpy()
        power = (np.abs(white) ** 2).sum(0)
        matched = (white.conj() * noise.whiten(whitening, images)[0]).sum(0)
        combined[n] = np.where(power > 0, matched / np.where(power > 0, power, 1), 0)
    return combined


def _scaled(kspace: np.ndarray) -> _Data:
    unit = float(2.0 ** np.round(np.log2(np.abs(kspace).max())))
    return _Data((kspace / unit).astype(np.complex64), unit)


def _sampled(raw: RawScan) -> tuple[np.ndarray, str]:
    """Find the acquired locations: all but those that are zero in every slice and coil, if these are many."""
    sampled = (raw.kspace != 0).any(axis=(0, 1))
    if sampled.all():
        return sampled, "fully sampled"
    if (~sampled).mean() < _STRAY_ZEROS:
        return np.ones_like(sampled), f"fully sampled ({int((~sampled).sum())} stray zeros count as measured)"
    return sampled, (
        f"{int((~sampled).sum())} of {sampled.size} locations hold exact zeros in every coil and slice "
        "and count as not sampled"
    )


def _mask(
    raw: RawScan, sampled: np.ndarray, source: str, parameters: Mapping[str, Any] | None
) -> tuple[np.ndarray, str]:
    if raw.mask is not None:
        if parameters is not None:
            raise InputError(f"{raw.mask.where}: a scan takes either mask: or sampling:, not both")
        missing = raw.mask.values & ~sampled
        if missing.any():
            raise InputError(
                f"{raw.mask.where}: {int(missing.sum())} locations of the mask hold only zeros in {raw.where}"
            )
        return raw.mask.values, f"given ({raw.mask.where}); the file is {source}"
    if parameters is None:
        return sampled, source
    if not sampled.all():
        raise InputError(f"{raw.where}: sampling: needs a fully sampled scan, but {source}; leave it out")
    mask = sampling.make_mask((sampled.shape[0], sampled.shape[1]), **parameters)
    return mask, "retrospective: " + ", ".join(f"{key} {value}" for key, value in parameters.items())


def _noise(raw: RawScan, data: _Data, sampled: np.ndarray, noise_std: float | None) -> noise.NoiseEstimate:
    if noise_std is not None:
        return noise.stated(noise_std / data.unit, raw.kspace.shape[1], noise_std)
    if raw.noise is not None:
        return noise.from_scan(raw.noise.values / data.unit, raw.noise.where)
    return noise.from_edge(data.kspace, sampled, raw.where)


def _added(data: _Data, sampled: np.ndarray, added_noise: Mapping[str, Any] | None) -> tuple[float, int]:
    """Find the std, in units of the scaled k-space, and the seed of the noise to add; 0 and −1 for none."""
    if added_noise is None:
        return 0.0, -1
    images = Fourier().adjoint(torch.from_numpy(np.where(sampled, data.kspace, 0)))
    brightness = torch.linalg.vector_norm(images, dim=1)
    level, seed = float(added_noise["level"]), int(added_noise["seed"])
    return level * float(np.percentile(brightness.numpy(), 99)), seed


def _maps(
    raw: RawScan, kspace: np.ndarray, block: tuple[slice, slice], noise_cov: np.ndarray
) -> tuple[np.ndarray, str]:
    if raw.csm is not None:
        return maps.normalised(raw.csm.values, raw.csm.where)
    if kspace.shape[1] == 1:
        return np.ones(kspace.shape, np.complex64), "ones: a single coil"
    try:
        csm = maps.espirit(kspace, block, float(np.diag(noise_cov).real.mean()))
    except InputError as error:
        raise InputError(f"{raw.where}: {error}") from error
    side = block[0].stop - block[0].start
    return csm, f"ESPIRiT from the central {side} × {side} samples"


def _reference(
    raw: RawScan, data: _Data, csm: np.ndarray, noise_cov: np.ndarray, fully_sampled: bool
) -> tuple[np.ndarray | None, str]:
    """Find an image to compare with: given, from the noise-free twin, or from all measured samples."""
    if raw.reference is not None:
        return _given_reference(raw.reference, combine(data.kspace, csm, noise_cov))
    if raw.noise_free is not None:
        return combine(raw.noise_free, csm, noise_cov), "noise-free k-space combined with the maps of the fit"
    if fully_sampled:
        kspace = data.kspace * np.complex64(data.unit)
        return combine(kspace, csm, noise_cov), "all samples as measured, combined with the maps of the fit"
    return None, "none"


def _given_reference(reference: FileArray, measured: np.ndarray) -> tuple[np.ndarray, str]:
    """Take a given image as it is, or a magnitude image with the phase of what was measured."""
    if reference.values.dtype.kind == "c":
        return reference.values.astype(np.complex64), f"given ({reference.where})"
    image = reference.values * np.exp(1j * np.angle(measured))
    return image.astype(
        np.complex64
    ), f"given as magnitude ({reference.where}), phase of the measured samples"
