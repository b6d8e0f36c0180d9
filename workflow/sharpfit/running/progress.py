"""The progress of one fit: a bar on the terminal, a line now and then in the log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import IO

from tqdm import tqdm

from sharpfit.results.history import Row
from sharpfit.running.end_table import PER_ITERATION

BAR_AFTER_SECONDS = 2.0
LOG_EVERY_SECONDS = 5.0


class Progress:
    """Shows each iteration's chi2, held-out chi2 and learning rate; a context manager.

    Args:
        n_iterations: how many are asked for.
        name: what the bar is of.
        terminal: where the bar is drawn; none is drawn where it is no terminal.
    """

    def __init__(self, n_iterations: int, name: str, terminal: IO[str]) -> None:
        self._n_iterations = n_iterations
        self._bar = tqdm(
            total=n_iterations,
            desc=name,
            unit="it",
            file=terminal,
            disable=None,
            delay=BAR_AFTER_SECONDS,
            mininterval=0.5,
            leave=False,
            dynamic_ncols=True,
        )
        self._logged_at = time.monotonic()
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None

    def __call__(self, row: Row) -> None:
        """Show the row of one iteration."""
        t = int(row["iteration"])
        self._last = (t, time.monotonic())
        self._first = self._first or self._last
        text = f"chi2 {row['chi2']:.4g}  held-out {row['held_out']:.4g}  lr {row['lr']:.3g}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(t - self._bar.n)
        if t in (0, self._n_iterations) or time.monotonic() - self._logged_at > LOG_EVERY_SECONDS:
            self._logged_at = time.monotonic()
            print(f"iteration {t}/{self._n_iterations}  {text}", flush=True)

    def __enter__(self) -> Progress:
        """Start showing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal clean, and how long an iteration took in the log."""
        self._bar.close()
        if self._first and self._last and self._last[0] > self._first[0]:
            seconds = (self._last[1] - self._first[1]) / (self._last[0] - self._first[0])
            print(f"{seconds:.4g} {PER_ITERATION}", flush=True)
