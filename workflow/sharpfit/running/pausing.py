"""SIGTERM, as clusters and Snakemake send it, asks the fit to save its state and end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pause_on_sigterm() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether SIGTERM came; the former handler is back afterwards."""
    came = []
    former = signal.signal(signal.SIGTERM, lambda *_: came.append(True))
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGTERM, former)
