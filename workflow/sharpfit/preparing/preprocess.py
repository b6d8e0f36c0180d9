"""From raw k-space to what is fitted: y = A c + n with white noise, ‖A‖ = 1 and an image of order 1."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import map_sets, masks, noise
from sharpfit.preparing import (
    coil_compression,
    coil_maps,
    maps,
    noise_level,
    reference,
    samples,
    spikes,
    true_replicas,
    unexplained_noise,
)
from sharpfit.preparing.basis import prepare_basis
from sharpfit.preparing.noise_level import SettledLevel
from sharpfit.preparing.noisy_data import Data, NoisyData, noisy_data, scaled
from sharpfit.preparing.normalise import Normalised, normalise
from sharpfit.preparing.support import support

Results = tuple[dict[str, np.ndarray], dict[str, Any]]
"""Datasets and attributes of results/preprocess/<scan>.h5, but for the surrogate (`fitting.surrogate`)."""

UNITS = {
    "sigma": "fitted units, std per real and imaginary component of what no image explains",
    "sigma_given": "the same of the noise as measured or stated, before the residual was asked",
    "sigma_uncertainty": "relative standard error of sigma, from counting samples; NaN: stated, not checked",
    "model_errs": "whether the residual holds more than sigma, which then is the model's error",
    "image_scale": "input image units per fitted unit: image = image_scale * c",
    "operator_norm": "largest singular value of M F L^-1 S, 1 / input k-space units",
    "data_scale": "fitted units per whitened unit",
    "acceleration": "k-space locations / sampled locations",
    "added_noise_std": "input k-space units, per real and imaginary component",
    "noise_cov": "squared input k-space units, E[n n^H], added noise included",
    "kspace": "fitted units",
    "measured_noise": "fitted units: of the data, from a contrast of their averages, independent of them",
    "csm": "L^-1 S / operator_norm, fitted data units per fitted image unit",
    "csm_second": "as csm, of a second place of the object that folds into the same pixel",
    "reference": "input image units",
    "reference_noise_variance": "squared input image units, of the fits' noise per component that it holds",
    "reference_noise_energy": "squared input image units, of that noise inside the object",
    "basis": "images per coefficient, scaled so that M F L^-1 S Phi / operator_norm has norm 1",
    "basis_scale": "what the file's basis was multiplied with",
    "support": "true inside the object, where images are judged",
    "surrogate": "fitted units, an image of total variation that fits are held against; two sets stacked",
    "pixel_spacing_mm": "mm along y, x",
    "slice_centres_mm": "(slice, 3): of pixel (ny // 2, nx // 2), mm to the patient's left, back, head",
    "row_direction": "along which x grows: left, back, head",
    "column_direction": "along which y grows: left, back, head",
    "slice_thickness_mm": "mm",
    "seed": "of added noise, -1 where none was added",
    "is_simulated": "whether the k-space came with a noise-free twin",
}


def preprocess(
    raw: RawScan,
    *,
    held_out: Mapping[str, Any],
    sampling_parameters: Mapping[str, Any] | None = None,
    added_noise: Mapping[str, Any] | None = None,
    noise_std: float | None = None,
    n_virtual_coils: int | None = None,
) -> Results:
    """Prepare a scan for fitting.

    Parameters
    ----------
    raw
        the scan as read
    held_out
        fraction and seed of `masks.hold_out`
    sampling_parameters
        keyword arguments of `masks.make_mask`, to undersample a fully sampled scan
    added_noise
        level (std per component / 99th percentile of the coils' root sum of squares) and seed
    noise_std
        the noise per real and imaginary component, in the file's units, if it is to be taken as stated
    n_virtual_coils
        how many `coil_compression` keeps; None: all coils as they are

    Returns
    -------
        datasets and attributes of results/preprocess/<scan>.h5, but for ``surrogate``

    Raises
    ------
    InputError
        if the noise, the maps or the mask cannot be had from this scan
    """
    acquired = samples.acquired(raw.kspace, raw.sampled, raw.where)
    raw, left_out = samples.without_dead_coils(raw)
    data = scaled(raw.kspace)
    raw = replace(raw, kspace=np.empty((0, 0, 0, 0), np.complex64))  # a scan of many slices is held once
    sampling = samples.settle(acquired, raw.mask, sampling_parameters, raw.phase_axis, raw.where)
    odd = {"coils_left_out": left_out, "spikes": spikes.said(data.kspace, sampling.acquired)}
    said = {name: text for name, text in odd.items() if text}
    noisy = noisy_data(raw, data, sampling, added_noise, noise_std)
    noisy = unexplained_noise.refined(raw, data, sampling.acquired, noisy)
    stored = {"noise_cov": noisy.covariance * data.unit**2} | _masks(sampling, held_out)
    if n_virtual_coils is None:
        datasets, attrs = _modelled(raw, data, noisy, sampling, stored)
        return datasets, attrs | said
    virtual = coil_compression.find(raw, noisy, sampling, stored["held_out_mask"], n_virtual_coils)
    compressed = coil_compression.compressed(virtual, raw, data, noisy)
    datasets, attrs = _modelled(*compressed, sampling, stored, virtual)
    return datasets, attrs | said | {"coil_compression": virtual.source}


def _modelled(
    raw: RawScan,
    data: Data,
    noisy: NoisyData,
    sampling: samples.Sampling,
    stored: dict[str, np.ndarray],
    virtual: coil_compression.Virtual | None = None,
) -> Results:
    """Find maps, scales, reference, noise level and object, beside what is ``stored`` as it is."""
    mask = sampling.fitted
    coils = maps.find(raw, noisy.kspace, mask, noisy.covariance, data.unit, virtual)
    compared = reference.find(
        raw, data.kspace, data.unit, coils.csm, noisy.covariance, sampling.acquired, coils.second
    )
    model = _Model(noisy.kspace, coils, mask, noisy.covariance)
    fit = model.fit
    datasets, attrs = _fitted(raw, data, sampling, noisy, fit)
    datasets |= stored | model.second
    if compared.image is not None:
        datasets["reference"] = compared.image
    _check_finite(raw.where, datasets | attrs)
    attrs |= {"csm_source": coils.source, "reference_source": compared.source}
    attrs["is_simulated"] = raw.noise_free is not None
    level, inside = model.settled(noisy.estimate.uncertainty)
    share = noisy.share_measured if compared.of_samples else 0.0
    judged = _judged_with(fit, inside, level, attrs["image_scale"], share)
    averages = _averages(raw, noisy, fit, sampling, level)
    return datasets | judged[0] | averages[0], attrs | judged[1] | averages[1]


class _Model:
    """The problem in fitted units, its noise level and its object, with one set of maps or with two.

    Two sets are one on twice the field of view, see :mod:`sharpfit.physics.map_sets`.

    Attributes
    ----------
    fit
        samples and maps as the scan's file keeps them, of the field of view; of the first set
    second
        ``csm_second``, the second set in the same units; nothing with one
    """

    def __init__(
        self, kspace: np.ndarray, coils: maps.CoilMaps, mask: np.ndarray, covariance: np.ndarray
    ) -> None:
        self.second: dict[str, np.ndarray] = {}
        self._mask, self._learnt, self._axis = mask, coils.learnt, map_sets.axis_of(mask)
        if coils.second is None:
            self.fit = self._whole = normalise(kspace, coils.csm, mask, covariance)
            return
        self._mask = map_sets.spread(mask, self._axis)
        self._learnt = None if coils.learnt is None else map_sets.spread(coils.learnt, self._axis)
        self._whole = normalise(
            map_sets.spread(kspace, self._axis),
            map_sets.stacked_maps(coils.csm, coils.second, self._axis),
            self._mask,
            covariance,
        )
        first, second = map_sets.parted_maps(self._whole.csm, self._axis)
        self.fit = self._whole._replace(kspace=map_sets.gathered(self._whole.kspace, self._axis), csm=first)
        self.second = {"csm_second": second}

    def settled(self, uncertainty: float) -> tuple[SettledLevel, np.ndarray]:
        """Settle the noise level, and find the object: bool (slice, y, x) of the field of view."""
        whole = self._whole
        level = noise_level.settle(
            whole.kspace, whole.csm, self._mask, whole.sigma, uncertainty, self._learnt
        )
        inside = support(whole.kspace, whole.csm, self._mask, level.sigma)
        return level, np.logical_or(*map_sets.parted(inside, self._axis)) if self.second else inside


def _fitted(
    raw: RawScan, data: Data, sampling: samples.Sampling, noisy: NoisyData, fit: Normalised
) -> Results:
    """Return what is fitted, its scales, and where all of it came from."""
    datasets = {"kspace": fit.kspace, "csm": fit.csm}
    attrs: dict[str, Any] = {
        "sigma_given": fit.sigma,
        "image_scale": fit.image_scale * data.unit,
        "operator_norm": fit.operator_norm / data.unit,
        "data_scale": fit.data_scale,
        "acceleration": sampling.fitted.size / int(sampling.fitted.sum()),
        "added_noise_std": noisy.added_std * data.unit,
        "seed": noisy.seed,
        "noise_source": noisy.estimate.source,
        "mask_source": sampling.source,
        "axes_source": raw.axes_source,
        **_place(raw),
    }
    if raw.basis is not None:
        datasets["basis"], attrs["basis_scale"] = prepare_basis(
            raw.basis.values, fit.csm, sampling.fitted, raw.basis.where
        )
    return datasets, attrs


def _masks(sampling: samples.Sampling, held_out: Mapping[str, Any]) -> dict[str, np.ndarray]:
    fitted = sampling.fitted
    block = masks.calibration_block(masks.in_every_slice(fitted), coil_maps.MAX_CALIBRATION_WIDTH)
    if fitted.ndim == 2:
        return {"mask": fitted, "held_out_mask": masks.hold_out(fitted, block, **held_out)}
    return {"mask": fitted, "held_out_mask": np.stack([masks.hold_out(m, block, **held_out) for m in fitted])}


def _judged_with(
    fit: Normalised, inside: np.ndarray, level: SettledLevel, image_scale: float, share: float
) -> Results:
    """Find what every fit of the scan is judged with: the level, the object, the reference's noise.

    ``share`` of the fit's noise, in variance, is in the reference too.
    """
    # An uncertainty of NaN says that the level was stated and nothing could check it.
    settled = {
        "sigma": level.sigma,
        "sigma_uncertainty": level.uncertainty,
        "noise_check": level.check,
        "model_errs": level.model_errs,
    }
    own = reference.own_noise(fit.csm, inside, level.sigma, image_scale, share)
    return {"support": inside}, settled | own


def _averages(
    raw: RawScan, noisy: NoisyData, fit: Normalised, sampling: samples.Sampling, level: SettledLevel
) -> Results:
    """Whiten the contrast of the averages as the data, for a true replica.

    Nothing where there are none, or where noise was added, which would be missing in it.
    """
    if raw.averages is None or noisy.contrast is None or noisy.added_std:
        return {}, {}
    white = noise.whiten(noise.whitener(noisy.covariance), noisy.contrast) * fit.data_scale
    measured = np.where(masks.over_coils(sampling.fitted), white, 0).astype(np.complex64)
    check = true_replicas.check(measured, sampling.fitted, level.sigma, len(raw.averages))
    return {"measured_noise": measured}, {"averages_check": check}


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


def _check_finite(where: str, results: Mapping[str, Any]) -> None:
    numbers = {name: values for name, values in results.items() if not isinstance(values, str)}
    bad = [name for name, values in numbers.items() if not np.isfinite(values).all()]
    if bad:
        raise InputError(
            f"{where}: {', '.join(bad)} came out NaN or infinite; look for values out of range, or for maps "
            "that see nothing of the data"
        )
