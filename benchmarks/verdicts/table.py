"""Judge the fitted cases of the study, hold verdicts and picks against the truth, and write the tables.

PYTHONPATH=workflow python benchmarks/verdicts/table.py .cache/verdicts/fresh_* --out OUT.md
"""

import argparse
import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from methods import JUDGE, METHODS, Trajectory, picked
from regimes import PATH
from trajectories import iterations_beyond
from truth import MARGIN, acceptable, truth_of

from sharpfit.fitting.stopping import JudgedStop
from sharpfit.judging.confidence import ERROR_ROSE
from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import Judgement, judge
from sharpfit.judging.record import MEASURES, Record
from sharpfit.judging.thresholds import SEEN
from sharpfit.results.reconstruction_file import read_record

CLASSES = ("frozen", "diverging", "over-fitting", "under-fitted", "fine")
FINE = ("sharper", "contrast restored", "cleaner", "noisy", "unchanged")
TELLING_STEP = 0.001  # steps that change the error by less are neither better nor worse
NEAR = 0.1  # of the noise-free twin's sharpness
KNOWN = 0.05  # a level that the residual corrected by less is the given one
STOP = {"rise": 0.1, "patience": 20}


@dataclass(frozen=True)
class Judged:
    """A case with its truth and what the judge and every method said."""

    name: str
    case: dict[str, Any]
    truth: str
    acceptable: frozenset[str]
    found: Judgement
    error: np.ndarray
    further: np.ndarray
    picks: dict[str, int]
    steps: dict[str, tuple[int, int]]
    stopped: int
    iterations: np.ndarray
    seen: float
    sharpness: np.ndarray
    """G over that of the noise-free twin, (checkpoint,); NaN where there is none"""

    @property
    def verdict(self) -> str:
        """The class of the verdict."""
        if self.found.verdict in ERROR_ROSE:
            return "over-fitting"
        return "fine" if self.found.verdict in FINE else self.found.verdict

    def regret(self, checkpoint: int) -> float:
        """NRMSE there over the best on the trajectory, less 1."""
        return float(self.error[checkpoint] / self.error.min() - 1)


def judge_case(folder: Path) -> Judged:
    """Judge one case, and ask every method for its pick."""
    record = read_record(folder / "reconstruction.h5", folder / "history.csv")
    with h5py.File(folder / "truth.h5") as file:
        known = {name: file[name][()] for name in file}
    error, further, twin = (known[name] for name in ("nrmse", "further", "twin_gradient"))
    with h5py.File(folder / "reconstruction.h5") as file:
        fit = Trajectory(file["images"][()], Curves(record), known)
    scores = {}
    for name, (method, _) in METHODS.items():
        with suppress(KeyError):  # what a method needs beside the fit was not made of this case
            scores[name] = method(fit)
    return Judged(
        name=folder.name,
        case=json.loads((folder / "case.json").read_text()),
        truth=truth_of(record, error, further),
        acceptable=acceptable(record, error, further),
        found=judge(record),
        error=error,
        further=further,
        picks={name: picked(values) for name, values in scores.items()},
        steps={name: _steps(values, error) for name, values in scores.items()},
        stopped=_stopped(record),
        iterations=record.iterations,
        seen=record.seen_share,
        sharpness=fit.curves.cross_gradient / np.where(twin > 0, twin, np.nan),
    )


def _steps(scores: np.ndarray, error: np.ndarray) -> tuple[int, int]:
    """How many steps between checkpoints were called rightly, of how many that changed the error."""
    telling = np.abs(np.diff(error)) > TELLING_STEP * error[:-1]
    with np.errstate(invalid="ignore"):
        right = np.sign(np.diff(scores)) == np.sign(np.diff(error))
    return int((right & telling).sum()), int(telling.sum())


