"""Where results to compare come from: a folder, a DVC revision, or some fits of either."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sharpfit.comparing.git_objects import check_objects
from sharpfit.errors import InputError, first_line
from sharpfit.provenance.sidecar import read_sidecar
from sharpfit.results.evaluation import Evaluation
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.study import paths
from sharpfit.study.judged import judged
from sharpfit.study.names import hint

WORKSPACE = "workspace"
_SEPARATOR = "::"
DAMAGED = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, SystemError)
"""What reading a damaged result may raise."""


class ResultsNotHereError(InputError):
    """A revision's results are neither in DVC's cache nor in its remote."""


@dataclass(frozen=True)
class Result:
    """One judged fit and the sidecars of what it is made from, None where there is none.

    `results` is the results folder it lies in, whatever that is called.
    """

    results: Path
    scan: str
    regime: str
    evaluation: Evaluation
    sidecars: dict[str, dict[str, Any] | None]

    def file(self, path: str) -> Path:
        """Place of a result whose path is given relative to a study's folder."""
        return _place(self.results, path)

    @property
    def preprocessed(self) -> Path:
        """The scan's results/preprocess/<scan>.h5."""
        return self.file(paths.preprocessed(self.scan))

    @property
    def reconstruction(self) -> Path:
        """The fit's reconstruction.h5."""
        return self.file(paths.reconstructed(self.scan, self.regime))

    @property
    def evaluation_file(self) -> Path:
        """The judge's evaluation.json."""
        return self.file(paths.evaluated(self.scan, self.regime))

    @property
    def decisive_files(self) -> tuple[Path, ...]:
        """Whose bytes make two fits identical: what was fitted, what was judged and what was picked."""
        return self.reconstruction, self.evaluation_file, self.picked

    @property
    def picked(self) -> Path:
        """The picked image, picked.h5."""
        return self.file(paths.evaluated(self.scan, self.regime, "picked.h5"))


@dataclass(frozen=True)
class Source:
    """One side of a comparison: its letter, what the user called it, and its fits in the study's order.

    `one_regime` says that a single regime was asked for by name, so that it may meet another's.
    """

    letter: str
    name: str
    results: tuple[Result, ...]
    one_regime: bool

    @property
    def fits_here(self) -> list[str]:
        """Names of its fits that are those of the study in the current folder."""
        here = Path(paths.RESULTS).resolve()
        return [f"{one.scan}/{one.regime}" for one in self.results if one.results.resolve() == here]


def open_source(letter: str, text: str, scratch: Path) -> Source:
    """Open `WHERE` or `WHERE::SCAN/REGIME` (both may hold * and ?).

    Fits that are no longer in the params.yaml of WHERE are left out, unless nothing else is meant.
    WHERE is a study's folder, its results folder, `workspace` (the current folder), or a revision that
    DVC knows (a commit, tag, branch or experiment), whose results are copied into `scratch`.

    Raises
    ------
    InputError
        when there is no such folder or revision, its results are not here, or nothing matches
    """
    where, _, wanted = text.partition(_SEPARATOR)
    scan, _, regime = wanted.partition("/")
    results = _results_folder(where, scratch / letter)
    there = judged(results)
    every = there.all
    meant = [name for name in every if fnmatchcase(name, f"{scan or '*'}/{regime or '*'}")]
    if not meant:
        raise InputError(f"{text}: {_nothing(wanted, list(every))}")
    chosen = [name for name in meant if name in there.asked] or meant
    found = tuple(_result(results, name, every[name]) for name in _in_order(chosen, results))
    return Source(letter, text, found, bool(regime) and not set(regime) & set("*?["))


def _nothing(wanted: str, here: Sequence[str]) -> str:
    """Say why nothing is left to compare."""
    if not here:
        return "no judged fit there (results/evaluate/*/*/evaluation.json); run `snakemake`, or `dvc pull`"
    return f"no fit matches {wanted}; {hint(wanted, here)}"


def _place(results: Path, path: str) -> Path:
    return results / Path(path).relative_to(paths.RESULTS)


def _results_folder(where: str, scratch: Path) -> Path:
    folder = Path() if where in ("", WORKSPACE) else Path(where)
    if folder.is_dir():
        return folder if (folder / "evaluate").is_dir() else folder / paths.RESULTS
    if where in judged().all:
        raise InputError(f"{where}: is a fit of this study; write {WORKSPACE}{_SEPARATOR}{where}")
    return _revision(where, scratch) / paths.RESULTS


def _revision(revision: str, scratch: Path) -> Path:
    """Copy the results of a revision out of DVC's cache (or remote) into `scratch`."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError
    from dvc_data.index import DataIndexDirError
    from scmrepo.exceptions import SCMError

    check_objects(revision)
    scratch.mkdir(parents=True)
    try:
        files = DVCFileSystem(url=".", rev=revision)
        files.get(paths.RESULTS, str(scratch / paths.RESULTS), recursive=True)
        if files.isfile(paths.PARAMS):
            files.get(paths.PARAMS, str(scratch / paths.PARAMS))
    except (RevError, SCMError) as error:
        raise InputError(f"{revision}: neither a folder nor a revision ({first_line(error)})") from error
    except (DvcException, DataIndexDirError, OSError) as error:
        raise ResultsNotHereError(
            f"{revision}: its results are not here ({first_line(error)}); `dvc fetch` them, or run it"
        ) from error
    return scratch


def _in_order(fits: Sequence[str], results: Path) -> list[str]:
    """Put fits, scan/regime, into the summary's order, then by name."""
    known = set(fits)
    named = (name for name in _named(_place(results, paths.SUMMARY_JSON)) if name in known)
    return list(dict.fromkeys([*named, *fits]))


def _result(results: Path, name: str, file: Path) -> Result:
    scan, _, regime = name.partition("/")
    made = {
        "preprocess": paths.preprocessed(scan),
        "reconstruct": paths.reconstructed(scan, regime),
        "evaluate": paths.evaluated(scan, regime),
    }
    sidecars = {rule: read_sidecar(str(_place(results, paths.sidecar(path)))) for rule, path in made.items()}
    return Result(results, scan, regime, read_evaluation(file), sidecars)


def _named(summary: Path) -> list[str]:
    """Return a summary's fits in its order, which is all it is for; nothing where it is damaged."""
    try:
        content = json.loads(summary.read_text(encoding="utf-8"))
        return [f"{scan}/{regime}" for scan, rows in content.items() for regime in rows]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return []
