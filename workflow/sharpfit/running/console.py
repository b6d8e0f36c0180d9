"""What a run shows: a live line for each running fit, a line for each verdict, failures last.

Snakemake's records come in through the logger plugin (`snakemake_logger_plugin_sharpfit`), in order and in a
thread of their own; what jobs say is read from their logs.
"""

import logging
import shlex
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text
from snakemake.common import NOTHING_TO_BE_DONE_MSG

from sharpfit.errors import printable
from sharpfit.running import accounts
from sharpfit.running.live import bars
from sharpfit.running.watching import RUNNING, Watch, read_step
from sharpfit.study.jobs import Job
from sharpfit.study.streams import say
from sharpfit.study.words import number, span

#: Said by Snakemake after failures that this console has told of already.
_KNOWN = (
    "Exiting because a job execution failed",
    "At least one job did not complete successfully",
    "CalledProcessError",
)
_STOPPING = "Terminating processes on user request"
_ENDING_SOON = "Will exit after finishing currently running jobs"  # said again and again after a SIGTERM
_NOW = "Stopping. Running fits save their state; the next run goes on from there."
_SOON = "Asked to stop: ends once the running jobs are done; the next run goes on from there."
_SHOWN_RULES = ("preprocess", "evaluate")  # what a person waits for: a scan's decisions and a fit's verdict


@dataclass(frozen=True)
class Study:
    """What the console asks of the plan: its jobs, how many are fresh, why one runs, and the last words.

    `elsewhere` is the study's folder where the run was started in another one, else empty.
    """

    jobs: Sequence[Job]
    n_fresh: int
    reasons: Callable[[Job], list[str]]
    ending: Callable[[], str]
    elsewhere: str = ""

    def nothing(self) -> str:
        """Say that what was asked for is up to date, and how much else is not."""
        stale = len(self.jobs) - self.n_fresh
        if not stale:
            return f"Nothing to do: all {number(len(self.jobs), 'result')} are up to date."
        return f"Nothing to do for this; not asked for, and out of date: {number(stale, 'result')}."


