"""What is kept of a fit at a checkpoint: the image, its noise map, and every measure the judge reads."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.checkpoint_file import Observation
from sharpfit.fitting.objective import Evaluation, Problem
from sharpfit.fitting.replicas import PROBE_STEP, PSF_AMPLITUDE
from sharpfit.measuring import measures
from sharpfit.physics.norms import energy, item_axes

PSF_HALF_WIDTH = 6


def checkpoint_iterations(n_iterations: int, n_checkpoints: int) -> list[int]:
    """Log-spaced iterations from 0 (the start) to the last, about ``n_checkpoints`` of them; all of fewer."""
    if n_iterations < n_checkpoints:
        return list(range(n_iterations + 1))
    spaced = np.geomspace(1, max(n_iterations, 1), max(n_checkpoints - 1, 2)).round().astype(int)
    return sorted({0, n_iterations, *(int(t) for t in spaced if t <= n_iterations)})


def observe(problem: Problem, c: Tensor, at: Evaluation) -> Observation:
    """Measure one iterate.

    Parameters
    ----------
    problem
        the staged data
    c
        the iterate, (item, slice, …)
    at
        the objective there

    Returns
    -------
        ``image`` complex64 (slice, y, x), ``noise_map`` float32 (slice, y, x) and, where Φ is not the
        identity, ``coefficients`` (slice, …) in fitted units; and under
        the names of the result file every measure, first axis slice, second (if there is one) the pair
    """
    x = problem.image(c)  # (item, slice, y, x)
    images = problem.unstage(x)  # the same, centred
    filtered_rss, sketch = problem.filtered.residual(at.image_gradient[0])
    per_pair = _of_pairs(problem, x, images) | {"filtered_sketch": sketch}
    per_slice = {
        "filtered_rss": filtered_rss,
        "rss": at.rss[0],
        "held_out_rss": at.held_out_rss,
        "gradient_norm": energy(at.gradient, item_axes(at.gradient))[0].sqrt(),
        "image_norm": energy(x[0] * problem.inside_staged).sqrt(),
        "weak_mode_share": measures.weak_mode_share(problem.gram, x[0], problem.inside_staged),
        "psf": local_psf(images[problem.replicas.psf] - images[0], problem.psf_points),
    }
    plus, minus = images[problem.replicas.plus], images[problem.replicas.minus]
    coefficients = {"coefficients": c[0].clone().cpu().numpy()} if problem.has_basis else {}
    return {
        **coefficients,
        "image": images[0].cpu().numpy(),
        "noise_map": measures.noise_map(plus, minus).float().cpu().numpy(),
        **{name: value.transpose(0, 1).cpu().numpy() for name, value in per_pair.items()},
        **{name: value.cpu().numpy() for name, value in per_slice.items()},
    }


def _of_pairs(problem: Problem, x: Tensor, images: Tensor) -> dict[str, Tensor]:
    """Measure what a pair of halves and its probe tell, each (pair, slice, …); x staged, images centred."""
    items = problem.replicas
    plus, minus = images[items.plus], images[items.minus]
    cross, power = measures.gradient_energies(plus, minus, problem.inside)
    ring_correlation, _ = measures.frc(plus, minus, problem.rings)
    spread, halves = x[items.probe] - x[:1], x[items.plus] - x[items.minus]
    halves_seen = problem.gram(halves)
    return {
        "df": measures.degrees_of_freedom(problem.probe_adjoint, spread, PROBE_STEP * problem.sigma),
        "v_data": measures.data_noise_variance(halves, halves_seen),
        "v_image": measures.noise_variance(plus, minus, problem.inside),
        "cross_gradient": cross,
        "gradient_energy": power,
        "frc": ring_correlation,
        "shared_noise": problem.shared_noise.trace(spread),
        "filtered_trace": problem.filtered.trace(spread),
        "v_filtered": problem.filtered.variance(halves_seen),
    }


def local_psf(difference: Tensor, points: np.ndarray) -> Tensor:
    """Cut the answer to unit spikes out of an image, (slice, y, x) → (slice, point, 2w+1, 2w+1), w = 6.

    Windows wrap around the edge of the image, as the discrete Fourier transform does.
    """
    window = np.arange(-PSF_HALF_WIDTH, PSF_HALF_WIDTH + 1)
    rows = torch.from_numpy((points[..., 0, None] + window) % difference.shape[-2]).to(difference.device)
    columns = torch.from_numpy((points[..., 1, None] + window) % difference.shape[-1]).to(difference.device)
    which = torch.arange(len(points), device=difference.device)[:, None, None, None]
    return difference[which, rows[..., :, None], columns[..., None, :]] / PSF_AMPLITUDE


def ring_counts(shape: tuple[int, ...]) -> np.ndarray:
    """How many samples each ring of the Fourier ring correlation holds, int64 (ring,)."""
    return measures.ring_counts(measures.ring_index(shape, "cpu")).numpy()
