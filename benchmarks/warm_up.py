"""Read the study of warm-ups: what each regime reaches against the plain one of its learning rate.

python benchmarks/warm_up.py studies/warm-up [--out FILE.md]     prints a Markdown table

The study must have been run. Every number is a mean over the draws of noise and mask of one object, ± the
standard error of that mean; ratios are taken draw by draw, so that what the draws share cancels.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from sharpfit.results.evaluation import Evaluation
from sharpfit.results.evaluation_file import read_evaluation

PLAIN = "plain"
Fits = dict[str, dict[str, dict[str, Evaluation]]]  # object → regime → draw


def read(study: Path) -> Fits:
    """Read every evaluation of the study."""
    fits: Fits = defaultdict(lambda: defaultdict(dict))
    for file in sorted((study / "results" / "evaluate").glob("*/*/evaluation.json")):
        one = read_evaluation(file)
        kind, _, draw = one.scan.rpartition("_")
        fits[kind][one.regime][draw] = one
    return fits


def with_error(values: list[float], form: str) -> str:
    """Mean ± its standard error."""
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean:{form}} ± {error:{form.lstrip('+')}}"


def reached(one: Evaluation, error: float) -> float:
    """First iteration whose NRMSE is no more than ``error``; NaN where none is."""
    there = np.flatnonzero(one.nrmse <= error)
    return float(one.trajectory.iteration[there[0]]) if there.size else np.nan


def row(regime: str, mine: dict[str, Evaluation], plain: dict[str, Evaluation]) -> str:
    """One regime of one object."""
    best = {draw: float(np.nanmin(one.nrmse)) for draw, one in mine.items()}
    others = {draw: float(np.nanmin(one.nrmse)) for draw, one in plain.items()}
    picked = [one.picked_quality.nrmse for one in mine.values()]
    against = [100 * (best[draw] / others[draw] - 1) for draw in best]
    soon = [reached(one, 1.02 * others[draw]) for draw, one in mine.items()]
    when = with_error(soon, ".0f") if np.isfinite(soon).all() else "not in all draws"
    return (
        f"| {regime} | {with_error(list(best.values()), '.3f')} | {with_error(against, '+.1f')} | "
        f"{with_error(picked, '.3f')} | {when} |"
    )


def table(kind: str, regimes: dict[str, dict[str, Evaluation]]) -> str:
    """Every regime of one object beside the plain one of its rate."""
    lines = [
        f"### {kind}",
        "",
        "| regime | best NRMSE | against plain, % | NRMSE at the judge's pick | iterations to plain's best |",
        "|---|---|---|---|---|",
    ]
    for regime, mine in sorted(regimes.items()):
        rate = regime.partition("_")[0]
        lines.append(row(regime, mine, regimes[f"{rate}_{PLAIN}"]))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--out", type=Path, help="writes the tables here too")
    arguments = parser.parse_args()
    fits = read(arguments.study)
    if not fits:
        parser.error(f"no judged fit in {arguments.study}; run the study first")
    said = "\n\n".join(table(kind, regimes) for kind, regimes in fits.items())
    print(said)
    if arguments.out:
        arguments.out.write_text(f"# Warm-ups\n\n{__doc__.split(chr(10) * 2)[2].strip()}\n\n{said}\n")


if __name__ == "__main__":
    main()
