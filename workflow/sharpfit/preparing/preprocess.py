"""From raw k-space to what is fitted: y = A c + n with white noise, ‖A‖ = 1 and an image of order 1."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks, noise
from sharpfit.physics.operators import Fourier
from sharpfit.preparing import coil_maps, maps, noise_level, reference, samples, true_replicas
from sharpfit.preparing.basis import prepare_basis
from sharpfit.preparing.noise_level import SettledLevel
from sharpfit.preparing.normalise import Normalised, normalise
from sharpfit.preparing.plausible import check_noise_level
from sharpfit.preparing.support import support

UNITS = {
    "sigma": "fitted units, std per real and imaginary component of what no image explains",
    "sigma_given": "the same of the noise as measured or stated, before the residual was asked",
    "sigma_uncertainty": "relative standard error of sigma, from counting samples; NaN: stated, not checked",
    "image_scale": "input image units per fitted unit: image = image_scale * c",
    "operator_norm": "largest singular value of M F L^-1 S, 1 / input k-space units",
    "data_scale": "fitted units per whitened unit",
    "acceleration": "k-space locations / sampled locations",
    "added_noise_std": "input k-space units, per real and imaginary component",
    "noise_cov": "squared input k-space units, E[n n^H], added noise included",
    "kspace": "fitted units",
    "measured_noise": "fitted units: of the data, from a contrast of their averages, independent of them",
    "csm": "L^-1 S / operator_norm, fitted data units per fitted image unit",
    "reference": "input image units",
    "reference_noise_variance": "squared input image units, of the fits' noise per component that it holds",
    "reference_noise_energy": "squared input image units, of that noise inside the object",
    "basis": "images per coefficient, scaled so that M F L^-1 S Phi / operator_norm has norm 1",
    "basis_scale": "what the file's basis was multiplied with",
    "support": "true inside the object, where images are judged",
    "pixel_spacing_mm": "mm along y, x",
    "slice_centres_mm": "(slice, 3): of pixel (ny // 2, nx // 2), mm to the patient's left, back, head",
    "row_direction": "along which x grows: left, back, head",
    "column_direction": "along which y grows: left, back, head",
    "slice_thickness_mm": "mm",
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
    found = samples.acquired(raw.kspace, raw.sampled, raw.where)
    sampling = samples.settle(found, raw.mask, sampling_parameters, raw.phase_axis, raw.where)
    difference = None if raw.averages is None else true_replicas.contrast(raw.averages / data.unit)
    estimate = _noise(raw, data, difference, sampling.acquired, noise_std)
    check_noise_level(raw.where, estimate.covariance, float(np.abs(data.kspace).max()))
    std, seed = _added(data, sampling.acquired, added_noise)
    noise_cov = estimate.covariance + 2 * std**2 * np.eye(raw.kspace.shape[1])
    kspace = np.where(sampling.fitted, noise.add_noise(data.kspace, std, seed) if std else data.kspace, 0)
    csm, csm_source, learnt = maps.find(raw, kspace, sampling.fitted, noise_cov, data.unit)
    fit = normalise(kspace, csm, sampling.fitted, noise_cov)
    image, reference_source = reference.find(raw, data.kspace, data.unit, csm, noise_cov, sampling.acquired)
    datasets = {
        "kspace": fit.kspace,
        "csm": fit.csm,
        "noise_cov": noise_cov * data.unit**2,
        **_masks(sampling, held_out),
        **({} if image is None else {"reference": image}),
    }
    attrs: dict[str, Any] = {
        "sigma_given": fit.sigma,
        "image_scale": fit.image_scale * data.unit,
        "operator_norm": fit.operator_norm / data.unit,
        "data_scale": fit.data_scale,
        "acceleration": sampling.fitted.size / int(sampling.fitted.sum()),
        "added_noise_std": std * data.unit,
        "seed": seed,
        **_place(raw),
    }
    if raw.basis is not None:
        datasets["basis"], attrs["basis_scale"] = prepare_basis(
            raw.basis.values, fit.csm, sampling.fitted, raw.basis.where
        )
    _check_finite(raw.where, datasets | attrs)
    sources = {
        "csm_source": csm_source,
        "reference_source": reference_source,
        "noise_source": estimate.source,
        "mask_source": sampling.source,
        "axes_source": raw.axes_source,
    }
    as_measured = reference_source.startswith(reference.AS_MEASURED)
    share = float(np.trace(np.linalg.solve(noise_cov, estimate.covariance)).real) / len(noise_cov)
    level = noise_level.settle(fit.kspace, fit.csm, sampling.fitted, fit.sigma, estimate.uncertainty, learnt)
    judged = _judged_with(fit, sampling.fitted, level, attrs["image_scale"], share if as_measured else 0.0)
    if raw.averages is not None and difference is not None and not std:  # added noise would be missing in it
        white = noise.whiten(noise.whitener(noise_cov), difference) * fit.data_scale
        measured = np.where(sampling.fitted, white, 0).astype(np.complex64)
        datasets["measured_noise"] = measured
        sources["averages_check"] = true_replicas.check(
            measured, sampling.fitted, level.sigma, len(raw.averages)
        )
    return datasets | judged[0], attrs | sources | judged[1]


def _masks(sampling: samples.Sampling, held_out: Mapping[str, Any]) -> dict[str, np.ndarray]:
    block = masks.calibration_block(sampling.fitted, coil_maps.MAX_CALIBRATION_WIDTH)
    return {
        "mask": sampling.fitted,
        "held_out_mask": masks.hold_out(sampling.fitted, block, **held_out),
    }


def _judged_with(
    fit: Normalised, mask: np.ndarray, level: SettledLevel, image_scale: float, share: float
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Find what every fit of the scan is judged with: the level, the object, the reference's noise.

    ``share`` of the fit's noise, in variance, is in the reference too.
    """
    inside = support(fit.kspace, fit.csm, mask, level.sigma)
    # An uncertainty of NaN says that the level was stated and nothing could check it.
    settled = {
        "sigma": level.sigma,
        "sigma_uncertainty": level.uncertainty,
        "noise_check": level.check,
    }
    own = reference.own_noise(fit.csm, inside, level.sigma, image_scale, share)
    return {"support": inside}, settled | own


