"""The study in one table: a row per scan and regime, and one sentence per scan."""

import csv
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.reporting import weak_modes

Evaluation = dict[str, Any]

COLUMNS = (
    "scan",
    "regime",
    "verdict",
    "picked_iteration",
    "last_iteration",
    "chi2",
    "held_out",
    "nrmse_picked",
    "nrmse_last",
    "cause",
)
#: Names in summary.json and the columns they are.
METRICS = {
    "verdict": "verdict",
    "stop_at": "picked_iteration",
    "held_out": "held_out",
    "nrmse": "nrmse_picked",
}
#: Two risks J (squared) that differ by less count as equal where the judge gives no uncertainty.
RISK_TOLERANCE = 0.04

_DROP_IS_REAL = {
    "over-fitting": "The loss that falls after that is not real: it fits {cause}",
    "mixed": "Whether the loss that falls after that is real is mixed: the measures disagree",
    "under-fitted": "The loss had real ground left to fall ({cause})",
    "sharper": "The drop in loss is real: the image grew sharper to the end",
    "contrast restored": "The drop in loss is real, but restored contrast and no finer detail",
    "frozen": "The loss did not fall: the fit is frozen ({cause})",
    "diverging": "The loss did not fall for good: the fit diverges ({cause})",
    "not decided": "Whether the loss that falls after that is real is not decided",
}


def read_evaluations(files: Iterable[Path]) -> list[Evaluation]:
    """Return the contents of evaluation.json files, in the order given; InputError names a bad one."""
    evaluations = []
    for file in files:
        try:
            evaluations.append(json.loads(file.read_text()))
        except (OSError, ValueError) as error:
            raise InputError(f"{file}: no evaluation can be read ({error}); run the study again") from error
    return evaluations


def row(evaluation: Evaluation) -> dict[str, Any]:
    """Return one row with `COLUMNS`; chi2 and held_out are those of the picked iteration.

    Both are reduced (1 is the noise floor); NRMSE is relative and None without a reference.
    """
    picked, last = evaluation["picked"], evaluation["last"]
    values = {
        **{key: evaluation.get(key) for key in COLUMNS},
        "chi2": picked.get("chi2"),
        "held_out": picked.get("held_out"),
        "nrmse_picked": picked.get("nrmse"),
        "nrmse_last": last.get("nrmse"),
    }
    return {key: values[key] for key in COLUMNS}


def by_scan(evaluations: Sequence[Evaluation]) -> dict[str, list[Evaluation]]:
    """Return the evaluations of each scan, scans and regimes in the order they come."""
    names = list(dict.fromkeys(evaluation["scan"] for evaluation in evaluations))
    ordered = sorted(evaluations, key=lambda evaluation: names.index(evaluation["scan"]))
    return {scan: list(members) for scan, members in groupby(ordered, key=lambda one: one["scan"])}