class RunConsole:
    """Shows one run. Everything goes to stderr but the last words, which go to stdout."""

    def __init__(self, study: Study, console: Console | None = None) -> None:
        self._study = study
        self._out = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._jobs = {(job.rule, job.name): job for job in study.jobs}
        self._running: dict[int, tuple[Job, float]] = {}
        self._seconds: Counter[str] = Counter()
        self._planned: Counter[str] = Counter()
        self._ended_early: list[Job] = []
        self._n_done = 0
        self._began: float | None = None
        self._aside: list[str] = []
        self._ending: str | None = None
        self._stops = False
        self._watch = Watch()
        self._live: Live | None = None
        self._lock = threading.Lock()

    def finish(self) -> None:
        """Remember the last words of a run that succeeded."""
        self._ending = self._study.ending()

    def show(self, record: logging.LogRecord) -> None:
        """Show one record of Snakemake's."""
        event, facts = getattr(record, "event", None), vars(record)
        match event:
            case "workflow_started":
                self._began = record.created
            case "run_info":
                self._plan(facts["stats"])
            case "job_info":
                self._start(facts, record.created)
            case "job_finished":
                self._end(facts["job_id"], record.created)
            case "job_error":
                self._fail(facts["jobid"])
            case None | "error":
                self._say(record)

    def close(self) -> None:
        """End the live lines; tell the failures, or the last words."""
        if self._live:
            self._live.stop()
        if self._began is None:
            for text in self._aside:
                self._out.print(Text(printable(text)))
        self._tell_stopped_and_failed()
        if self._ending is not None and not self._ended_early:
            if self._ending:
                say(self._ending)
            self._tell_time()

    def _tell_stopped_and_failed(self) -> None:
        """Tell which jobs ended because they were asked to, and apart from them which failed."""
        comes_of = {job: self._comes_of(job) for job in self._ended_early}
        failed = [job for job, words in comes_of.items() if not words]
        if self._stops or len(failed) < len(comes_of):
            self._out.print(
                f"Stopped, {number(self._n_done, 'job')} done. The same command goes on from here."
            )
        for job, words in comes_of.items():
            if words:
                self._out.print(Text(f"  {job}: {words}"))
        if failed:
            said = f"{number(len(failed), 'job')} failed, {self._n_done} done; a rerun goes on from here."
            self._out.print(said)
        for job in failed:
            self._out.print(Text(accounts.failure(job)))

    def _comes_of(self, job: Job) -> str:
        """Say what comes of a job that was asked to stop, heard or not; empty where it failed."""
        silent = self._stops and not accounts.error(job)
        return accounts.stopped(job) or (accounts.LEFT if silent else "")

    def _plan(self, stats: dict[str, int]) -> None:
        """Say how much is to do, once, and begin the live lines."""
        if self._planned:
            return
        self._planned.update({rule: n for rule, n in stats.items() if self._is_rule(rule)})
        n = self._planned.total()
        if not n:
            return
        n_fresh = min(self._study.n_fresh, len(self._study.jobs) - n)  # what is forced is fresh, and to do
        fresh = f", {n_fresh} are up to date" if n_fresh else ""
        kinds = ", ".join(f"{count} {rule}" for rule, count in self._planned.items())
        there = f"cd {shlex.quote(self._study.elsewhere)} && " if self._study.elsewhere else ""
        watch = f"From another terminal: {there}sharpfit watch"
        self._out.print(Text(printable(f"{number(n, 'job')} to do ({kinds}){fresh}. {watch}")))
        if self._out.is_terminal:
            self._live = Live(
                console=self._out, get_renderable=self._picture, transient=True, refresh_per_second=2
            )
            self._live.start()
            self._out.show_cursor(True)  # a killed run leaves a terminal one can see to type in

    def _is_rule(self, name: str) -> bool:
        return any(job.rule == name for job in self._study.jobs)

    def _start(self, facts: dict[str, Any], now: float) -> None:
        name = "/".join(str(value) for value in facts["wildcards"].values())
        job = self._jobs.get((facts["rule_name"], name))
        if job:
            with self._lock:
                self._running[facts["jobid"]] = (job, now)

    def _end(self, jobid: int, now: float) -> None:
        with self._lock:
            job, began = self._running.pop(jobid, (None, now))
        if job is None:
            return
        self._n_done += 1
        self._seconds[job.rule] += now - began  # type: ignore[assignment]
        done, *decided = accounts.lines(job)
        if decided or job.rule in _SHOWN_RULES or "evaluate" not in self._planned:
            for line in (done, *decided):
                self._out.print(Text(line))

    def _fail(self, jobid: int) -> None:
        with self._lock:
            job, _ = self._running.pop(jobid, (None, 0.0))
        if job is not None and job not in self._ended_early:
            self._ended_early.append(job)

    def _say(self, record: logging.LogRecord) -> None:
        """Pass on what is no event: warnings and errors; notes only where nothing runs."""
        text = record.getMessage() if record.msg else ""
        if text == NOTHING_TO_BE_DONE_MSG:
            self._out.print(self._study.nothing())
            self._ending = self._study.ending()
        elif text.startswith((_STOPPING, _ENDING_SOON)):
            if not self._stops:
                self._out.print(_NOW if text.startswith(_STOPPING) else _SOON)
            self._stops = True
        elif record.levelno >= logging.WARNING and not any(known in text for known in _KNOWN):
            self._out.print(Text(printable(text)))
        elif self._began is None and text:
            self._aside.append(text)

    def _picture(self) -> Group:
        """Return the live lines: the whole run, and each job that runs."""
        with self._lock:
            running = [job for job, _ in self._running.values()]
        steps = [read_step(job, RUNNING) for job in running]
        left = self._watch.left(self._n_done, self._planned.total(), time.monotonic())
        n_failed = sum(not self._comes_of(job) for job in self._ended_early)
        failed = f", {n_failed} failed" if n_failed else ""
        head = f"{self._n_done} of {number(self._planned.total(), 'job')} done{failed}{left}"
        return Group(bars(steps, self._watch, time.monotonic(), self._out.width), Text(head, style="dim"))

    def _tell_time(self) -> None:
        if self._began is None or not self._seconds:
            return
        parts = ", ".join(f"{rule} {span(seconds)}" for rule, seconds in self._seconds.most_common())
        self._out.print(f"Took {span(time.time() - self._began)}. Time of jobs: {parts}.")
