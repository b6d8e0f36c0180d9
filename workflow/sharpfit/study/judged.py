"""The judged fits of a results folder: those that the study asks for, and those that it no longer does."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.params_file import read_params


class Judged(NamedTuple):
    """Name, scan/regime, → evaluation.json of every judged fit, by name.

    Attributes
    ----------
    asked
        those of ``params.yaml``, or all where there is none to be read beside the results
    left_over
        those of scans and regimes that are in it no more: made from who knows what, so they are shown by
        their names alone and never ranked or compared beside the others
    """

    asked: dict[str, Path]
    left_over: dict[str, Path]

    @property
    def all(self) -> dict[str, Path]:
        """Both."""
        return self.asked | self.left_over


def judged(results: Path = Path(paths.RESULTS)) -> Judged:
    """Look which fits were judged in a results folder.

    Where that has another name, it is a copy of another time, for which the params.yaml beside it does not
    speak.
    """
    files = sorted((results / "evaluate").glob("*/*/evaluation.json"))
    found = {"/".join(file.parts[-3:-1]): file for file in files}
    params: Mapping[str, Any] = {}
    folder = Path(os.path.realpath(results))
    if folder.name == paths.RESULTS:
        with suppress(InputError):
            params = read_params(folder.parent / paths.PARAMS)
    groups = [params.get(key) for key in ("scans", "regimes")]
    scans, regimes = (set(group) if isinstance(group, dict) else set() for group in groups)
    if not (scans and regimes):
        return Judged(found, {})
    asked = {name: file for name, file in found.items() if _is_of(name, scans, regimes)}
    return Judged(asked, {name: file for name, file in found.items() if name not in asked})


def _is_of(name: str, scans: set[str], regimes: set[str]) -> bool:
    scan, _, regime = name.partition("/")
    return scan in scans and regime in regimes
