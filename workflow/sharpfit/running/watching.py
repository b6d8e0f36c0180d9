"""How far a running study is, read from its sidecars and logs alone: looking disturbs nothing."""

import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sharpfit.errors import printable
from sharpfit.study import paths
from sharpfit.study.jobs import Job
from sharpfit.study.words import number, span

#: A job whose log was written this many seconds ago, or less, is running, whatever machine it is on.
FRESH_SECONDS = 60.0
DONE, RUNNING, SILENT, WAITING = "done", "running", "silent", "waiting"
_LINE = re.compile(r"^iteration (\d+)/(\d+)  (.*)$", re.M)
_TAIL_BYTES = 4000


@dataclass(frozen=True)
class Step:
    """One job: `iteration` of `n_iterations` and its figures as logged, where it is a fit that runs."""

    name: str
    state: str
    iteration: int = 0
    n_iterations: int = 0
    figures: str = ""
    note: str = ""


def look(
    jobs: Sequence[Job], stale: Collection[str], fingerprints: Mapping[str, str], now: float
) -> list[Step]:
    """Return every job's state.

    Parameters
    ----------
    jobs
        The study's jobs.
    stale
        Sidecars of those that are not done.
    fingerprints
        Sidecar → fingerprint, after which the folder is named that a running job writes into.
    now
        Unix time, seconds.
    """
    return [
        read_step(job, _state(job, fingerprints[job.sidecar], now), now)
        if job.sidecar in stale
        else Step(str(job), DONE)
        for job in jobs
    ]


def _state(job: Job, fingerprint: str, now: float) -> str:
    """Tell a job that runs from one that waits, by the folder it writes into and the process named there."""
    folder = paths.temporary(job.sidecar)
    processes = [int(place.name.rpartition("-")[2]) for place in folder.glob(f"{fingerprint}-*")]
    if not processes:
        return WAITING
    if any(_is_alive(process) for process in processes) or _silence(job, now) <= FRESH_SECONDS:
        return RUNNING
    return SILENT


def _is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists() if Path("/proc").is_dir() else _answers(process)


def _answers(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _silence(job: Job, now: float) -> float:
    """Return the seconds since a job wrote into its log; infinite where there is none."""
    log = Path(paths.log(job.rule, job.name))
    return now - log.stat().st_mtime if log.is_file() else float("inf")


def read_step(job: Job, state: str, now: float | None = None) -> Step:
    """Return a job's state with what its log says of its progress."""
    if state == WAITING:
        return Step(str(job), WAITING)
    silence = _silence(job, time.time() if now is None else now)
    note = ""
    if state == SILENT:
        note = f"silent for {span(silence)}: killed, or on another machine" if silence < 1e9 else "silent"
    lines = _LINE.findall(_tail(Path(paths.log(job.rule, job.name))))
    if not lines:
        return Step(str(job), state, note=note)
    iteration, n_iterations, figures = lines[-1]
    return Step(str(job), state, int(iteration), int(n_iterations), figures, note)


def _tail(log: Path) -> str:
    """Return the end of a log, enough for a line of progress."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return printable(file.read().decode(errors="replace"))
    except OSError:
        return ""


@dataclass
class Watch:
    """Remembers what was seen first, to tell how much time is left; times are in seconds."""

    first: dict[str, tuple[float, int]] = field(default_factory=dict)
    began: tuple[float, int] | None = None

    def head(self, steps: Sequence[Step], now: float) -> str:
        """Return the line of the whole study."""
        done = sum(step.state == DONE for step in steps)
        return f"{done} of {number(len(steps), 'job')} done{self.left(done, len(steps), now)}"

    def left(self, done: int, n: int, now: float) -> str:
        """Return the time left for the study at the rate seen since the first look."""
        self.began = self.began or (now, done)
        return _left(now - self.began[0], done - self.began[1], n - done)

    def left_of(self, step: Step, now: float) -> str:
        """Return the time left for one fit, or what else is to say of it."""
        seen, iteration = self.first.setdefault(step.name, (now, step.iteration))
        left = _left(now - seen, step.iteration - iteration, step.n_iterations - step.iteration)
        return step.note or left.removeprefix(", ")


def _left(elapsed: float, made: int, to_do: int) -> str:
    """Return the time that is left at the rate seen so far, in words; nothing while no rate was seen."""
    return f", about {span(elapsed * to_do / made)} left" if made > 0 and to_do > 0 else ""