def _stopped(record: Record) -> int:
    """Return the checkpoint at which `stop: {rule: judged, …}` would have ended the fit."""
    rule = JudgedStop(STOP["rise"], int(STOP["patience"]), record.sigma, record.n_real, record.n_held_out)
    per_checkpoint = [name for name in MEASURES if name not in ("iterations", "frc_counts")]
    seen = [
        {name: getattr(record, name)[t] for name in per_checkpoint} for t in range(len(record.iterations))
    ]
    for t in range(1, len(seen) + 1):
        if rule(record.iterations[:t].tolist(), seen[:t]):
            return t - 1
    return len(seen) - 1


def moving(cases: Sequence[Judged]) -> list[Judged]:
    """Those that have an iteration to pick."""
    return [one for one in cases if one.truth not in ("frozen", "diverging")]


def confusion(cases: Sequence[Judged]) -> str:
    """Return the confusion matrix, truth down, verdict across."""
    counts = Counter((one.truth, one.verdict) for one in cases)
    columns = (*CLASSES, "mixed", "not decided")
    lines = ["| truth \\ verdict | " + " | ".join(columns) + " | right |", "|---" * (len(columns) + 2) + "|"]
    for truth in CLASSES:
        row = [counts[truth, verdict] for verdict in columns]
        share = f"{100 * counts[truth, truth] / sum(row):.0f} %" if sum(row) else "–"
        cells = " | ".join(str(n or "·") for n in row)
        lines.append(f"| **{truth}** | {cells} | {share} of {sum(row)} |")
    return "\n".join(lines)


def picking(cases: Sequence[Judged]) -> str:
    """Regret, step accuracy and cost of every method."""
    lines = [
        "| method | fits | mean regret | median | within 10 % | worst | step accuracy |",
        "|---" * 7 + "|",
    ]
    for name, (_, fits) in METHODS.items():
        if not all(name in one.picks for one in moving(cases)):
            continue
        regret = 100 * np.array([one.regret(one.picks[name]) for one in moving(cases)])
        right, steps = np.sum([one.steps[name] for one in moving(cases)], axis=0)
        lines.append(
            f"| {name} | {fits} | {regret.mean():.1f} % | {np.median(regret):.2f} % | "
            f"{100 * (regret <= 10).mean():.0f} % | {regret.max():.0f} % | {right / steps:.3f} |"
        )
    return "\n".join(lines)


def binned(cases: Sequence[Judged]) -> list[tuple[float, float, int]]:
    """Mean stated probability, share that is right, and count, of verdicts stated with about the same."""
    told = [one for one in cases if np.isfinite(one.found.confidence)]
    bins = []
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.0)):
        seen = [one for one in told if low <= one.found.confidence < high]
        if seen:
            stated = float(np.mean([one.found.confidence for one in seen]))
            bins.append((stated, float(np.mean([one.truth == one.verdict for one in seen])), len(seen)))
    return bins


def reliability(cases: Sequence[Judged]) -> str:
    """Of verdicts stated with some probability, how many are right."""
    rows = [f"| {stated:.2f} | {right:.2f} | {n} |" for stated, right, n in binned(cases)]
    return "\n".join(["| stated, mean | right | cases |", "|---|---|---|", *rows])


def advice(cases: Sequence[Judged]) -> str:
    """Return what following the advice to go on does to the image."""
    gains = []
    for one in cases:
        if one.found.go_on and one.further.size:
            n = one.iterations[-1]
            later = np.array(iterations_beyond(n))
            gains.append(one.further[int(np.abs(later - one.found.go_on).argmin())] / one.error[-1])
    if not gains:
        return "No verdict advised to go on."
    better = 100 * np.mean(np.array(gains) < 1)
    return (
        f"Advice to go on was given {len(gains)} times; followed, the image got better in {better:.0f} %, "
        f"its error fell to {np.median(gains):.2f} of what it was (median), at worst to {max(gains):.2f}."
    )


