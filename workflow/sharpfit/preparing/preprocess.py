"""From raw k-space to what is fitted: y = A c + n with white noise, ‖A‖ = 1 and an image of order 1."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks, noise
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import coil_maps, noise_level, reference
from sharpfit.preparing.basis import prepare_basis
from sharpfit.preparing.normalise import normalise
from sharpfit.preparing.plausible import check_lines, check_noise_level
from sharpfit.preparing.support import support

# A share of exact zeros below this is chance (integer samples of a single coil), not undersampling.
_STRAY_ZEROS = 1e-3
UNITS = {
    "sigma": "fitted units, std of the noise per real and imaginary component",
    "sigma_given": "the same as measured or stated, before the residual was asked",
    "unexplained": "variance of what no image explains / sigma^2, 1 where noise explains it",
    "sigma_uncertainty": "relative standard error of sigma, from counting samples; NaN: stated, not checked",
    "image_scale": "input image units per fitted unit: image = image_scale * c",
    "operator_norm": "largest singular value of M F L^-1 S, 1 / input k-space units",
    "data_scale": "fitted units per whitened unit",
    "acceleration": "k-space locations / sampled locations",
    "added_noise_std": "input k-space units, per real and imaginary component",
    "noise_cov": "squared input k-space units, E[n n^H], added noise included",
    "kspace": "fitted units",
    "csm": "L^-1 S / operator_norm, fitted data units per fitted image unit",
    "reference": "input image units",
    "reference_noise_variance": "squared input image units, of the fits' noise per component that it holds",
    "reference_noise_energy": "squared input image units, of that noise inside the object",
    "basis": "images per coefficient, scaled so that M F L^-1 S Phi / operator_norm has norm 1",
    "basis_scale": "what the file's basis was multiplied with",
    "support": "true inside the object, where images are judged",
    "pixel_spacing_mm": "mm along y, x",
    "seed": "of added noise, -1 where none was added",
}


class _Data(NamedTuple):
    """k-space with its scale: physical = unit · kspace."""

    kspace: np.ndarray
    """complex64 (slice, coil, ky, kx), largest modulus between ½ and 2"""
    unit: float
    """a power of two, so that dividing by it loses nothing"""


class _Prepared(NamedTuple):
    """A scan whose samples and noise are settled, in units of `_Data.kspace`."""

    data: _Data
    """as measured"""
    sampled: np.ndarray
    """bool (ky, kx), what was measured"""
    kspace: np.ndarray
    """complex64 (slice, coil, ky, kx), noise added, 0 outside the mask"""
    mask: np.ndarray
    """bool (ky, kx), what is fitted"""
    noise_cov: np.ndarray
    """Ψ, complex128 (coil, coil), added noise included"""
    measured_share: float
    """of the noise's variance that was there before any was added"""
    attrs: dict[str, Any]
    """what was found, for the result"""


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
    prepared = _prepare(raw, sampling_parameters, added_noise, noise_std)
    datasets, attrs = _solvable(raw, prepared, held_out)
    _check_finite(raw.where, datasets | attrs)
    settled = _noise_level(datasets, attrs["sigma_given"], prepared)
    kspace, csm, mask = (datasets[name] for name in ("kspace", "csm", "mask"))
    inside = support(kspace, csm, mask, settled["sigma"])
    share = prepared.measured_share if attrs["reference_source"].startswith(reference.AS_MEASURED) else 0.0
    own = reference.own_noise(csm, inside, settled["sigma"], attrs["image_scale"], share)
    return datasets | {"support": inside}, prepared.attrs | attrs | settled | own


def _prepare(
    raw: RawScan,
    sampling_parameters: Mapping[str, Any] | None,
    added_noise: Mapping[str, Any] | None,
    noise_std: float | None,
) -> _Prepared:
    """Find mask and noise, add noise, undersample."""
    sampled, sampled_source = _sampled(raw)
    data = _scaled(raw.kspace)
    mask, mask_source = _mask(raw, sampled, sampled_source, sampling_parameters)
    estimate = _noise(raw, data, sampled, noise_std)
    check_noise_level(raw.where, estimate.covariance, float(np.abs(data.kspace).max()))
    std, seed = _added(data, sampled, added_noise)
    noise_cov = estimate.covariance + 2 * std**2 * np.eye(raw.kspace.shape[1])
    kspace = np.where(mask, noise.add_noise(data.kspace, std, seed) if std else data.kspace, 0)
    attrs = {
        "sigma_uncertainty": estimate.uncertainty,  # NaN where the level is stated
        "acceleration": mask.size / int(mask.sum()),
        "added_noise_std": std * data.unit,
        "seed": seed,
        "noise_source": estimate.source,
        "mask_source": mask_source,
        "axes_source": raw.axes_source,
    }
    share = float(np.trace(np.linalg.solve(noise_cov, estimate.covariance)).real) / len(noise_cov)
    return _Prepared(data, sampled, kspace, mask, noise_cov, share, attrs)


