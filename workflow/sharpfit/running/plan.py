"""What the Snakefile asks: this study's jobs, their fingerprints, and which of them must run.

It is built while the Snakefile is read: by ``snakemake``, by a dry run, and once more by every process
that Snakemake starts for a job on a cluster. All of them may write specs, which are named after their
content; only the main process writes the stale marker.
"""

import errno
import os
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from snakemake.io import ancient

from sharpfit.errors import InputError, printable
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import write_spec
from sharpfit.provenance.stale import DAMAGED, Provenance, rerun_set
from sharpfit.provenance.why import reasons
from sharpfit.running import compute, gpus, job_server, preflight, records, runlock, stale_marker, stopping
from sharpfit.running.settings import settings_of
from sharpfit.running.stale_marker import dated_ahead
from sharpfit.running.start_job import SERVER
from sharpfit.study import paths
from sharpfit.study.foreign_code import check_code
from sharpfit.study.jobs import Job, jobs_of
from sharpfit.study.own_places import check_folders, check_own_places
from sharpfit.study.params_file import read_params
from sharpfit.study.streams import print_whatever_the_locale, say

InputFunction = Callable[[Any], Any]


def open_plan(workflow: Any) -> "Plan":
    """Plan the study in the current folder; whatever is wrong with it ends here in one line.

    workflow: Snakemake's workflow object.
    """
    print_whatever_the_locale()
    if workflow.is_main_process:
        stopping.stop_at_ctrl_c()
    try:
        return Plan(workflow)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
    except OSError as error:
        place = error.filename2 or error.filename  # the second one is where something was to be renamed to
        advice = "move it away"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            place = Path(place).absolute()
            advice = "compute in a copy of the study that is your own: snakemake --directory COPY"
        raise SystemExit(printable(f"error: {error.strerror}: {place}; {advice}")) from None


