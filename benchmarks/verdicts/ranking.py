"""Which regime of a scan made the best image: the judge's choice against the truth.

PYTHONPATH=workflow python benchmarks/verdicts/ranking.py --scans 40 --out benchmarks/results/ranking.md

Scans are drawn as those of the verdict study, from a seed of their own; regimes as the shipped ones (descent,
CG, Adam, three penalties with judged weights) fit each; compared are the images that the judge picked.
"""

import argparse
import platform
import tempfile
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from regimes import N_ALONG_PATH, PENALTIES
from scans import draw_scan, make_scan
from trajectories import HELD_OUT, MEASURES, true_object

from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.judging.evaluate import NoiseLevel, evaluate
from sharpfit.preparing.preprocess import preprocess
from sharpfit.reporting.ranking import as_good, rank
from sharpfit.results import hdf5
from sharpfit.results.evaluation import Evaluation, as_evaluation
from sharpfit.results.history import write_history
from sharpfit.results.reconstruction_file import read_record

SEED = 23
REGIMES = {
    "gradient_descent": {"optimizer": {"name": "SGD", "lr": 1.0}, "start": "zero", "n_iterations": 100},
    "cg": {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 30},
    "adam": {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 200},
} | {
    name: {
        "solver": {"name": PENALTIES[name][0][0]},
        "penalty": {"name": name, **PENALTIES[name][1], "weight": "judged"},
        "start": "zero",
        "n_iterations": N_ALONG_PATH,
    }
    for name in ("wavelet", "total_variation", "smooth_phase")
}


def fits_of(index: int) -> list[tuple[Evaluation, float]]:
    """Fit and judge one scan with every regime: evaluations, and the true error of each picked image."""
    scan = draw_scan(np.random.default_rng([SEED, index]))
    raw, std = make_scan(scan)
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=scan.sampling, noise_std=std)
    datasets, attrs = with_surrogate(datasets, attrs)
    level = NoiseLevel(attrs["sigma"], attrs["sigma_given"], attrs["sigma_uncertainty"], attrs["noise_check"])
    reference = datasets["reference"]
    inside = true_object(reference)
    found = []
    for name, regime in REGIMES.items():
        fit, facts, rows = reconstruct(datasets, attrs, regime, MEASURES, device=torch.device("cpu"))
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "reconstruction.h5"), Path(folder, "history.csv")
            hdf5.write(files[0], fit, facts)
            write_history(files[1], rows)
            judged = evaluate(read_record(*files), fit["images"].__getitem__, None, level)
        error = (fit["images"][judged.judgement.picked] - reference)[inside].astype(complex)
        nrmse = float(np.linalg.norm(error) / np.linalg.norm(reference[inside].astype(complex)))
        found.append((as_evaluation(judged, str(index), name, regime), nrmse))
    return found


def by(measure: str, fits: list[tuple[Evaluation, float]]) -> float:
    """Return the true error of the image that is best by one measure alone."""
    values = [getattr(one.picked, measure) for one, _ in fits]
    return fits[int(np.argmin(np.nan_to_num(values, nan=np.inf)))][1]


def main() -> None:
    """Draw, fit, judge, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    losses: dict[str, list[float]] = {}
    equal: list[float] = []
    for index in range(args.scans):
        fits = fits_of(index)
        true = {id(one): error for one, error in fits}
        first, *others = rank([one for one, _ in fits])
        everywhere = [replace(one, seen_share=1.0) for one, _ in fits]
        true |= {id(one): error for one, (_, error) in zip(everywhere, fits, strict=True)}
        equal += [100 * (true[id(one)] / true[id(first)] - 1) for one in others if as_good(first, one)]
        chosen = {
            "the judge": true[id(first)],
            "the middle one of three, everywhere": true[id(rank(everywhere)[0])],
            "J": by("risk", fits),
            "distance from the surrogate": by("surrogate_distance", fits),
            "error at the samples": by("sure", fits),
            "held-out": by("held_out", fits),
            "smooth_phase, always": true[id(fits[-1][0])],
        }
        for name, error in chosen.items():
            losses.setdefault(name, []).append(100 * (error / min(true.values()) - 1))
        print(index, {name: round(values[-1], 1) for name, values in losses.items()}, flush=True)
    lines = [
        "# Which regime made the best image",
        "",
        f"{args.scans} scans of seed {SEED}, {len(REGIMES)} regimes each; {platform.machine()}, CPU alone, "
        f"{datetime.now(UTC):%Y-%m-%d}. The true error of the image chosen, above that of the best one.",
        "",
        "| chosen by | mean | median | within 10 % | worst |",
        "|---|---|---|---|---|",
    ]
    for name, values in losses.items():
        within = 100 * np.mean(np.array(values) <= 10)
        lines.append(
            f"| {name} | {np.mean(values):.1f} % | {np.median(values):.1f} % | {within:.0f} % "
            f"| {max(values):.0f} % |"
        )
    if equal:
        lines += [
            "",
            f"{len(equal)} images were said to be as good as the one chosen: their true errors lie "
            f"{min(equal):.0f} to {max(equal):.0f} % above its own, {np.median(np.abs(equal)):.0f} % away "
            "in the median.",
        ]
    args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