def _solvable(
    raw: RawScan, prepared: _Prepared, held_out: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Find maps and reference, hold samples out, normalise."""
    data, sampled, kspace, mask, noise_cov, *_ = prepared
    block = masks.calibration_block(mask, coil_maps.MAX_CALIBRATION_WIDTH)
    csm, csm_source = _maps(raw, kspace, block, noise_cov)
    fit = normalise(kspace, csm, mask, noise_cov)
    image, reference_source = _reference(raw, data, csm, noise_cov, sampled)
    datasets = {
        "kspace": fit.kspace,
        "csm": fit.csm,
        "mask": mask,
        "held_out_mask": masks.hold_out(mask, block, **held_out),
        "noise_cov": noise_cov * data.unit**2,
    }
    attrs = {
        "sigma_given": fit.sigma,
        "image_scale": fit.image_scale * data.unit,
        "operator_norm": fit.operator_norm / data.unit,
        "data_scale": fit.data_scale,
        "csm_source": csm_source,
        "reference_source": reference_source,
    }
    if image is not None:
        datasets["reference"] = image
    if raw.basis is not None:
        datasets["basis"], attrs["basis_scale"] = prepare_basis(
            raw.basis.values, fit.csm, mask, raw.basis.where
        )
    if raw.pixel_spacing_mm is not None:
        attrs["pixel_spacing_mm"] = np.array(raw.pixel_spacing_mm, np.float64)
    return datasets, attrs


def _noise_level(datasets: Mapping[str, np.ndarray], given: float, prepared: _Prepared) -> dict[str, Any]:
    """Settle the level that every fit of the scan is made and judged at."""
    kspace, csm, mask = (datasets[name] for name in ("kspace", "csm", "mask"))
    level = noise_level.settle(kspace, csm, mask, given, prepared.attrs["sigma_uncertainty"])
    # An uncertainty of NaN says that the level was stated and nothing could check it.
    return {
        "sigma": level.sigma,
        "sigma_uncertainty": level.uncertainty,
        "noise_check": level.check,
        "unexplained": level.unexplained,
    }


def _scaled(kspace: np.ndarray) -> _Data:
    unit = float(2.0 ** np.round(np.log2(np.abs(kspace).max())))
    return _Data((kspace / unit).astype(np.complex64), unit)


def _check_finite(where: str, results: Mapping[str, Any]) -> None:
    numbers = {name: values for name, values in results.items() if not isinstance(values, str)}
    bad = [name for name, values in numbers.items() if not np.isfinite(values).all()]
    if bad:
        raise InputError(
            f"{where}: {', '.join(bad)} came out NaN or infinite; look for values out of range, or for maps "
            "that see nothing of the data"
        )


def _sampled(raw: RawScan) -> tuple[np.ndarray, str]:
    """Find the acquired locations: all but those that are zero in every slice and coil, if these are many."""
    nonzero = raw.kspace != 0
    _check_coils(raw.where, nonzero.any(axis=(2, 3)))
    check_lines(raw.where, nonzero)
    in_slices = nonzero.any(axis=1)
    sampled = in_slices.any(axis=0)
    missing = sampled.sum() - in_slices.sum(axis=(1, 2))
    if missing.max() > _STRAY_ZEROS * sampled.sum():
        raise InputError(
            f"{raw.where}: slices are sampled differently: slice {int(missing.argmax())} holds zeros at "
            f"{int(missing.max())} of the {int(sampled.sum())} locations sampled in others; make it one scan "
            "for each sampling"
        )
    if sampled.all():
        return sampled, "fully sampled"
    if (~sampled).mean() < _STRAY_ZEROS:
        return np.ones_like(sampled), f"fully sampled ({int((~sampled).sum())} stray zeros count as measured)"
    return sampled, (
        f"{int((~sampled).sum())} of {sampled.size} locations hold exact zeros in every coil and slice "
        "and count as not sampled"
    )


def _check_coils(where: str, alive: np.ndarray) -> None:
    """Refuse slices, and coils (slice, coil) of a slice, that are zero throughout."""
    empty = np.flatnonzero(~alive.any(axis=1))
    if empty.size:
        raise InputError(f"{where}: slice {', '.join(map(str, empty))} holds only zeros; leave it out")
    dead = np.argwhere(~alive)
    if dead.size:
        raise InputError(f"{where}: coil {dead[0, 1]} holds only zeros in slice {dead[0, 0]}; leave it out")


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
    mask = masks.make_mask((sampled.shape[0], sampled.shape[1]), **parameters)
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
        return coil_maps.normalised(raw.csm.values, raw.csm.where)
    if kspace.shape[1] == 1:
        return np.ones(kspace.shape, np.complex64), "ones: a single coil"
    try:
        csm = coil_maps.espirit(kspace, block, float(np.diag(noise_cov).real.mean()))
    except InputError as error:
        raise InputError(f"{raw.where}: {error}") from error
    side = block[0].stop - block[0].start
    source = f"ESPIRiT from the central {side} × {side} samples"
    empty = np.flatnonzero(~csm.any(axis=(1, 2, 3)))
    if empty.size == len(csm):
        raise InputError(f"{raw.where}: no slice holds signal above the noise, so there are no maps")
    if empty.size:
        source += f"; slice {', '.join(map(str, empty))} holds no signal above the noise: maps and image 0"
    return csm, source


def _reference(
    raw: RawScan, data: _Data, csm: np.ndarray, noise_cov: np.ndarray, sampled: np.ndarray
) -> tuple[np.ndarray | None, str]:
    """Find an image to compare with: given, from the noise-free twin, or from all measured samples."""
    if raw.reference is not None:
        return reference.given(raw.reference, data.kspace, data.unit, csm, noise_cov, sampled)
    if raw.noise_free is not None:
        return reference.combine(
            raw.noise_free, csm, noise_cov
        ), "noise-free k-space combined with the maps of the fit"
    if sampled.all():
        kspace = data.kspace * np.complex64(data.unit)
        return reference.combine(
            kspace, csm, noise_cov
        ), f"{reference.AS_MEASURED}, combined with the maps of the fit; the noise they share is taken out"
    return None, "none"
