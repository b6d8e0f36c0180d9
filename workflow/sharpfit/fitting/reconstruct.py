"""From a preprocessed scan and a regime to the fitted images and all that was measured on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.fitting.by_name import AUTO, JUDGED, LR_RANGE
from sharpfit.fitting.checkpoint_file import CheckpointFile, Observation, Row
from sharpfit.fitting.foreign import foreign_kind
from sharpfit.fitting.going_on import go_on
from sharpfit.fitting.loop import Beyond, FitLoop, Trajectory, percentile99
from sharpfit.fitting.objective import Problem
from sharpfit.fitting.observe import checkpoint_iterations, ring_counts
from sharpfit.fitting.preprocessed import Preprocessed, shown
from sharpfit.fitting.solving import (
    Objective,
    Solver,
    WalksAlongWeights,
    make_basis,
    make_penalty,
    make_solver,
)
from sharpfit.fitting.stopping import scan_estimates, stop_rule
from sharpfit.fitting.weight_path import Proximal, WeightPath, path_checkpoints
from sharpfit.physics.conjugate_gradient import conjugate_gradient


def reconstruct(
    scan: Mapping[str, Any],
    attrs: Mapping[str, Any],
    regime: Mapping[str, Any],
    measures: Mapping[str, int],
    *,
    device: torch.device,
    state: Path | None = None,
    on_row: Callable[[Row], None] = lambda _row: None,
    pause: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda _text: None,
) -> tuple[dict[str, np.ndarray], dict[str, Any], list[Row]]:
    """Fit one scan under one regime: min_c ½‖A c − y‖², all replicas at once.

    Parameters
    ----------
    scan
        ``kspace``, ``csm``, ``mask``, ``held_out_mask``, ``support``, ``surrogate`` of preprocess, and
        ``basis`` where the scan brings one; arrays or open datasets
    attrs
        ``sigma``, ``image_scale``, and ``basis_scale`` of such a basis
    regime
        as in params.yaml: ``optimizer``, ``schedule`` or ``solver``, ``penalty``; ``basis``, ``start`` …
    measures
        ``n_checkpoints``, ``n_replicas``, ``seed``
    device
        where to compute
    state
        folder for resuming after a kill
    on_row
        sees every row of the history as it is made
    pause, tell
        see :class:`sharpfit.fitting.loop.FitLoop`

    Returns
    -------
        datasets and attributes of ``reconstruction.h5``, and the rows of ``history.csv``

    Raises
    ------
    InputError
        the scan is not in complex64, or has no surrogate
    FrozenFitError
        leaf, optimizer and data do not belong together
    """
    if "surrogate" not in scan:
        raise InputError("the preprocessed scan has no surrogate; run preprocess again")
    problem = problem_of(scan, attrs, regime, measures, device, state.parent if state else None)
    fitted, found = with_found_lr(problem, regime)
    fit = _fit(problem, fitted, measures["n_checkpoints"])
    fit.on_row, fit.pause, fit.tell = on_row, pause, tell
    fit.keep = CheckpointFile(state, device) if state else None
    trajectory = fit.run()
    beyond = fit.beyond or Beyond(_attributes(problem, fit.solver, trajectory, regime, attrs) | found)
    went_on = {}
    if _may_go_on(fit, trajectory, regime):
        went_on["went_on"] = go_on(fit, trajectory.iterations[-1], beyond)
    return _datasets(scan, fit.solver, trajectory, attrs) | went_on, beyond.attributes, trajectory.history


def _may_go_on(fit: FitLoop, trajectory: Trajectory, regime: Mapping[str, Any]) -> bool:
    """Whether it could be better further on, and its solver can be taken there.

    A path ends at its best weight; a rule that stopped a fit says that it got worse; solvers that are not
    ours give as many iterates as they were asked for.
    """
    ended = trajectory.by_rule or not trajectory.is_finite
    ours = not foreign_kind(regime.get("solver", {}))
    return ours and not ended and not isinstance(fit.solver, WeightPath) and trajectory.iterations[-1] > 0


def problem_of(
    scan: Mapping[str, Any],
    attrs: Mapping[str, Any],
    regime: Mapping[str, Any],
    measures: Mapping[str, int],
    device: torch.device,
    scratch: Path | None = None,
) -> Problem:
    """Stage a preprocessed scan with its replicas; arguments as in :func:`reconstruct` and `Problem`.

    Raises
    ------
    InputError
        the scan is not in complex64
    """
    fitted = Preprocessed.of(scan)
    own_basis = torch.from_numpy(scan["basis"][()]).to(device) if "basis" in scan else None
    return Problem(
        fitted.kspace,
        fitted.csm,
        fitted.mask,
        fitted.held_out_mask,
        fitted.support,
        float(attrs["sigma"]),
        n_draws=measures["n_replicas"],
        seed=measures["seed"],
        device=device,
        measured_noise=fitted.measured_noise,
        surrogate=fitted.surrogate,
        model_errs=bool(attrs.get("model_errs", False)),
        may_threshold="penalty" in regime or foreign_kind(regime.get("solver", {})) == "command",
        scratch=scratch,
        Phi=make_basis(regime, own_basis),
    )


def with_found_lr(problem: Problem, regime: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, float]]:
    """Put the learning rate that a range test finds where a regime says ``lr: auto``.

    Returns
    -------
        the regime with a number, and what to remember of it: ``lr_found``, or nothing
    """
    optimizer = regime.get("optimizer", {})
    if optimizer.get("lr") != AUTO:
        return regime, {}
    test = import_module(LR_RANGE).range_test_of(problem, optimizer, problem.start(regime["start"]))
    return {**regime, "optimizer": {**optimizer, "lr": test.found}}, {"lr_found": test.found}


def _fit(problem: Problem, regime: Mapping[str, Any], n_checkpoints: int) -> FitLoop:
    """Put the regime's solver at its start; a weight that is left to the judge becomes a path of weights."""
    start, sigma = problem.start(regime["start"]), problem.sigma
    weight = regime["penalty"]["weight"] if "penalty" in regime else 0.0
    judged = weight == JUDGED
    objective = Objective(
        problem.normal, problem.data, make_penalty(regime), 0.0 if judged else weight * sigma, problem
    )
    solver = make_solver(regime, objective, start)
    if not judged:
        checkpoints = checkpoint_iterations(regime["n_iterations"], n_checkpoints)
        return FitLoop(
            problem, solver, checkpoints, stop=stop_rule(regime, sigma, problem.n_real, problem.n_held_out)
        )
    path = WeightPath(cast(Proximal, solver), sigma)
    return FitLoop(
        problem,
        path,
        path_checkpoints(regime["n_iterations"]),
        steer=lambda seen: path.told(scan_estimates(seen, sigma, problem.n_real, problem.n_held_out)),
    )