def _place(raw: RawScan) -> dict[str, np.ndarray]:
    """Where the images lie in the patient, as far as the file says it."""
    found: dict[str, np.ndarray] = {}
    if raw.pixel_spacing_mm is not None:
        found["pixel_spacing_mm"] = np.array(raw.pixel_spacing_mm, np.float64)
    if raw.geometry is not None:
        found |= {
            "slice_centres_mm": raw.geometry.centres.astype(np.float64),
            "row_direction": raw.geometry.row.astype(np.float64),
            "column_direction": raw.geometry.column.astype(np.float64),
            "slice_thickness_mm": np.array(raw.geometry.thickness_mm, np.float64),
        }
    return found


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


def _noise(
    raw: RawScan,
    data: _Data,
    difference: np.ndarray | None,
    acquired: np.ndarray,
    noise_std: float | None,
) -> noise.NoiseEstimate:
    """Take the noise as stated, else from a noise scan, else from the averages, else from the edge."""
    if noise_std is not None:
        return noise.stated(noise_std / data.unit, data.kspace.shape[1], noise_std)
    if raw.noise is not None:
        return noise.from_scan(raw.noise.values / data.unit, raw.noise.where)
    if raw.averages is not None and difference is not None:
        return true_replicas.noise_of(difference, acquired, len(raw.averages))
    return noise.from_edge(data.kspace, acquired, raw.where)


def _added(data: _Data, sampled: np.ndarray, added_noise: Mapping[str, Any] | None) -> tuple[float, int]:
    """Find the std, in units of the scaled k-space, and the seed of the noise to add; 0 and −1 for none."""
    if added_noise is None:
        return 0.0, -1
    images = Fourier().adjoint(torch.from_numpy(np.where(sampled, data.kspace, 0)))
    brightness = torch.linalg.vector_norm(images, dim=1)
    level, seed = float(added_noise["level"]), int(added_noise["seed"])
    return level * float(np.percentile(brightness.numpy(), 99)), seed
