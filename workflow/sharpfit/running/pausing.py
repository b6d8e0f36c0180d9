"""SIGTERM, as clusters send it, and Ctrl-C ask a job to end, and a fit to save its state first."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sharpfit.errors import PausedFitError
from sharpfit.running.accounts import LEFT
from sharpfit.running.start_job import HANDED_ON

ASKING = (signal.SIGTERM, signal.SIGINT)


class StoppedError(SystemExit):
    """Ends a job that was asked to stop: the exit status tells the signal, `words` what comes of the job."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(128 + number)
        self.words = words


def end_when_asked() -> None:
    """End this process when it is asked to, whatever asked before it could listen (`start_job`) included.

    ``finally`` blocks run, temporary files go, checkpoints stay.
    """
    for number in ASKING:
        signal.signal(number, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)


@contextmanager
def pause_when_asked() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether to pause; a fit that did so ends the process.

    The former handlers are back afterwards, unless the process ends.
    """
    came: list[int] = []
    former: dict[signal.Signals, Any] = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in ASKING
    }
    try:
        yield lambda: bool(came)
    except PausedFitError as pause:
        former = dict.fromkeys(ASKING, _stay)
        raise StoppedError(came[0], str(pause)) from None
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    """End once: a second signal, as a second Ctrl-C is, finds the process clearing up."""
    for asking in ASKING:
        signal.signal(asking, _stay)
    raise StoppedError(number, LEFT)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Go on."""