def _datasets(
    scan: Mapping[str, Any], solver: Solver, trajectory: Trajectory, attrs: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    image_scale, seen = float(attrs["image_scale"]), trajectory.observations
    images = _taken(seen, "image", image_scale, np.complex64)
    noise_map = _taken(seen, "noise_map", image_scale, np.float32)
    parts = {"frc_counts": ring_counts(images.shape[-2:])}
    if "coefficients" in seen[0]:
        fitted = _taken(seen, "coefficients", image_scale, np.complex64)
        parts["coefficients"] = fitted * np.float32(attrs.get("basis_scale", 1.0))
    if isinstance(solver, WalksAlongWeights) and (weights := solver.weights_at(trajectory.iterations)):
        parts["weights"] = np.array(weights)
    images, noise_map = shown(scan, images, noise_map)
    return {
        **parts,
        "images": images,
        "noise_map": noise_map,
        "iterations": np.array(trajectory.iterations, dtype=np.int64),
        **{f"measures/{name}": np.stack([one[name] for one in seen]) for name in seen[0]},
    }


def _taken(seen: Sequence[Observation], name: str, scale: float, dtype: type[np.generic]) -> np.ndarray:
    """Stack one quantity of all checkpoints, scaled, taking it out of each: two copies would be too many."""
    taken = np.empty((len(seen), *seen[0][name].shape), dtype)
    for k, one in enumerate(seen):
        taken[k] = one.pop(name) * scale
    return taken


def _attributes(
    problem: Problem,
    solver: Solver,
    trajectory: Trajectory,
    regime: Mapping[str, Any],
    attrs: Mapping[str, Any],
) -> dict[str, Any]:
    gradient = problem.evaluate(solver.c).image_gradient[0]
    return {
        "sigma": problem.sigma,
        "image_scale": float(attrs["image_scale"]),
        "n_real": problem.n_real,
        "n_held_out": problem.n_held_out,
        "cutoff_asked": problem.instruments.cutoff,
        "cutoff_used": problem.instruments.filtered.lowest,
        "seen_share": problem.instruments.seen_share,
        "stopped_because": trajectory.stopped_because,
        "is_finite": trajectory.is_finite,
        "last_step": trajectory.history[-1]["step"],
        "travel_needed": percentile99(conjugate_gradient(problem.gram, gradient, 10)),
        "has_measured_draw": problem.replicas.has_measured,
        "has_learning_rate": not math.isnan(solver.lr),
        "is_penalised": "penalty" in regime,
        "regime": json.dumps(regime, sort_keys=True),
        "n_iterations_asked": regime["n_iterations"],
    }
