"""The places where a study's runs write: folders of plain files, whoever sent the study."""

import os
import stat
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.jobs import Job

BOOKKEEPING = (".snakemake", ".cache", paths.LOGS)
SNAKEMAKES = (
    *("auxiliary", "conda", "conda-archive", "incomplete", "iocache", "locks", "log", "metadata", "shadow"),
    *("singularity", "spec"),
)
"""Folders in ``.snakemake`` that every run makes."""


class OwnFiles:
    """The files that runs write: results and bookkeeping, wherever links to them lie."""

    def __init__(self) -> None:
        places = (paths.RESULTS, paths.SIMULATED, *BOOKKEEPING)
        self._folders = [Path(os.path.realpath(folder)) for folder in places]

    def hold(self, file: str) -> bool:
        """Whether a file is one of them, by its path, a link, or another name of the same file."""
        real = Path(os.path.realpath(file))
        if any(real.is_relative_to(folder) for folder in self._folders):
            return True
        try:
            info = real.stat()
        except (OSError, ValueError):
            return False
        # Files of the same bytes that DVC made links to its cache are read-only: nothing writes through them.
        shared = stat.S_ISREG(info.st_mode) and info.st_nlink > 1 and info.st_mode & stat.S_IWUSR
        return bool(shared) and (info.st_dev, info.st_ino) in self._inodes

    @cached_property
    def _inodes(self) -> set[tuple[int, int]]:
        entries = (
            entry.stat(follow_symlinks=False) for folder in self._folders for entry in _entries(folder)
        )
        return {(info.st_dev, info.st_ino) for info in entries}


def check_own_places() -> None:
    """Refuse links and pipes where a run writes in place, and files where it makes folders.

    A link would let a received study overwrite any file of whoever runs it, and a pipe keep the run waiting.
    The folders themselves may be links to another disk. A file in the place of ``.cache`` is no cache.

    Raises
    ------
    InputError
        naming the first of them
    """
    for folder in (paths.RESULTS, paths.SIMULATED, paths.LOGS, ".snakemake"):
        _check_folder(folder)
    for name in SNAKEMAKES:
        _check_folder(f".snakemake/{name}")
    for folder in BOOKKEEPING:
        for entry in _entries(folder):
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                kind = "a link" if entry.is_symlink() else "no regular file"
                raise InputError(f"{entry.path} is {kind}, and a run writes there; take it away")


def check_folders(jobs: Iterable[Job]) -> None:
    """Refuse a file, or a loop of links, where the results and the log of a job need a folder.

    Raises
    ------
    InputError
        naming the first of them
    """
    folders: set[str] = set()
    for job in jobs:
        for file in (*job.outputs.values(), paths.log(job.rule, job.name)):
            folder = file.rpartition("/")[0]
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
    for folder in sorted(folders):
        _check_folder(folder)


def _check_folder(folder: str) -> None:
    if os.path.lexists(folder) and not Path(folder).is_dir():
        raise InputError(f"{folder} is no folder; move it away")


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """Everything in a folder, at any depth; nothing where there is none, or where it may not be read."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
