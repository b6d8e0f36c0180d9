"""The numbers of two summaries, fit by fit: are the verdicts the same, and how far apart is the rest."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharpfit.comparing.git_objects import ask_git, check_objects
from sharpfit.errors import InputError
from sharpfit.files import regular_file
from sharpfit.study import paths

Summary = Mapping[str, Mapping[str, Mapping[str, Any]]]

#: Relative differences up to this are what another processor's rounding makes of a fit of some hundred steps.
ROUNDING = 1e-3
MOST_NAMED = 3


@dataclass(frozen=True)
class Numbers:
    """How the numbers of one summary stand to those of another.

    Attributes
    ----------
    n_fits
        fits that both have
    n_alone
        fits that one of them lacks
    changes
        a line for each fit whose verdict, or iteration or weight to stop at, differs
    largest
        largest relative difference of a number, 0 when all are identical
    where
        fit and name of that number
    """

    n_fits: int
    n_alone: int
    changes: tuple[str, ...]
    largest: float
    where: str

    @property
    def agree(self) -> bool:
        """Whether verdicts are the same and numbers differ by no more than rounding."""
        return not self.changes and not self.n_alone and self.largest <= ROUNDING

    def in_words(self) -> str:
        """Return one sentence."""
        verdicts = f"{len(self.changes)} of {self.n_fits} verdicts or places to stop at differ"
        if not self.changes:
            verdicts = f"all {self.n_fits} verdicts and places to stop at are the same"
        else:
            more = len(self.changes) - MOST_NAMED
            verdicts += f" ({'; '.join(self.changes[:MOST_NAMED])}{f'; and {more} more' if more > 0 else ''})"
        numbers = "every number is identical"
        if self.largest > 0:
            numbers = f"the largest relative difference of a number is {self.largest:.1g} ({self.where})"
        alone = f"; {self.n_alone} fits are in one of the two only" if self.n_alone else ""
        return f"{verdicts}; {numbers}{alone}"


def compare_numbers(first: Summary, other: Summary) -> Numbers:
    """Compare the contents of two summary.json files."""
    one, two = dict(_fits(first)), dict(_fits(other))
    common = [name for name in one if name in two]
    changes = tuple(change for name in common for change in _changes(name, one[name], two[name]))
    gaps = [gap for name in common for gap in _gaps(name, one[name], two[name])]
    largest, where = max(gaps, default=(0.0, ""))
    return Numbers(len(common), len(one.keys() ^ two.keys()), changes, largest, where)


def read_summary(file: Path) -> Summary:
    """Read results/summary.json."""
    try:
        summary = _summary(regular_file.read_bytes(file))
    except FileNotFoundError:
        raise InputError(f"{file}: no such file; run the study") from None
    except OSError as error:
        raise InputError(f"{file}: no summary can be read ({error.strerror}); run the study") from error
    if summary is None:
        raise InputError(f"{file}: holds no summary; run the study")
    return summary


def committed(revision: str, path: str) -> bytes | None:
    """Return a file of the current folder as git has it at a revision; None where it has none."""
    try:
        done = ask_git("cat-file", "blob", f"{revision}:./{path}")
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def committed_summary(revision: str) -> Summary | None:
    """Return the numbers that a revision ships with; None where it ships none."""
    content = committed(revision, paths.SUMMARY_JSON)
    return None if content is None else _summary(content)


def _summary(content: bytes) -> Summary | None:
    """Return what a summary.json says; None where it is none, whatever lies in its place."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    scans = found.values() if isinstance(found, dict) else (None,)
    fits = [fit for scan in scans for fit in (scan.values() if isinstance(scan, dict) else (None,))]
    return found if all(isinstance(fit, dict) for fit in fits) else None


def numbers_of(where: str) -> Summary:
    """Return the numbers of a study's folder, `workspace` or a revision.

    Raises
    ------
    InputError
        when there are none
    """
    folder = Path() if where in ("", "workspace") else Path(where)
    if folder.is_dir():
        return read_summary(folder / paths.SUMMARY_JSON)
    numbers = committed_summary(where)
    if numbers is None:
        check_objects(where)
        raise InputError(f"{where}: git holds no {paths.SUMMARY_JSON} there")
    return numbers


def _fits(summary: Summary) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for scan, regimes in summary.items():
        yield from ((f"{scan}/{regime}", values) for regime, values in regimes.items())


def _changes(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[str]:
    before, after = (_outcome(values) for values in (one, two))
    if before != after:
        yield f"{name}: {' at '.join(map(str, before))} → {' at '.join(map(str, after))}"


def _outcome(values: Mapping[str, Any]) -> list[Any]:
    """Return verdict and place to stop at: an iteration, or of a path its weight, to three digits."""
    weight = [f"{values['weight']:.3g} σ"] if "weight" in values else []
    return [*(values[key] for key in ("verdict", "stop_at") if key in values), *weight]


def _gaps(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    """Yield the relative difference of every number that both know."""
    for key, value in one.items():
        other = two.get(key)
        if isinstance(value, int | float) and isinstance(other, int | float) and key != "stop_at":
            scale = max(abs(value), abs(other))
            yield (abs(value - other) / scale if scale else 0.0, f"{key} of {name}")
