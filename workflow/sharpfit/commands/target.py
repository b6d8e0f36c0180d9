"""Where a command may write the file that it is given the name of."""

import os
from collections.abc import Iterable
from pathlib import Path

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.jobs import Job


def check_target(target: Path, ending: str) -> None:
    """Refuse a file that is named as one of another kind, such as params.yaml, or lies among the results.

    Raises
    ------
    InputError
        naming the file, and what to do
    """
    if target.suffix.lower() != ending:
        raise InputError(f"{target}: is written as {ending}; give a name that ends so")
    if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(paths.RESULTS)):
        raise InputError(f"{target}: {paths.RESULTS}/ holds what a run makes; name a file elsewhere")


def check_not_of_study(targets: Iterable[Path], jobs: Iterable[Job]) -> None:
    """Refuse to write over what the study in the current folder is made from, or makes itself.

    Raises
    ------
    InputError
        naming the first such target
    """
    its_own = {
        os.path.realpath(file)
        for job in jobs
        for file in (*job.input_files, *job.outputs.values(), job.sidecar)
    }
    for target in targets:
        real = Path(os.path.realpath(target))
        if not its_own.isdisjoint(map(str, (real, *real.parents))):  # a result may be a folder
            raise InputError(f"{target}: is a file of this study; name another one to write")
