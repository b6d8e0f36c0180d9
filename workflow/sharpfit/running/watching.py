"""How far a running study is, read from its sidecars and logs alone: looking disturbs nothing."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sharpfit.reporting.sentences import aligned
from sharpfit.study import paths
from sharpfit.study.jobs import Job

#: A job that is not done and whose log was written this many seconds ago, or less, is running.
RUNNING_SECONDS = 60.0
DONE, RUNNING, WAITING = "done", "running", "waiting"
_LINE = re.compile(r"^iteration (\d+)/(\d+)  (.*)$", re.M)


@dataclass(frozen=True)
class Step:
    """One job: `iteration` of `n_iterations` and its figures as logged, where it is a fit that runs."""

    name: str
    state: str
    iteration: int = 0
    n_iterations: int = 0
    figures: str = ""


def look(jobs: Sequence[Job], stale: Collection[str], now: float) -> list[Step]:
    """Return every job's state; `stale` holds the sidecars of those that are not done, `now` is Unix time."""
    return [_step(job, job.sidecar in stale, now) for job in jobs]


def _step(job: Job, is_stale: bool, now: float) -> Step:
    log = Path(paths.log(job.rule, job.name))
    if not is_stale:
        return Step(str(job), DONE)
    if not log.is_file() or now - log.stat().st_mtime > RUNNING_SECONDS:
        return Step(str(job), WAITING)
    lines = _LINE.findall(log.read_text(errors="replace"))
    if not lines:
        return Step(str(job), RUNNING)
    iteration, n_iterations, figures = lines[-1]
    return Step(str(job), RUNNING, int(iteration), int(n_iterations), figures)


@dataclass
class Watch:
    """Remembers what was seen first, to tell how much time is left; times are in seconds."""

    first: dict[str, tuple[float, int]] = field(default_factory=dict)
    began: tuple[float, int] | None = None

    def text(self, steps: Sequence[Step], now: float) -> str:
        """Return the progress as lines: one for the study, one for each running job."""
        done = sum(step.state == DONE for step in steps)
        self.began = self.began or (now, done)
        left = _left(now - self.began[0], done - self.began[1], len(steps) - done)
        rows = [self._row(step, now) for step in steps if step.state == RUNNING]
        return "\n".join([f"{done} of {len(steps)} jobs done{left}", *(aligned(rows) if rows else [])])

    def _row(self, step: Step, now: float) -> tuple[str, ...]:
        if not step.n_iterations:
            return (step.name, "", "", "")
        seen, iteration = self.first.setdefault(step.name, (now, step.iteration))
        left = _left(now - seen, step.iteration - iteration, step.n_iterations - step.iteration)
        return (step.name, f"{step.iteration}/{step.n_iterations}", step.figures, left.removeprefix(", "))


def _left(elapsed: float, made: int, to_do: int) -> str:
    """Return the time that is left at the rate seen so far, in words; nothing while no rate was seen."""
    if made <= 0 or to_do <= 0:
        return ""
    seconds = elapsed * to_do / made
    return f", about {seconds:.0f} s left" if seconds < 100 else f", about {seconds / 60:.0f} min left"
