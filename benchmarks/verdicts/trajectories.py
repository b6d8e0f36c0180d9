"""Fit the cases of the study as the product does, and keep each with its truth: one folder per case.

PYTHONPATH=workflow python benchmarks/verdicts/trajectories.py --split fresh --cases 150 --out .cache/verdicts
"""

import argparse
import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from alone import Alone, noise_free_samples
from published import published_scores
from regimes import PATH, draw_regime, draw_regularised, going_on
from scans import draw_scan, make_scan
from scipy import ndimage

from sharpfit.errors import InputError
from sharpfit.files.raw_scan import RawScan
from sharpfit.fitting.observe import checkpoint_iterations
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.measuring.measures import gradient_energies
from sharpfit.preparing.preprocess import preprocess
from sharpfit.results import hdf5
from sharpfit.results.history import write_history

SPLITS = {
    "development": 11,
    "second": 12,
    "third": 13,
    "fourth": 14,
    "fifth": 15,
    "sixth": 16,
    "seventh": 17,
    "eighth": 18,
    "ninth": 19,
    "tenth": 20,
    "eleventh": 22,
    "twelfth": 24,
    "thirteenth": 25,
    "fourteenth": 26,
    "fifteenth": 27,
    "sixteenth": 28,
    "seventeenth": 29,
    "eighteenth": 30,
    "fresh": 31,
}
REGULARISED = "regularised"
SPLITS[REGULARISED] = 21
MEASURES = {"n_checkpoints": 20, "n_replicas": 1, "seed": 7}
HELD_OUT = {"fraction": 0.08, "seed": 11}
OBJECT = 0.05  # of the brightness: where the true object ends, whatever the product takes for it


def fit_case(split: str, index: int, folder: Path) -> None:
    """Draw, preprocess and fit one case; write reconstruction.h5, history.csv, truth.h5 and case.json."""
    rng = np.random.default_rng([SPLITS[split], index])
    scan = draw_scan(rng)
    family, regime = draw_regularised(rng) if split == REGULARISED else draw_regime(rng)
    raw, noise_std = make_scan(scan)
    datasets, attrs = preprocess(
        raw, held_out=HELD_OUT, sampling_parameters=scan.sampling, noise_std=noise_std
    )
    datasets, attrs = with_surrogate(datasets, attrs)
    fit, facts, rows = reconstruct(datasets, attrs, regime, MEASURES, device=torch.device("cpu"))
    goes_on = fit["iterations"][-1] > 0 and facts["is_finite"]
    goes_on &= family != PATH
    truth = true_errors(datasets, attrs, regime, fit["images"], fit["iterations"], goes_on)
    truth["twin_gradient"] = noise_free_sharpness(datasets, attrs, raw, regime, fit["iterations"], family)
    if family != PATH:
        truth |= published_scores(datasets, attrs, raw, regime, list(fit["iterations"]))
    folder.mkdir(parents=True)
    hdf5.write(folder / "reconstruction.h5", fit, facts)
    write_history(folder / "history.csv", rows)
    hdf5.write(folder / "truth.h5", truth, {})
    told = {"sigma_given": attrs["sigma_given"], "sigma": attrs["sigma"], "check": attrs["noise_check"]}
    case = {"scan": asdict(scan), "family": family, "regime": regime, **told}
    (folder / "case.json").write_text(json.dumps(case))


def iterations_beyond(n: int) -> list[int]:
    """Return after how many iterations more the error of a fit of n is looked at: up to twice as many."""
    return checkpoint_iterations(2 * n, 12)[1:]


def true_errors(
    datasets: dict[str, np.ndarray],
    attrs: dict[str, Any],
    regime: dict[str, Any],
    images: np.ndarray,
    iterations: np.ndarray,
    goes_on: bool,
) -> dict[str, np.ndarray]:
    """NRMSE inside the true object along the checkpoints and of the main item going on, and the truth.

    A fit that is frozen or left the finite numbers does not go on, nor does a path of weights.
    """
    reference = datasets["reference"]
    inside = true_object(reference)

    def nrmse(image: np.ndarray) -> float:
        error = np.linalg.norm((image - reference)[inside].astype(complex))
        return float(error / np.linalg.norm(reference[inside].astype(complex)))

    n = int(iterations[-1])
    later = iterations_beyond(n)
    on = []
    if goes_on:
        alone = Alone(datasets, attrs["sigma"], going_on(regime, n))
        on = [alone.shown(x) for x in alone.images([n + t for t in later])]
    return {
        "nrmse": np.array([nrmse(image) for image in images]),
        "further": np.array([nrmse(attrs["image_scale"] * image) for image in on]),
        "reference": reference,
    }


def noise_free_sharpness(
    datasets: dict[str, np.ndarray],
    attrs: dict[str, Any],
    raw: RawScan,
    regime: dict[str, Any],
    iterations: np.ndarray,
    family: str,
) -> np.ndarray:
    """‖∇x‖² of the same fit of noise-free data, (checkpoint,): what the judge's G is to be.

    NaN for a path of weights, which noise-free data would lead elsewhere.
    """
    if family == PATH:
        return np.full(len(iterations), np.nan)
    clean = noise_free_samples(datasets, attrs, raw).astype(np.complex64)
    alone = Alone({**datasets, "kspace": clean}, attrs["sigma"], regime)
    inside = torch.from_numpy(alone.support)
    pictures = [torch.from_numpy(image) for image in alone.images(list(iterations))]
    return np.array([float(gradient_energies(x, torch.zeros_like(x), inside)[0].sum()) for x in pictures])


def true_object(reference: np.ndarray) -> np.ndarray:
    """Pixels of the object, (slice, y, x): brighter than 5 %, and what they enclose.

    Dark parts of an object, between bars or in a ventricle, belong to it: there noise and ghosts show.
    """
    bright = np.abs(reference) > OBJECT * np.percentile(np.abs(reference), 99)
    return np.stack([ndimage.binary_fill_holes(ndimage.binary_closing(one)) | one for one in bright])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=tuple(SPLITS), required=True)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # diverging cases overflow, as they should
    for index in range(args.first, args.cases):
        folder = args.out / f"{args.split}_{index:04d}"
        if folder.exists():
            continue
        try:
            fit_case(args.split, index, folder)
        except InputError as error:
            print(f"{folder.name}: left out, {error}", flush=True)


if __name__ == "__main__":
    main()
