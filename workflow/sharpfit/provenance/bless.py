"""Accept a change that is known not to matter: old results count as made from what the study asks for now."""

import datetime
from typing import Any

from sharpfit.errors import InputError
from sharpfit.provenance.sidecar import bytes_now, put_sidecar, read_sidecar
from sharpfit.provenance.stale import Provenance
from sharpfit.provenance.why import differences
from sharpfit.study.jobs import Job


def bless(provenance: Provenance, jobs: list[Job], who: str, why: str) -> list[Job]:
    """Rewrite the sidecars of these stale jobs; each keeps a record of who accepted what, when and why.

    Jobs downstream whose inputs are unchanged byte for byte are not accepted by themselves: name them too.

    Returns
    -------
    list[Job]
        The jobs that were stale and are fresh now.

    Raises
    ------
    InputError
        When a result is missing, or its bytes are not those it was made with: there is nothing to accept.
    """
    stale = provenance.stale()
    accepted = [job for job in provenance.jobs if job in jobs and job.sidecar in stale]
    for job in accepted:
        _check(provenance, job)
    for job in accepted:
        _rewrite(provenance, job, {"who": who, "when": _today(), "why": why})
    return accepted


def _check(provenance: Provenance, job: Job) -> None:
    sidecar = read_sidecar(job.sidecar)
    if sidecar is None:
        raise InputError(f"{job}: there is no result with provenance to accept; run snakemake")
    for path, digest in bytes_now(list(job.outputs.values()), provenance.digests).items():
        if digest is None or digest != sidecar["results"].get(path):
            raise InputError(f"{path} is missing or was changed after it was made; run snakemake")
    for path, digest in sidecar["upstream"].items():
        if path in provenance.maker and provenance.digests.digest(path) != digest:
            raise InputError(f"{job} was made from other bytes of {path}; run snakemake")


def _rewrite(provenance: Provenance, job: Job, record: dict[str, str]) -> None:
    sidecar: dict[str, Any] = read_sidecar(job.sidecar) or {}
    changes = differences(provenance, job)
    results = bytes_now(list(job.outputs.values()), provenance.digests)
    entry = {**record, "accepted": changes, "fingerprint_before": sidecar["fingerprint"]}
    content = {
        **sidecar,
        "fingerprint": provenance.fingerprints[job.sidecar],
        "spec": provenance.specs[job.sidecar],
        "results": results,
        "upstream": {file: one for file, one in sidecar["upstream"].items() if file in job.input_files},
        "blessed": [*sidecar.get("blessed", []), entry],
    }
    put_sidecar(job.sidecar, content)


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