def rank(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return the fits of one scan, best picked image first: by risk J, those without one by held-out last."""

    def key(evaluation: Evaluation) -> tuple[bool, float, float]:
        risk, held_out = comparable_risk(evaluation), evaluation["picked"].get("held_out")
        missing = float("inf")
        return (risk is None, risk if risk is not None else 0.0, missing if held_out is None else held_out)

    return sorted(evaluations, key=key)


def comparable_risk(evaluation: Evaluation) -> float | None:
    """Return J of the picked image at the noise level the scan states, the same for all its fits.

    A fit may itself be judged at the level its residual speaks for (`sharpfit.judging.noise_check`).
    """
    picked = evaluation["picked"]
    value: float | None = picked.get("risk_stated", picked.get("risk"))
    return value


def as_good(best: Evaluation, other: Evaluation) -> bool:
    """Tell whether the risks of two picked images differ by less than `risk_margin`.

    Where that is not known, by less than `RISK_TOLERANCE` of the better one.
    """
    one, two = comparable_risk(best), comparable_risk(other)
    if one is None or two is None:
        return False
    margin = risk_margin(best, other)
    return bool(abs(two - one) <= (RISK_TOLERANCE * abs(one) if margin is None else margin))


def risk_margin(one: Evaluation, two: Evaluation) -> float | None:
    """Return twice the standard error of the difference of two picked images' risks; None: not known.

    Fits of one scan share its noise: `risk_noise` holds draws of what it adds to each risk, and the rms of
    their difference is the standard error. Else `risk_se` of both count as independent.
    """
    draws = one.get("risk_noise") or [], two.get("risk_noise") or []
    if draws[0] and len(draws[0]) == len(draws[1]) and None not in draws[0] + draws[1]:
        squared = [(a - b) ** 2 for a, b in zip(draws[0], draws[1], strict=True)]
        return float(2 * (sum(squared) / len(squared)) ** 0.5)
    errors = one["picked"].get("risk_se"), two["picked"].get("risk_se")
    if errors[0] is None or errors[1] is None:
        return None
    return float(2 * (errors[0] ** 2 + errors[1] ** 2) ** 0.5)


def answer(evaluations: Sequence[Evaluation]) -> str:
    """Answer the study's question for one scan in words: best regime, where to stop, is the drop real."""
    best, *others = rank(evaluations)
    cause = best.get("cause") or "cause unknown"
    drop = _DROP_IS_REAL.get(best["verdict"], str(best["verdict"])).format(cause=cause)
    text = (
        f"Best is {best['regime']}: stop at iteration {best['picked_iteration']} of {best['last_iteration']}"
    )
    if best["picked"].get("nrmse") is not None:
        text += f" (NRMSE {best['picked']['nrmse']:.3g}, {best['last']['nrmse']:.3g} at the end)"
    ties = [other["regime"] for other in others if as_good(best, other)]
    text += f". {drop}."
    if ties:
        text += f" As good within the uncertainty: {', '.join(ties)}."
    behind = [other for other in others if other["regime"] not in ties]
    text += _next_best(best, behind[0]) if behind else ""
    return " ".join(filter(None, (text, _warm_up(evaluations), weak_modes.comparison(evaluations))))


def _warm_up(evaluations: Sequence[Evaluation]) -> str:
    """Say what a warm-up changed, for every regime that another one equals but for its warm-up."""
    sentences = []
    for warm in evaluations:
        schedule = warm.get("schedule", [])
        if not schedule or not _warms(schedule[0]):
            continue
        for plain in evaluations:
            same = all(plain.get(key) == warm.get(key) for key in ("optimizer", "start"))
            if same and plain.get("schedule") == schedule[1:]:
                sentences.append(_warm_up_sentence(warm, plain))
    return " ".join(sentences)


def _warms(part: dict[str, Any]) -> bool:
    """Tell whether a schedule's part raises the rate linearly to its full value."""
    return part["name"] == "LinearLR" and part.get("start_factor", 1 / 3) < part.get("end_factor", 1.0)


def _warm_up_sentence(warm: Evaluation, plain: Evaluation) -> str:
    better, worse = rank([warm, plain])
    names = f"Warm-up ({warm['regime']} against {plain['regime']})"
    reached = f"best image at iteration {warm['picked_iteration']} instead of {plain['picked_iteration']}"
    risks = (comparable_risk(better) or 0.0, comparable_risk(worse) or 0.0)
    if as_good(better, worse) or min(risks) <= 0:
        return f"{names} made no difference beyond the uncertainty: {reached}."
    effect = "helped" if better is warm else "hurt"
    ratio = (comparable_risk(warm) or 0.0) / (comparable_risk(plain) or 1.0)
    return f"{names} {effect}: {ratio**0.5:.3g} × the estimated error, {reached}."


def _next_best(best: Evaluation, other: Evaluation) -> str:
    """Say which regime comes next, and how much larger its estimated error √J is, where J allows a root."""
    text = f" Next: {other['regime']} at iteration {other['picked_iteration']}"
    risks = (comparable_risk(best) or 0.0, comparable_risk(other) or 0.0)
    if min(risks) > 0:
        text += f", with {(risks[1] / risks[0]) ** 0.5:.3g} × the estimated error"
    return text + "."


def write_csv(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write one row per scan and regime with `COLUMNS`; empty where there is no value."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(row, evaluations))


def write_json(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write {scan: {regime: {verdict, stop_at, held_out, nrmse}}}: DVC's metrics, few on purpose.

    A value that is not known is left out.
    """
    nested: dict[str, dict[str, Any]] = {}
    for scan, members in by_scan(evaluations).items():
        nested[scan] = {}
        for member in members:
            values = row(member)
            nested[scan][member["regime"]] = {
                name: values[key] for name, key in METRICS.items() if values[key] is not None
            }
    path.write_text(json.dumps(nested, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
