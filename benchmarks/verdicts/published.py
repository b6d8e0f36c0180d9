"""Scores of published ways to stop that need fits or samples of their own, made beside a case's trajectory.

All are smallest where the method would stop, one number a checkpoint.
"""

from typing import Any

import numpy as np
import torch
from alone import Alone, noise_free_samples

from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks
from sharpfit.physics.conjugate_gradient import conjugate_gradient
from sharpfit.physics.white_noise import white_noise

N_FOLDS = 4
PROBE = 0.2  # of σ
N_STEPS = 300  # of conjugate gradients towards the least squares image


def published_scores(
    datasets: dict[str, np.ndarray],
    attrs: dict[str, Any],
    raw: RawScan,
    regime: dict[str, Any],
    iterations: list[int],
) -> dict[str, np.ndarray]:
    """Scores by K-fold cross-validation, by a second acquisition, and by GSURE."""
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "k_fold": _k_fold(datasets, attrs["sigma"], regime, iterations),
            "second_copy": _second_copy(datasets, attrs, raw, regime, iterations),
            "gsure": _gsure(datasets, attrs["sigma"], regime, iterations),
        }


def _k_fold(
    datasets: dict[str, np.ndarray], sigma: float, regime: dict[str, Any], iterations: list[int]
) -> np.ndarray:
    """Residual of every sample outside the calibration block, each predicted by a fit that did not see it."""
    mask = datasets["mask"]
    outside = np.flatnonzero(mask & ~_calibration(mask))
    parts = np.array_split(np.random.default_rng(0).permutation(outside), N_FOLDS)
    total = np.zeros(len(iterations))
    for part in parts:
        left_out = np.zeros(mask.shape, bool)
        left_out.flat[part] = True
        seen, unseen = Alone(datasets, sigma, regime, ~left_out), Alone(datasets, sigma, regime, left_out)
        for k, image in enumerate(seen.images(iterations)):
            total[k] += unseen.misfit(image)
    return total


def _calibration(mask: np.ndarray) -> np.ndarray:
    block = np.zeros(mask.shape, bool)
    block[masks.calibration_block(mask, 24)] = True
    return block


def _second_copy(
    datasets: dict[str, np.ndarray],
    attrs: dict[str, Any],
    raw: RawScan,
    regime: dict[str, Any],
    iterations: list[int],
) -> np.ndarray:
    """Residual of the fit against a second acquisition, whose noise is its own."""
    fit = Alone(datasets, attrs["sigma"], regime)
    clean = noise_free_samples(datasets, attrs, raw)
    drawn = np.random.default_rng(1).standard_normal((*clean.shape, 2)).view(complex)[..., 0]
    again = (clean + attrs["sigma_given"] * drawn).astype(np.complex64)
    second = Alone({**datasets, "kspace": again}, attrs["sigma"], regime)
    return np.array([second.misfit(image) for image in fit.images(iterations)])


def _gsure(
    datasets: dict[str, np.ndarray], sigma: float, regime: dict[str, Any], iterations: list[int]
) -> np.ndarray:
    """Estimate ‖x − x_true‖² up to a constant, for x_true in the range of Aᴴ (Eldar 2009).

    ‖x‖² − 2 Re ⟨x, A⁺y⟩ + 2 σ² Re ⟨A⁺b, ∂x/∂y b⟩, b a probe of unit variance per component; A⁺ by conjugate
    gradients. doi:10.1109/TSP.2008.2008212
    """
    fit = Alone(datasets, sigma, regime)
    layout = fit.A.encoding
    probe = layout.stage(torch.from_numpy(white_noise((2,), fit.kspace_shape)))
    apart = PROBE * sigma
    solved = [
        conjugate_gradient(layout.gram, fit.A.adjoint(part)[None], N_STEPS)[0] for part in (fit.y, probe)
    ]
    least_squares, weighted = (layout.unstage_image(part).numpy() for part in solved)
    scores = []
    pairs = zip(fit.images(iterations), fit.images(iterations, fit.y + apart * probe), strict=True)
    for image, moved in pairs:
        trace = np.vdot(weighted, (moved - image) / apart).real
        scores.append(
            np.linalg.norm(image) ** 2 - 2 * np.vdot(image, least_squares).real + 2 * sigma**2 * trace
        )
    return np.array(scores)
