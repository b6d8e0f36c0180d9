"""What is kept of a fit at a checkpoint: the image, its noise map, and every measure the judge reads."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.checkpoint_file import Observation
from sharpfit.fitting.objective import Misfit, Problem
from sharpfit.measuring import measures
from sharpfit.physics.norms import energy, item_axes

PSF_HALF_WIDTH = 6


def checkpoint_iterations(n_iterations: int, n_checkpoints: int) -> list[int]:
    """Log-spaced iterations from 0 (the start) to the last, about ``n_checkpoints`` of them; all of fewer."""
    if n_iterations < n_checkpoints:
        return list(range(n_iterations + 1))
    spaced = np.geomspace(1, max(n_iterations, 1), max(n_checkpoints - 1, 2)).round().astype(int)
    return sorted({0, n_iterations, *(int(t) for t in spaced if t <= n_iterations)})


def observe(problem: Problem, c: Tensor, at: Misfit) -> Observation:
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
    tools = problem.instruments
    x = problem.image(c)  # (item, slice, y, x)
    images = problem.unstage(x)  # the same, centred
    plus, minus = images[problem.replicas.plus], images[problem.replicas.minus]
    halves = x[problem.replicas.plus] - x[problem.replicas.minus]
    halves_seen = problem.gram(halves)
    filtered = tools.filtered.look(at.image_gradient[0], halves_seen)
    per_pair = {
        **_traces(problem, problem.replicas.change(x)),
        **_of_halves(problem, plus, minus),
        "v_data": measures.data_noise_variance(halves, halves_seen),
        "v_filtered": filtered.variance,
        "filtered_sketch": filtered.sketch,
    }
    per_slice = {
        "filtered_rss": filtered.rss,
        "rss": at.rss[0],
        "held_out_rss": at.held_out_rss,
        "gradient_norm": energy(at.gradient, item_axes(at.gradient))[0].sqrt(),
        "image_norm": energy(x[0] * tools.inside_staged).sqrt(),
        "surrogate_distance": energy((x[0] - tools.surrogate) * tools.inside_staged),
        "weak_mode_share": measures.weak_mode_share(
            x[0], filtered.strong + tools.strong_data, tools.inside_staged
        ),
        "psf": _response(problem, plus - minus),
    }
    coefficients = {"coefficients": c[0].clone().cpu().numpy()} if problem.has_basis else {}
    return {
        **coefficients,
        "image": problem.place(images[0].cpu()).numpy(),
        "noise_map": problem.place(measures.noise_map(plus, minus).float().cpu()).numpy(),
        **{name: value.transpose(0, 1).cpu().numpy() for name, value in per_pair.items()},
        **{name: value.cpu().numpy() for name, value in per_slice.items()},
    }


def _traces(problem: Problem, change: Tensor) -> dict[str, Tensor]:
    """Take traces of ∂x/∂y, (pair, slice), from the change of staged images along noise.

    The noise of a measured pair is not known to be white, so there the mean of the others stands.
    """
    tools = problem.instruments
    filtered, error = tools.filtered.trace(change)
    traces = {
        "df": measures.degrees_of_freedom(tools.trace_adjoint, change, tools.apart),
        "shared_noise": tools.shared_noise.trace(change),
        "filtered_trace": filtered,
        "filtered_trace_error": error,
    }
    if not problem.replicas.has_measured:
        return traces
    return {name: torch.cat([of, of.mean(0, keepdim=True)]) for name, of in traces.items()}


def _of_halves(problem: Problem, plus: Tensor, minus: Tensor) -> dict[str, Tensor]:
    """Measure centred halves (pair, slice, y, x): variance, sharpness, correlation of rings.

    Slices without an object have no correlation (NaN): that of their noise would count against the others'.
    """
    tools = problem.instruments
    cross, power = measures.gradient_energies(plus, minus, tools.inside)
    correlation = measures.frc(plus, minus, tools.rings)
    correlation[:, ~tools.inside.any(-1).any(-1)] = torch.nan
    return {
        "v_image": measures.noise_variance(plus, minus, tools.inside),
        "cross_gradient": cross,
        "gradient_energy": power,
        "frc": correlation,
    }


def _response(problem: Problem, difference: Tensor) -> Tensor:
    """Average local point spread of every slice, (slice, 2w+1, 2w+1), the mean over made pairs."""
    tools = problem.instruments
    made, noise = difference[: problem.replicas.n_made], problem.unstage(tools.noise_adjoint)
    return measures.mean_response(noise, made, tools.inside, 2 * problem.sigma, PSF_HALF_WIDTH).mean(0)


def ring_counts(shape: tuple[int, ...]) -> np.ndarray:
    """How many samples each ring of the Fourier ring correlation holds, int64 (ring,)."""
    return measures.ring_counts(measures.ring_index(shape, "cpu")).numpy()
