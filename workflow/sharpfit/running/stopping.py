"""Ctrl-C during a run: it stops once, and every job is asked to, whichever process the signal went to."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from sharpfit.running import start_job

if TYPE_CHECKING:
    import psutil

LOOK_EVERY_SECONDS = 0.2
_AGAIN = b"Stopping already: each fit ends its iteration and saves. Ctrl-\\ ends all at once.\n"


def stop_at_ctrl_c() -> None:
    """Have SIGINT end this process and its jobs, unless it is ignored, as in the background of a script."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """End as Snakemake does at Ctrl-C, where jobs run: once they have ended."""
    signal.signal(signal.SIGINT, _say_so)
    threading.Thread(target=_tell_jobs, daemon=True).start()
    raise SystemExit(128 + number)


def _say_so(_number: int, _frame: FrameType | None) -> None:
    os.write(
        sys.__stderr__.fileno() if sys.__stderr__ else 2, _AGAIN
    )  # whoever was interrupted may be writing


def _tell_jobs() -> NoReturn:
    """Hand the signal on until this process ends: Snakemake may be starting a job just now."""
    import psutil

    seen: set[psutil.Process] = set()
    told: set[psutil.Process] = set()
    while True:
        there = {process for process in psutil.Process().children(recursive=True) if _is_job(process)}
        for process in (there & seen) - told:  # one that was just started does not listen yet
            with suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
            told.add(process)
        seen = there
        time.sleep(LOOK_EVERY_SECONDS)


def _is_job(process: "psutil.Process") -> bool:
    """Whether a process is a job, or stands for one."""
    import psutil

    with suppress(psutil.Error):
        words = process.cmdline()
        return start_job.__file__ in words or "sharpfit.running.run_job" in words
    return False
