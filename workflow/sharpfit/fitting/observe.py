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
        the names of the result file every measure, first axis slice, second (if there is one) the draw
    """
    tools = problem.instruments
    x = problem.image(c)  # (item, slice, y, x)
    d = problem.replicas.draws(x)
    seen = problem.gram(d)
    image, noise = problem.unstage(x[0]), problem.unstage(d)  # centred
    filtered = tools.filtered.look(at.image_gradient[0], seen)
    per_draw = {
        **_traces(problem, d),
        **_of_halves(problem, image, noise),
        "v_image": measures.noise_variance(noise, tools.inside),
        "v_data": measures.data_noise_variance(d, seen),
        "v_filtered": filtered.variance,
        "filtered_sketch": filtered.sketch,
    }
    per_slice = {
        "filtered_rss": filtered.rss,
        "rss": at.rss[0],
        "held_out_rss": at.held_out_rss,
        "gradient_norm": energy(at.gradient, item_axes(at.gradient))[0].sqrt(),
        "image_norm": energy(x[0] * tools.inside_staged).sqrt(),
        "surrogate_distance": tools.surrogate_distance(x[0]),
        "weak_mode_share": measures.weak_mode_share(
            x[0], filtered.strong + tools.strong_data, tools.inside_staged
        ),
        "psf": _response(problem, noise),
    }
    coefficients = {"coefficients": c[0].clone().cpu().numpy()} if problem.has_basis else {}
    return {
        **coefficients,
        "image": problem.place(image.cpu()).numpy(),
        "noise_map": problem.place(measures.noise_map(noise).float().cpu()).numpy(),
        **{name: value.transpose(0, 1).cpu().numpy() for name, value in per_draw.items()},
        **{name: value.cpu().numpy() for name, value in per_slice.items()},
    }


def _traces(problem: Problem, d: Tensor) -> dict[str, Tensor]:
    """Take traces of ∂x/∂y, (draw, slice), from draws of the image's noise as they are staged.

    Measured noise is not known to be white, so there the mean of the others stands.
    """
    tools, made = problem.instruments, d[: problem.replicas.n_made]
    filtered, error = tools.filtered.trace(made)
    traces = {
        "df": measures.degrees_of_freedom(tools.noise_adjoint, made, problem.sigma),
        "shared_noise": tools.shared_noise.trace(made),
        "filtered_trace": filtered,
        "filtered_trace_error": error,
    }
    if not problem.replicas.has_measured:
        return traces
    return {name: torch.cat([of, of.mean(0, keepdim=True)]) for name, of in traces.items()}


def _of_halves(problem: Problem, x: Tensor, d: Tensor) -> dict[str, Tensor]:
    """Measure centred halves x ± d of the data, (draw, slice, y, x): sharpness, correlation of rings.

    Slices without an object have no correlation (NaN): that of their noise would count against the others'.
    """
    tools = problem.instruments
    cross, power = measures.gradient_energies(x, d, tools.inside)
    correlation = measures.frc(x + d, x - d, tools.rings)
    correlation[:, ~tools.inside.any(-1).any(-1)] = torch.nan
    return {"cross_gradient": cross, "gradient_energy": power, "frc": correlation}


def _response(problem: Problem, d: Tensor) -> Tensor:
    """Average local point spread of every slice, (slice, 2w+1, 2w+1), the mean over draws of made noise."""
    tools = problem.instruments
    made, noise = d[: problem.replicas.n_made], problem.unstage(tools.noise_adjoint)
    return measures.mean_response(noise, made, tools.inside, problem.sigma, PSF_HALF_WIDTH).mean(0)


def ring_counts(shape: tuple[int, ...]) -> np.ndarray:
    """How many samples each ring of the Fourier ring correlation holds, int64 (ring,)."""
    return measures.ring_counts(measures.ring_index(shape, "cpu")).numpy()
