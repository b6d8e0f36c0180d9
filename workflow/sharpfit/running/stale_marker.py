"""The file whose time makes Snakemake run a job: newer than any result, and an input of stale jobs."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from sharpfit.study import paths

CLOCK_TICK_NS = 20_000_000  # longer than file systems take to tell two times apart


def write(results: Iterable[str]) -> None:
    """Write the stale marker with a time after that of every result there is.

    The time is never later than now, or a job that takes less than the lead would look older than its
    marker; only where results come from a clock that is ahead does the marker have to be ahead too.
    """
    newest = max((Path(file).lstat().st_mtime_ns for file in results if Path(file).exists()), default=0)
    marker = Path(paths.STALE)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("Results listed by `sharpfit why` are stale.\n", encoding="utf-8")
    while marker.stat().st_mtime_ns <= newest:
        if newest > time.time_ns() + CLOCK_TICK_NS:
            os.utime(marker, ns=(newest + CLOCK_TICK_NS, newest + CLOCK_TICK_NS))
        else:
            time.sleep(CLOCK_TICK_NS / 1e9)
            marker.touch()


def bring_back() -> None:
    """Give a marker that lies in the future the time that is: what jobs write must be newer than it."""
    if dated_ahead(paths.STALE):
        Path(paths.STALE).touch()


def dated_ahead(file: str) -> bool:
    """Whether a file's time lies in the future, as a clock that ran ahead leaves it."""
    return max(Path(file).stat().st_mtime_ns, Path(file).lstat().st_mtime_ns) > time.time_ns()