def stopping(cases: Sequence[Judged]) -> str:
    """Return what `stop: judged` saves and loses."""
    stopped = [one for one in moving(cases) if one.stopped < len(one.iterations) - 1]
    if not stopped:
        return "`stop: judged` ended no fit."
    saved = [1 - one.iterations[one.stopped] / one.iterations[-1] for one in stopped]
    lost = [one.error[: one.stopped + 1].min() / one.error.min() - 1 for one in stopped]
    judged = np.mean([one.verdict == "over-fitting" for one in stopped])
    return (
        f"`stop: {{rule: judged, rise: {STOP['rise']}, patience: {STOP['patience']}}}` ends {len(stopped)} "
        f"of {len(moving(cases))} fits and saves {100 * np.mean(saved):.0f} % of their iterations; the best "
        f"image before the stop is {100 * np.mean(lost):.1f} % worse than the best of all on average, "
        f"{100 * max(lost):.0f} % at worst; the judge calls {100 * judged:.0f} % of them over-fitting."
    )


def sharpness(cases: Sequence[Judged]) -> str:
    """Return how near G is to the sharpness of the noise-free twin, at the pick and at the end."""
    lines = ["| fits | at the pick: mean ratio | within 10 % | at the end | within 10 % |", "|---" * 5 + "|"]
    told = [one for one in moving(cases) if np.isfinite(one.sharpness[-1])]
    few = [one for one in told if (one.case["scan"]["sampling"] or {}).get("acceleration", 1) <= 2]
    known = [one for one in few if abs(one.case["sigma"] / one.case["sigma_given"] - 1) < KNOWN]
    rows = {"R ≤ 2": few, "of these, σ as given": known, "R > 2": [one for one in told if one not in few]}
    for name, some in rows.items():
        cells = []
        for at in (lambda one: one.found.picked, lambda _: -1):
            ratio = np.array([one.sharpness[at(one)] for one in some])
            ratio = ratio[np.isfinite(ratio)]
            near = 100 * np.mean(np.abs(ratio - 1) <= NEAR)
            cells += [f"{ratio.mean():.3f}", f"{near:.0f} % of {len(ratio)}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def misses(cases: Sequence[Judged]) -> str:
    """Every verdict that was wrong, and every pick off by more than 10 %."""
    lines = []
    for one in cases:
        regret = one.regret(one.picks[JUDGE]) if one in moving(cases) else 0.0
        if one.truth != one.verdict or regret > 0.1:
            ahead = one.further.min() / one.error[-1] if one.further.size else np.nan
            lines.append(
                f"- {one.name}: {one.truth}, called {one.found.verdict} ({_describe(one.case)}; NRMSE last / "
                f"best {one.error[-1] / one.error.min():.3g}, going on / last {ahead:.3g}, "
                f"regret {100 * regret:.1f} %): {one.found.evidence}"
            )
    return "\n".join(lines)


def sight(cases: Sequence[Judged]) -> str:
    """Hold cases of which J sees the object's modes against the others."""
    lines = [
        "| modes that J sees | fits | verdict right | stated | mean regret | within 10 % | worst |\n"
        + "|---" * 7
        + "|"
    ]
    for words, kept in ((f"{SEEN:.0%} or more", True), ("fewer", False)):
        group = [one for one in cases if (one.seen >= SEEN) == kept]
        if not group:
            continue
        regret = np.array([one.regret(one.picks[JUDGE]) for one in group])
        right = np.mean([one.truth == one.verdict for one in group])
        stated = np.nanmean([one.found.confidence for one in group])
        figures = (right, stated, regret.mean(), np.mean(regret < 0.1), regret.max())
        places = (0, 0, 1, 0, 0)
        told = " | ".join(f"{100 * one:.{n}f} %" for one, n in zip(figures, places, strict=True))
        lines.append(f"| {words} | {len(group)} | {told} |")
    return "\n".join(lines)


def _describe(case: dict[str, Any]) -> str:
    scan, regime = case["scan"], case["regime"]
    sampling = scan["sampling"]
    where = f"{sampling['pattern']} R = {sampling['acceleration']}" if sampling else "R = 1"
    solver = regime.get("optimizer") or regime["solver"]
    maps = "own maps" if scan["own_maps"] else "ESPIRiT"
    rate = f" {solver['lr']:g}" if "lr" in solver else ""
    return (
        f"{scan['object']} {scan['shape'][0]} × {scan['shape'][1]}, {scan['n_coils']} coils, {maps}, "
        f"{where}, noise {scan['noise']:.3f}, {case['family']} {solver['name']}{rate} "
        f"from {regime['start']}, {regime['n_iterations']} iterations"
    )


def weights(paths: Sequence[Judged]) -> str:
    """Return how far the weight that the judge chose is from the best on its path."""
    lines = ["| penalty | paths | mean regret | median | within 5 % | worst |", "|---" * 6 + "|"]
    names = sorted({one.case["regime"]["penalty"]["name"] for one in paths})
    for name in (*names, "all"):
        chosen = [one for one in paths if name in (one.case["regime"]["penalty"]["name"], "all")]
        of_weights = [one.error / one.error[1:].min() - 1 for one in chosen]  # the start has no weight
        regret = 100 * np.array([e[one.found.picked] for e, one in zip(of_weights, chosen, strict=True)])
        lines.append(
            f"| {name} | {len(regret)} | {regret.mean():.1f} % | {np.median(regret):.2f} % | "
            f"{100 * (regret <= 5).mean():.0f} % | {regret.max():.0f} % |"
        )
    return "\n".join(lines)


def summary(judged: Sequence[Judged]) -> str:
    """Return the whole page."""
    cases = [one for one in judged if one.case["family"] != PATH]
    paths = [one for one in judged if one.case["family"] == PATH]
    right = sum(one.truth == one.verdict for one in cases)
    open_ = sum(one.verdict in ("mixed", "not decided") for one in cases)
    wrong = [one for one in moving(cases) if one.case["scan"]["stated"] in (0.8, 1.2)]
    regret = [one.regret(one.picks[JUDGE]) for one in wrong]
    level = (
        f"σ stated 20 % wrong: {len(wrong)} cases, mean regret {100 * np.mean(regret):.1f} %, verdict right "
        f"in {100 * np.mean([one.truth == one.verdict for one in wrong]):.0f} %."
        if wrong
        else ""
    )
    near = sum(one.verdict in one.acceptable for one in cases)
    parts: list[str] = [
        f"{len(cases)} cases; verdict right in {right} ({100 * right / len(cases):.1f} %); mixed and not "
        f"decided {100 * open_ / len(cases):.1f} %, counted as wrong. Where an error within "
        f"{100 * MARGIN:.0f} % of a border counts for both of its sides, right in {near} "
        f"({100 * near / len(cases):.1f} %).",
        confusion(cases),
        f"## Picking the iteration, {len(moving(cases))} cases that move",
        picking(cases),
        level,
        "## Where J sees",
        sight(moving(cases)),
        "## Stated probabilities",
        reliability(cases),
        "## Advice and stopping",
        advice(cases),
        stopping(cases),
        "## Sharpness against the noise-free twin",
        sharpness(cases),
        f"## Weights chosen by the judge, {len(paths)} paths\n\n{weights(paths)}" if paths else "",
        "## Misses, and picks off by more than 10 %",
        misses(cases),
    ]
    return "\n\n".join(filter(None, parts))


def main(judge_one: Callable[[Path], Judged] = judge_case) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="writes the table here too")
    parser.add_argument("--picture", type=Path, help="draws the picks with the largest regret here")
    parser.add_argument("--reliability", type=Path, help="draws stated probabilities against what came true")
    parser.add_argument("--date", default="", help="said with the machine")
    args = parser.parse_args()
    judged = [judge_one(folder) for folder in sorted(args.cases) if (folder / "case.json").exists()]
    split = " and ".join(sorted({one.name.split("_")[0] for one in judged}))
    where = f"{platform.machine()}, Python {platform.python_version()}, CPU alone; {args.date}".rstrip("; ")
    text = f"# Verdicts against the truth: the {split} split\n\nMade on {where}. "
    text += f"See `benchmarks/verdicts/README.md`.\n\n{summary(judged)}\n"
    print(text)
    if args.out:
        args.out.write_text(text)
    from pictures import draw_reliability, draw_worst  # imports this module

    if args.picture:
        draw_worst(judged, args.cases[0].parent, args.picture)
    if args.reliability:
        draw_reliability(binned(judged), args.reliability)


if __name__ == "__main__":
    main()
