"""Which results are stale: what the study asks for now, against the sidecars on disk."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from sharpfit.errors import InputError
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import EMPTY, MAX_BYTES, DigestCache
from sharpfit.provenance.sidecar import Spec, bytes_now, fingerprint, read_sidecar
from sharpfit.study import paths
from sharpfit.study.jobs import Job
from sharpfit.study.own_places import OwnFiles

DAMAGED = "damaged provenance"


class Provenance:
    """What every job's results must be made from, and which of those on disk are not.

    Parameters
    ----------
    jobs
        All jobs of the study, upstream first. The current folder is the study's.
    code
        The scripts and the package ``sharpfit``.
    digests
        Where digests of files are remembered.

    Raises
    ------
    InputError
        When a raw file that a scan names is missing, empty, no regular file, or what this study's runs write.
    """

    def __init__(self, jobs: Iterable[Job], code: Code, digests: DigestCache) -> None:
        self.jobs = list(jobs)
        self.digests = digests
        self.maker = {path: job for job in self.jobs for path in job.outputs.values()}
        self._own = OwnFiles()
        self.specs: dict[str, Spec] = {}
        self.fingerprints: dict[str, str] = {}
        kinds = {(job.rule, job.modules) for job in self.jobs}
        used = {
            (rule, modules): code.digests(code.root / "scripts" / f"{rule}.py", modules)
            for rule, modules in kinds
        }
        for job in self.jobs:
            spec = {
                "rule": job.rule,
                "params": job.params,
                "inputs": job.inputs,
                "outputs": job.outputs,
                "sidecar": job.sidecar,
                "modules": list(job.modules),
                "code": used[job.rule, job.modules],
                "made_from": {
                    key: value for file in job.input_files for key, value in [self._origin(file, job)]
                },
            }
            self.specs[job.sidecar] = spec
            self.fingerprints[job.sidecar] = fingerprint(spec)

    def _origin(self, file: str, job: Job) -> tuple[str, str]:
        """Identity of an input: its maker's fingerprint under the sidecar's path, or a raw file's digest."""
        maker = self.maker.get(file)
        if maker and file not in job.runs and (job.rule != "preprocess" or maker.rule == "simulate"):
            return maker.sidecar, self.fingerprints[maker.sidecar]
        if self._own.hold(file):
            todo = "keep what a solver reads or writes elsewhere" if job.runs else "name the raw file"
            raise InputError(f"{paths.PARAMS}: {_entry(job)}: {file} is among what this study makes; {todo}")
        digest = self.digests.digest(file)
        if digest is None:
            raise InputError(missing(file, job))
        if digest == EMPTY and job.rule == "preprocess":
            raise InputError(f"{paths.PARAMS}: {_entry(job)}: {file} is empty; name the file of the data")
        return file, f"sha256:{digest}"

    def upstream(self, job: Job) -> list[Job]:
        """Jobs whose results this job reads."""
        return list(dict.fromkeys(self.maker[file] for file in job.input_files if file in self.maker))

    def stale(self) -> dict[str, str]:
        """Sidecar path → first reason, for every job whose results are not what the study asks for."""
        found: dict[str, str] = {}
        for job in self.jobs:
            reason = self.why_stale(job) or next(
                (up.sidecar for up in self.upstream(job) if up.sidecar in found), None
            )
            if reason:
                found[job.sidecar] = reason
        return found

    def why_stale(self, job: Job) -> str | None:
        """First reason why this job's own results are stale, upstream jobs aside; None when fresh."""
        sidecar = read_sidecar(job.sidecar)
        if sidecar is None:
            return DAMAGED if Path(job.sidecar).exists() else "no provenance"
        if sidecar["fingerprint"] != self.fingerprints[job.sidecar]:
            return "made from something else"
        if not self._covers(sidecar, job):
            return DAMAGED
        if bytes_now(list(sidecar["results"]), self.digests) != sidecar["results"]:
            return "bytes changed"
        if any(self.digests.digest(file) != digest for file, digest in sidecar["upstream"].items()):
            return "upstream bytes changed"
        return None

    def _covers(self, sidecar: dict[str, Any], job: Job) -> bool:
        """Whether a sidecar names all results of a job, and all results that it was made from, and no others.

        Whoever sent the study may have had it name the whole disk, to be read at every start.
        """
        results, outputs = sidecar["results"], set(job.outputs.values())
        owners = {file: outputs & {file, *map(str, PurePosixPath(file).parents)} for file in results}
        own = all(owners.values()) and not any(".." in PurePosixPath(file).parts for file in results)
        made = {file for file in job.input_files if file in self.maker}
        return own and set().union(*owners.values()) == outputs and set(sidecar["upstream"]) == made


def left_over(jobs: Iterable[Job]) -> list[str]:
    """Folders and files with a sidecar that no job of the study makes: those of removed scans and regimes."""
    wanted = {job.sidecar for job in jobs}
    folders = (Path(paths.RESULTS), Path(paths.SIMULATED))
    sidecars = {file.as_posix() for folder in folders for file in folder.rglob(f"*{paths.sidecar('')}")}
    results = (
        Path(file.removesuffix(paths.sidecar(""))) for file in sidecars - wanted if Path(file).stem != ".prov"
    )
    nested = ("reconstruct", "evaluate", "export")
    return sorted((file.parent if file.parts[1] in nested else file).as_posix() for file in results)


def missing(file: str, job: Job) -> str:
    """One line about a raw file that is not there, with what to do."""
    if os.path.lexists(file):
        if Path(file).is_symlink() and not Path(file).exists():
            return f"{paths.PARAMS}: {_entry(job)}: {file} is a link to no file; bring the file it stands for"
        if Path(file).is_file():
            size, most = (f"{n / 1e9:.0f} GB" for n in (Path(file).stat().st_size, MAX_BYTES))
            return f"{paths.PARAMS}: {_entry(job)}: {file} has {size}, and none of more than {most} is read"
        return f"{paths.PARAMS}: {_entry(job)}: {file} is no regular file; name the file itself"
    tracked = os.path.lexists(f"{file}.dvc")
    todo = f"run `dvc pull {file}`" if tracked else "put it there or correct the name"
    return f"{paths.PARAMS}: {_entry(job)}: {file} does not exist; {todo}"


def rerun_set(provenance: Provenance, stale: Iterable[str], forced: Callable[[Job], bool]) -> set[str]:
    """Sidecars of all jobs that will run: stale or forced ones and whatever follows from them."""
    found = set(stale)
    for job in provenance.jobs:
        if forced(job) or any(up.sidecar in found for up in provenance.upstream(job)):
            found.add(job.sidecar)
    return found


def _entry(job: Job) -> str:
    """Name the key of ``params.yaml`` for a job's raw files: its scan, or the regime whose code it runs."""
    return f"regimes.{job.name.split('/')[-1]}.solver" if job.runs else f"scans.{job.name}"
