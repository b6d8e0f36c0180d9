"""Open a study for looking at it, outside Snakemake."""

from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.provenance.attest import WORKFLOW
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.stale import Provenance
from sharpfit.study import paths
from sharpfit.study.jobs import Job, jobs_of
from sharpfit.study.names import hint
from sharpfit.study.own_places import check_own_places
from sharpfit.study.params import validate
from sharpfit.study.params_file import read_params


def checked_params() -> dict[str, Any]:
    """``params.yaml`` of the study in the current folder, checked against the schema.

    Raises
    ------
    InputError
        When there is none, it is no YAML, or something in it is not allowed.
    """
    params = read_params()
    validate(params, WORKFLOW / "schemas" / "params.schema.yaml")
    return params


def open_study() -> Provenance:
    """Jobs and fingerprints of the study in the current folder."""
    check_own_places()
    code, digests = Code(WORKFLOW, Path(paths.CODE)), DigestCache(Path(paths.DIGESTS))
    provenance = Provenance(jobs_of(checked_params()), code, digests)
    code.save()
    digests.save()
    return provenance


def select(provenance: Provenance, names: list[str]) -> list[Job]:
    """Return the jobs meant by names: a result's path or folder, ``scan/regime``, a scan, a regime or a rule.

    No names mean all jobs.

    Raises
    ------
    InputError
        For a name that fits no job.
    """
    chosen: list[Job] = []
    for name in names:
        fitting = [job for job in provenance.jobs if _fits(job, name.rstrip("/"))]
        if not fitting:
            known = {word for job in provenance.jobs for word in (job.rule, job.name, *job.name.split("/"))}
            raise InputError(
                f"{name}: no result, scan, regime or rule of this study; {hint(name, sorted(known - {''}))}"
            )
        chosen.extend(fitting)
    return [job for job in provenance.jobs if job in chosen] if names else provenance.jobs


def _fits(job: Job, name: str) -> bool:
    files = [*job.outputs.values(), job.sidecar]
    in_folder = any(file == name or file.startswith(f"{name}/") for file in files)
    return in_folder or name in (str(job), job.rule, job.name, *job.name.split("/"))
