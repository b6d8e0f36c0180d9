"""Judge the fitted cases of the study and hold the verdicts against the truth.

PYTHONPATH=workflow python benchmarks/verdicts/table.py .cache/verdicts/test_*.npz --out OUT.md
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import judge
from sharpfit.judging.record import MEASURES, Record
from sharpfit.results.reconstruction_file import ATTRIBUTES

CLASSES = ("frozen", "diverging", "over-fitting", "under-fitted", "sharper")
WORSE, BETTER_ON = 1.05, 0.95
ABOUT = """# Verdicts against the truth

Cases are drawn by seed (`benchmarks/verdicts/cases.py`): analytic phantom, realistic head and, where their
data lie, two measured brains; R = 1, 2, 3, 4, 6, lines and Poisson discs; three noise levels, coil noise
correlated up to 0.4; solvers from frozen to warm-up + cosine, plain and proximal (total variation, wavelets).
The thresholds were set on the splits "tuning" and "validation"; the misses of "review" were read, not fitted;
"test" was judged after the last rule stood.

Truth, from the reference: over-fitting when the last NRMSE exceeds the best by 5 %, else under-fitted when
going on at a constant rate (twice the iterations again, at most 300) lowers it by 5 %, else sharper.
Regret is NRMSE picked / best − 1. σ misjudged is emulated, as a level stated by hand: the replicas' variance
and the SURE term scale."""
TELLING_STEP = 0.001  # steps that change the error by less are neither better nor worse


@dataclass(frozen=True)
class Judged:
    """A case with its truth and what the judge said."""

    case: dict[str, Any]
    truth: str
    verdict: str
    cause: str
    evidence: str
    regret: dict[str, float]
    steps: dict[str, tuple[int, int]]
    g_ratio: float
    misjudged: dict[float, float]
    worse: float
    further: float


def load(path: Path) -> tuple[Record, dict[str, Any]]:
    """Read one fitted case: its measures and the truth."""
    with np.load(path) as file:
        values = {name: file[name] for name in file.files}
    history = {name: np.array(column, float) for name, column in json.loads(str(values["history"])).items()}
    arrays = {name: values[name] for name in MEASURES}
    arrays = {
        n: a if a.dtype.kind in "iu" else np.where(np.isfinite(a), a, np.nan) for n, a in arrays.items()
    }
    attrs = {name: values[name].item() for name in ATTRIBUTES}
    return Record(**arrays, **attrs, history=history), values | {"case": json.loads(str(values["case"]))}


def truth_of(record: Record, values: dict[str, Any]) -> str:
    """The class that images and loss belong to, from the reference."""
    chi2, error = np.asarray(record.history["chi2"]), values["nrmse"]
    if np.nansum(record.history["step"]) == 0:
        return "frozen"
    if record.stopped_because.startswith("non-finite") or chi2[-1] > WORSE * np.nanmin(chi2):
        return "diverging"
    if error[-1] > WORSE * error.min():
        return "over-fitting"
    return "under-fitted" if np.nanmin(values["further_nrmse"]) < BETTER_ON * error[-1] else "sharper"


def judge_case(path: Path) -> Judged:
    """Judge one case, and every measure that could have picked its iteration."""
    record, values = load(path)
    found, curves, error = judge(record), Curves(record), values["nrmse"]
    truth = truth_of(record, values)
    named = "sharper" if found.verdict == "contrast restored" else found.verdict
    moved = truth not in ("frozen", "diverging")
    candidates = {
        "risk J": curves.risk,
        "J at the samples": curves.sample_risk,
        "SURE": curves.sure,
        "mean FRC": -curves.mean_frc,
        "held-out": curves.held_out,
        "loss": curves.rss,
    }
    regret = {name: _regret(measure, error) for name, measure in candidates.items()} if moved else {}
    steps = {name: _steps(measure, error) for name, measure in candidates.items()} if moved else {}
    low_r = (
        values["case"]["scan"]["sampling"] is None or values["case"]["scan"]["sampling"]["acceleration"] <= 2
    )
    twin = values["twin_gradient"][found.picked]
    ratio = curves.cross_gradient[found.picked] / twin if moved and low_r and twin > 0 else np.nan
    at_wrong_sigma = {r: judge(record.at_noise(r)).picked for r in (0.8, 1.2)} if moved else {}
    wrong = {r: float(error[picked] / error.min() - 1) for r, picked in at_wrong_sigma.items()}
    return Judged(
        case=values["case"],
        truth=truth,
        verdict=named,
        cause=found.cause,
        evidence=found.evidence,
        regret=regret,
        steps=steps,
        g_ratio=float(ratio),
        misjudged=wrong,
        worse=float(error[-1] / error.min()),
        further=float(np.nanmin(values["further_nrmse"]) / error[-1]),
    )


def _regret(measure: np.ndarray, error: np.ndarray) -> float:
    picked = int(np.where(np.isfinite(measure), measure, np.inf).argmin())
    return float(error[picked] / error.min() - 1)


def _steps(measure: np.ndarray, error: np.ndarray) -> tuple[int, int]:
    """How many steps between checkpoints were called rightly, of how many that changed the error."""
    telling = np.abs(np.diff(error)) > TELLING_STEP * error[:-1]
    right = np.sign(np.diff(measure)) == np.sign(np.diff(error))
    return int((right & telling).sum()), int(telling.sum())


def confusion(cases: Iterable[Judged]) -> str:
    """The confusion matrix as a Markdown table, truth down, verdict across."""
    counts = Counter((one.truth, one.verdict) for one in cases)
    columns = (*CLASSES, "mixed", "not decided")
    lines = ["| truth \\ verdict | " + " | ".join(columns) + " | right |", "|---" * (len(columns) + 2) + "|"]
    for truth in CLASSES:
        row = [counts[truth, verdict] for verdict in columns]
        share = f"{100 * counts[truth, truth] / sum(row):.0f} %" if sum(row) else "–"
        lines.append(
            f"| **{truth}** | " + " | ".join(str(n or "·") for n in row) + f" | {share} of {sum(row)} |"
        )
    return "\n".join(lines)


def picking(cases: list[Judged]) -> str:
    """Regret and step accuracy of every measure as a Markdown table."""
    moved = [one for one in cases if one.regret]
    lines = ["| measure | mean regret | within 10 % | step accuracy |", "|---|---|---|---|"]
    for name in moved[0].regret:
        regret = np.array([one.regret[name] for one in moved])
        right, steps = np.sum([one.steps[name] for one in moved], axis=0)
        lines.append(
            f"| {name} | {100 * regret.mean():.1f} % | {100 * (regret <= 0.1).mean():.1f} % "
            f"| {right / steps:.3f} |"
        )
    return "\n".join(lines)


def summary(cases: list[Judged]) -> str:
    """The whole table."""
    n = len(cases)
    right = sum(one.truth == one.verdict for one in cases)
    open_ = sum(one.verdict in ("mixed", "not decided") for one in cases)
    g = np.array([one.g_ratio for one in cases if np.isfinite(one.g_ratio)])
    wrong = {r: np.mean([one.misjudged[r] for one in cases if one.misjudged]) for r in (0.8, 1.2)}
    misses = [
        f"- {one.case['name']}: {one.truth}, called {one.verdict} ({one.case['scan']['object']}, "
        f"{_sampling(one.case)}, noise {one.case['scan']['noise_level']}, {_solver(one.case)}; "
        f"NRMSE last / best {one.worse:.3f}, going on / last {one.further:.3f}): {one.evidence}"
        for one in cases
        if one.truth != one.verdict
    ]
    return "\n\n".join(
        [
            f"{n} cases; verdict right in {right} ({100 * right / n:.1f} %); mixed and not decided "
            f"{100 * open_ / n:.1f} %.",
            confusion(cases),
            picking(cases),
            f"G within 10 % of the noise-free twin in {100 * (np.abs(g - 1) <= 0.1).mean():.0f} % of "
            f"{len(g)} cases with R ≤ 2. Mean regret with σ misjudged by −20 %: {100 * wrong[0.8]:.1f} %, "
            f"by +20 %: {100 * wrong[1.2]:.1f} %.",
            "Misses:\n\n" + "\n".join(misses),
        ]
    )


def _sampling(case: dict[str, Any]) -> str:
    sampling = case["scan"]["sampling"]
    return f"{sampling['pattern']} R = {sampling['acceleration']}" if sampling else "R = 1"


def _solver(case: dict[str, Any]) -> str:
    regime, penalty = case["regime"], case["penalty"]
    if penalty:
        return f"{penalty['kind']} {penalty['weight']}, {regime['n_iterations']} iterations"
    schedule = "+".join(part["name"] for part in regime["schedule"]) or "constant"
    optimizer = f"{regime['optimizer']['name']} {regime['optimizer']['lr']} {schedule}"
    return f"{optimizer} from {regime['start']}, {regime['n_iterations']} iterations"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="writes the table here too")
    args = parser.parse_args()
    splits = ", ".join(sorted({path.name.split("_")[0] for path in args.cases}))
    text = f"{ABOUT}\n\n## Split: {splits}\n\n{summary([judge_case(path) for path in sorted(args.cases)])}"
    print(text)
    if args.out:
        args.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
