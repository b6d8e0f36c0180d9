"""The progress of one fit, in its log; whoever shows the run reads it from there."""

from __future__ import annotations

import time
from math import isfinite
from types import TracebackType

from sharpfit.results.history import Row
from sharpfit.running.end_table import PER_ITERATION

LOG_EVERY_SECONDS = 1.0


class Progress:
    """Logs chi2, held-out chi2 and learning rate now and then; a context manager.

    Parameters
    ----------
    n_iterations
        How many are asked for.
    """

    def __init__(self, n_iterations: int) -> None:
        self._n_iterations = n_iterations
        self._logged_at = time.monotonic()
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None

    def __call__(self, row: Row) -> None:
        """Take the row of one iteration."""
        t = int(row["iteration"])
        self._last = (t, time.monotonic())
        self._first = self._first or self._last
        if t in (0, self._n_iterations) or time.monotonic() - self._logged_at > LOG_EVERY_SECONDS:
            self._logged_at = time.monotonic()
            rate = f"  lr {row['lr']:.3g}" if isfinite(row["lr"]) else ""  # a solver may have none
            text = f"chi2 {row['chi2']:.4g}  held-out {row['held_out']:.4g}{rate}"
            print(f"iteration {t}/{self._n_iterations}  {text}", flush=True)

    def tell(self, text: str) -> None:
        """Log what the fit does beside its iterations."""
        print(text, flush=True)

    def __enter__(self) -> Progress:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave in the log how long an iteration took."""
        if self._first and self._last and self._last[0] > self._first[0]:
            seconds = (self._last[1] - self._first[1]) / (self._last[0] - self._first[0])
            print(f"{seconds:.4g} {PER_ITERATION}", flush=True)
