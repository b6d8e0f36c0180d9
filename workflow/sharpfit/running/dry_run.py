"""What `snakemake -n` says: which jobs would run, and why, in the words of params.yaml and the code."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG

from sharpfit.provenance.why import by_reason
from sharpfit.running.console import Study
from sharpfit.study.jobs import Job
from sharpfit.study.streams import say
from sharpfit.study.words import number


class DryRun:
    """Gathers the jobs that Snakemake would run, and tells them once it is done."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._jobs = {(job.rule, job.name): job for job in study.jobs}
        self._chosen: dict[Job, None] = {}
        self._said: list[str] = []

    def show(self, record: logging.LogRecord) -> None:
        """Take one record of Snakemake's."""
        facts: dict[str, Any] = vars(record)
        if facts.get("event") == "job_info":
            name = "/".join(str(value) for value in facts["wildcards"].values())
            if job := self._jobs.get((facts["rule_name"], name)):
                self._chosen[job] = None
        elif record.msg == NOTHING_TO_BE_DONE_MSG:
            self._said.append(self._study.nothing())
        elif record.levelno >= logging.WARNING and record.msg:
            self._said.append(record.getMessage())

    def close(self) -> None:
        """Print what would run."""
        chosen = [job for job in self._study.jobs if job in self._chosen]
        if chosen:
            fresh = len(self._jobs) - len(chosen)
            say(f"{number(len(chosen), 'job')} would run, {fresh} would not. Nothing was done (-n).")
        for text in [*_why(chosen, self._study), *self._said]:
            say(text)


def _why(chosen: Sequence[Job], study: Study) -> Iterator[str]:
    """Yield a line for each reason, with the jobs it is the reason of."""
    for jobs, reasons in by_reason(chosen, study.reasons):
        yield f"  {jobs}"
        yield from (f"      {reason}" for reason in reasons or ("asked for by hand",))