class Plan:
    """Input functions, fingerprints and targets for the rules."""

    def __init__(self, workflow: Any) -> None:
        records.read_without_harm()
        os.environ["PYTHONSAFEPATH"] = "1"  # what Snakemake starts as `python -m` imports nothing from here
        if workflow.is_main_process:
            check_own_places()
        code = Code(Path(workflow.basedir) / "workflow", Path(paths.CODE))
        self._workflow = workflow
        self._code_folder = code.root
        self.device, allow_code = settings_of(workflow)
        self.n_gpus = int(self.device != "cpu" and (self.device != "auto" or gpus.can_be_used()))
        params = read_params()
        workflow.configfiles.append(paths.PARAMS)  # for Snakemake's report and archive; it does not read it
        preflight.check(params, code, thorough=workflow.is_main_process)
        check_code(params, allow_code)
        digests = DigestCache(Path(paths.DIGESTS))
        jobs = jobs_of(params)
        check_folders(jobs)
        self.provenance = Provenance(jobs, code, digests)
        code.save()
        self._jobs = {(job.rule, job.name): job for job in self.provenance.jobs}
        self.stale = self.provenance.stale()
        if damaged := [sidecar for sidecar, reason in self.stale.items() if reason == DAMAGED]:
            more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            say(f"{damaged[0]}{more}: damaged, counts as absent", err=True)
        digests.save()
        if workflow.is_main_process:
            self._check_scans(params)
        for spec in self.provenance.specs.values():
            write_spec(spec)
        if workflow.is_main_process and self.stale:
            stale_marker.write(file for job in jobs for file in (*job.outputs.values(), job.sidecar))
        self._console = self._open_console(workflow.logger_manager.get_log_handlers())

    def _check_scans(self, params: dict[str, Any]) -> None:
        """Refuse scans that are to be prepared and whose shapes tell already that they cannot be."""
        jobs = (job for job in self.provenance.jobs if job.rule == "preprocess")
        if names := [job.name for job in jobs if job.sidecar in self.stale]:
            from sharpfit.running.preflight_scans import check_scans  # NumPy, for what is new alone

            check_scans(names, params)

    def fingerprint(self, rule: str) -> InputFunction:
        """Return a function of the wildcards: name of the job's spec."""
        return lambda wildcards: self.provenance.fingerprints[self._job(rule, wildcards).sidecar]

    def given(self, rule: str, keyword: str) -> InputFunction:
        """Return a function of the wildcards: the files behind one input keyword.

        They are ``ancient()``, so that times decide nothing, except those that are made anew in this run.
        One that is dated in the future is left out: it is there, as planning has checked, and Snakemake would
        fail every job that is done before that time. So is one with braces in its name, in which it would
        look for wildcards.
        """

        def files(wildcards: Any) -> list[Any]:
            value = self._job(rule, wildcards).inputs[keyword]
            named = [value] if isinstance(value, str) else value
            return [
                self._flag(file)
                for file in named
                if self._is_made(file) or not ("{" in file or "}" in file or dated_ahead(file))
            ]

        return files

    def marker(self, rule: str) -> InputFunction:
        """Return a function of the wildcards: the stale marker, newer than any result, for stale jobs."""
        return lambda wildcards: paths.STALE if self._job(rule, wildcards).sidecar in self.stale else []

    def targets(self, *rules: str) -> InputFunction:
        """Return a function of no wildcards: the first result of every job of these rules.

        If other results are missing, the job is stale. In a run, real or dry, the ones of jobs that have
        nothing to do are left out, so that Snakemake, which takes a millisecond for each job it looks at,
        looks at what has to be done alone; one is kept, since without any it would run the target itself.
        """
        jobs = [job for job in self.provenance.jobs if job.rule in rules]

        def files(_: Any) -> list[str]:
            chosen = jobs
            if self._workflow.executor_plugin is not None and not self._workflow.touch:
                chosen = [job for job in jobs if job.sidecar in self._rerun] or jobs[:1]
            return [next(iter(job.outputs.values())) for job in chosen]

        return files

    def memory(self, base_mb: int, per_input_mb: int) -> Callable[[Any, Any], int]:
        """Return a function of the input: megabytes to ask a scheduler for, as such jobs needed.

        It measures the files itself: Snakemake's ``size_mb``, asked while jobs are chosen, gives up with a
        warning. Where a file is missing yet, Snakemake takes the error as "ask again".
        """

        def needed(wildcards: Any, input: Any) -> int:  # noqa: ARG001
            return base_mb + int(per_input_mb * sum(Path(file).stat().st_size for file in input) / 1e6)

        return needed

    def longest_first(self, wildcards: Any) -> float:
        """Priority of a fit, from 0 to 1: the longest one begun last would leave the other cores idle."""
        return _n_iterations(self._job("reconstruct", wildcards)) / self._longest

    def begin(self) -> None:
        """Take the run lock, wait for orphaned jobs, clear away what killed jobs left."""
        # Snakemake's SIGTERM handler takes this lock in the thread that may hold it: it would wait for ever.
        self._workflow.scheduler._lock = threading.RLock()
        runlock.take(job for job in self.provenance.jobs if job.sidecar in self._rerun)
        if self.stale:
            stale_marker.bring_back()  # jobs are chosen by now
        if self._workflow.local_exec:
            # Its limit of jobs a second is for clusters; for its last timer the process would wait a second.
            self._workflow.scheduler.job_rate_limiter = None
            environment = {**compute.ENVIRONMENT, "PYTHONPATH": str(self._code_folder)}
            to_run = (job.sidecar for job in self.provenance.jobs if job.sidecar in self._rerun)
            code = dict.fromkeys(file for one in to_run for file in self.provenance.specs[one]["code"])
            if server := job_server.start(environment, code):
                os.environ[SERVER] = server

    def end(self) -> None:
        """Show the verdicts, when the summary is up to date, and what belongs to the study no more.

        Ends the process in one line instead when a job that had to run did not.
        """
        if missed := self._missed():
            more = f" and {len(missed) - 1} more" if len(missed) > 1 else ""
            raise SystemExit(
                f"error: {missed[0]}{more} had to run and did not; run snakemake again, as it is"
            )
        if self._console:
            self._console.finish()
        else:
            say(self._ending())

    def _missed(self) -> list[Job]:
        """Return the jobs of a finished run that are stale still, whatever made Snakemake pass them over.

        It passes over a stale job behind one that it runs for reasons of its own (`DAG.update_needrun` looks
        at nothing downstream of that, and stops at ``ancient`` files).
        """
        if self._workflow.touch or self._workflow.dag_settings.until:
            return []
        chosen = [self._jobs.get((one.rule.name, "/".join(one.wildcards))) for one in self._workflow.dag.jobs]
        had_to_run = [job for job in chosen if job and job.sidecar in self._rerun]
        missed = [job for job in had_to_run if self.provenance.why_stale(job)]
        self.provenance.digests.save()
        return missed

    def _open_console(self, handlers: list[Any]) -> Any:
        """Let the logger plugin show this study; None where it is not in use."""
        following = [handler for handler in handlers if hasattr(handler, "follow")]
        if not following:
            return None
        from sharpfit.running.console import RunConsole, Study
        from sharpfit.running.dry_run import DryRun

        jobs = self.provenance.jobs
        elsewhere = str(Path.cwd()) if self._workflow.overwrite_workdir else ""
        study = Study(jobs, len(jobs) - len(self.stale), self._reasons, self._ending, elsewhere)
        console = DryRun(study) if following[0].common_settings.dryrun else RunConsole(study)
        return console if following[0].follow(console) else None

    def _reasons(self, job: Job) -> list[str]:
        return reasons(self.provenance, job, self._rerun)

    def _ending(self) -> str:
        from sharpfit.running.last_words import last_words

        return last_words(self.provenance, {rule.name for rule in self._workflow.dag.targetrules})

    def _job(self, rule: str, wildcards: Any) -> Job:
        name = "/".join(wildcards)
        try:
            return self._jobs[rule, name]
        except KeyError:
            raise InputError(f"{paths.PARAMS} has no {rule} job {name}") from None

    def _flag(self, file: str) -> Any:
        return file if self._is_made(file) else ancient(file)

    def _is_made(self, file: str) -> bool:
        """Whether a file is made anew in this run."""
        maker = self.provenance.maker.get(file)
        return maker is not None and maker.sidecar in self._rerun

    @cached_property
    def _rerun(self) -> set[str]:
        """Sidecars of all jobs that will run; what is forced is known only after the Snakefile is read."""
        settings = self._workflow.dag_settings
        by_hand = [*settings.forcerun, *(settings.targets if settings.forcetargets else ())]
        names = {str(Path(name)) for name in by_hand}

        def forced(job: Job) -> bool:
            return settings.forceall or job.rule in names or not names.isdisjoint(job.outputs.values())

        return rerun_set(self.provenance, self.stale, forced)

    @cached_property
    def _longest(self) -> int:
        return max(_n_iterations(job) for job in self.provenance.jobs if job.rule == "reconstruct")


def _n_iterations(fit: Job) -> int:
    return int(fit.params["regime"]["n_iterations"])
