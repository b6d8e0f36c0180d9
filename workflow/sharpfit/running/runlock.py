"""One run at a time in a study, by locks that the kernel lets go when their holder dies.

A run holds ``run.lock`` exclusively; every job shares ``jobs.lock`` (through the shell prefix), so a job that
outlived a killed run is noticed. Locks over network file systems are as good as those file systems.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from sharpfit.study import paths
from sharpfit.study.jobs import Job

_held: list[IO[str]] = []


def take(jobs: Iterable[Job]) -> None:
    """Take the run lock for the rest of this process, and wait until no job of an earlier run is alive.

    Then remove the temporary files that killed jobs left. Ends the process in one line when another run is
    under way or results of the jobs that will run cannot be written.
    """
    folders = [Path(paths.RESULTS), Path(paths.SIMULATED).parent]
    for folder in (*folders, *_written(jobs)):
        if folder.exists() and not os.access(folder, os.W_OK):
            raise SystemExit(f"error: {folder} cannot be written to; make it writable or work in a copy")
    run = _open(paths.RUN_LOCK)
    if not _lock(run):
        raise SystemExit("error: another snakemake runs in this study; wait for it or stop it")
    _held.append(run)
    with _open(paths.JOBS_LOCK) as left:
        if not _lock(left):
            print("Waiting for jobs that outlived an earlier run …", file=sys.stderr, flush=True)
            fcntl.flock(left, fcntl.LOCK_EX)
        for folder in folders:
            _clear(folder / paths.TEMPORARY)


def _written(jobs: Iterable[Job]) -> list[Path]:
    """Return the folders in which jobs put, or make folders for, their results and logs."""
    files = {Path(file) for job in jobs for file in (*job.outputs.values(), paths.log(job.rule, job.name))}
    return sorted({next(filter(Path.is_dir, file.parents)) for file in files})


def _clear(place: Path) -> None:
    """Remove a folder, or what lies in its place."""
    if place.is_symlink() or place.is_file():
        place.unlink()
    else:
        shutil.rmtree(place, ignore_errors=True)


def _open(path: str) -> IO[str]:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path).open("a", encoding="utf-8")


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
