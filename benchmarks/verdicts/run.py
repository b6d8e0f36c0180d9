"""Fit the cases of the study and keep their measures with the truth: one small file per case, resumable.

PYTHONPATH=workflow python benchmarks/verdicts/run.py --split test --cases 300 --out .cache/verdicts
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import SPLITS, Case, draw_case, make_scan
from solvers import ProximalDescent

from sharpfit.errors import InputError
from sharpfit.fitting.loop import Fit, percentile99
from sharpfit.fitting.objective import Problem
from sharpfit.fitting.observe import checkpoint_iterations, ring_counts
from sharpfit.fitting.solving import Objective, make_solver
from sharpfit.measuring import quality
from sharpfit.measuring.measures import gradient_energies
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.conjugate_gradient import conjugate_gradient

N_CHECKPOINTS = 22
N_CHECKPOINTS_FURTHER = 15
LONGEST_FURTHER = 300


class LightFit:
    """The main replica alone, on given data: for the noise-free twin and for going on after the end."""

    def __init__(self, csm: np.ndarray, mask: np.ndarray, data: np.ndarray, device: torch.device) -> None:
        self.A = acquisition(torch.from_numpy(csm).to(device), torch.from_numpy(mask).to(device))
        self.data = self.A.encoding.stage(torch.from_numpy(data).to(device))

    def start(self, kind: str) -> torch.Tensor:
        """As `Problem.start`, (1, slice, y, x)."""
        back = self.A.adjoint(self.data)
        if kind == "zero":
            return torch.zeros_like(back)[None]
        alpha = back.abs().square().sum() / self.A(back).abs().square().sum()
        return (alpha * back)[None]

    def run(self, descent: Any, checkpoints: list[int]) -> np.ndarray:
        """Iterate to the last checkpoint; images (checkpoint, slice, y, x) in fitted units."""
        images = []
        for t in range(checkpoints[-1] + 1):
            if t in checkpoints:
                images.append(self.A.image(descent.c[0]).cpu().numpy().copy())
            residual = self.A(descent.c[0]) - self.data
            descent.step(self.A.adjoint(residual)[None], residual.abs().square().sum()[None, None])
        return np.stack(images)


def make_descent(case: Case, start: torch.Tensor, data: torch.Tensor, sigma: float, constant: bool) -> Any:
    """The solver of a case; `constant` leaves its schedule away."""
    if case.penalty:
        kind, weight, lr = (case.penalty[key] for key in ("kind", "weight", "lr"))
        return ProximalDescent(start, kind, weight * sigma, lr)
    regime = {**case.regime, "schedule": []} if constant else case.regime
    return make_solver(regime, Objective(lambda c: c, data), start)


def run_case(case: Case, device: torch.device, data: Path | None, sigma_ratio: float) -> dict[str, Any]:
    """Fit one case as reconstruct would; its measures, and the truth beside.

    sigma_ratio: the noise level that reconstruct is told, over the true one.
    """
    scan, attrs, clean = make_scan(case.scan, data)
    sigma = float(attrs["sigma"])
    scan["reference"] = scan["reference"] / float(attrs["image_scale"])
    arrays = (scan[name] for name in ("kspace", "csm", "mask", "held_out_mask"))
    problem = Problem(*arrays, sigma * sigma_ratio, n_pairs=1, seed=case.seed, device=device)
    descent = make_descent(case, problem.start(case.regime["start"]), problem.data, sigma, constant=False)
    checkpoints = checkpoint_iterations(case.regime["n_iterations"], N_CHECKPOINTS)
    trajectory = Fit(problem, descent, checkpoints).run()
    seen = {
        name: np.stack([one[name] for one in trajectory.observations]) for name in trajectory.observations[0]
    }
    images = seen.pop("image")
    del seen["noise_map"]
    gradient = problem.evaluate(descent.c).gradient[0]
    rows = trajectory.history
    measured = {
        **seen,
        "iterations": np.array(trajectory.iterations),
        "frc_counts": ring_counts(images.shape[-2:]),
        "history": json.dumps({name: [row[name] for row in rows] for name in rows[0]}),
        "sigma": sigma * sigma_ratio,
        "sigma_ratio": sigma_ratio,
        "n_real": problem.n_real,
        "n_held_out": problem.n_held_out,
        "stopped_because": trajectory.stopped_because,
        "last_step": rows[-1]["step"],
        "travel_needed": percentile99(conjugate_gradient(problem.gram, gradient, 10)),
        "nrmse": along(images, scan["reference"]),
        "case": json.dumps(case._asdict()),
    }
    return measured | truth(case, scan, clean, sigma, descent.c[:1].clone(), trajectory.iterations)


def truth(
    case: Case,
    scan: dict[str, Any],
    clean: np.ndarray,
    sigma: float,
    last: torch.Tensor,
    iterations: list[int],
) -> dict[str, Any]:
    """The noise-free twin along the same checkpoints, and what going on at a constant rate reaches."""
    twin = LightFit(scan["csm"], scan["mask"], clean, last.device)
    start = twin.start(case.regime["start"])
    images = twin.run(make_descent(case, start, twin.data, sigma, constant=False), iterations)
    further = LightFit(scan["csm"], scan["mask"], scan["kspace"], last.device)
    n_further = min(2 * case.regime["n_iterations"], LONGEST_FURTHER)
    on = further.run(
        make_descent(case, last, further.data, sigma, constant=True),
        checkpoint_iterations(n_further, N_CHECKPOINTS_FURTHER),
    )
    cross, _ = gradient_energies(torch.from_numpy(images), torch.from_numpy(images))
    return {
        "twin_nrmse": along(images, scan["reference"]),
        "twin_gradient": cross.sum(1).numpy(),
        "further_nrmse": along(on, scan["reference"]),
    }


def along(images: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """NRMSE of every checkpoint."""
    return np.array([quality.nrmse(image, reference) for image in images])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=tuple(SPLITS), required=True)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="with --stride: share the cases among processes")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sigma-ratio", type=float, default=1.0, help="misjudge the noise level by this")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--data", type=Path, help="folder of measured scans; without it none is drawn")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # diverging cases overflow, as they should
    args.out.mkdir(parents=True, exist_ok=True)
    for index in range(args.first, args.cases, args.stride):
        case = draw_case(args.split, index, brains=args.data is not None)
        target = args.out / f"{case.name}.npz"
        if target.exists():
            continue
        try:
            result = run_case(case, torch.device(args.device), args.data, args.sigma_ratio)
        except InputError as error:
            print(f"{case.name}: left out, {error}", flush=True)
            continue
        partial = target.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, **result)
        partial.replace(target)
        error = result["nrmse"]
        print(f"{case.name}: NRMSE best {error.min():.3f}, last {error[-1]:.3f}", flush=True)


if __name__ == "__main__":
    main()
