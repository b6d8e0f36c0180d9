"""`sharpfit why`: say why results are stale."""

from collections.abc import Container
from typing import Annotated

import typer

from sharpfit.commands.completing import fits
from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.provenance.attest import versions_now
from sharpfit.provenance.open_study import open_study, select
from sharpfit.provenance.stale import Provenance
from sharpfit.provenance.why import by_reason, closely, differences, reasons, recorded_differences
from sharpfit.study.jobs import Job
from sharpfit.study.streams import say

Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="A result's path, scan/regime, a scan, a regime or a rule; nothing means all.",
        autocompletion=fits,
    ),
]


def why(results: Names = None) -> None:
    """Say why results are stale: of a named one field by field, of all in few words.

    Example: sharpfit why head_r4/warmup
    """
    with errors_in_one_line():
        provenance = open_study()
        chosen = select(provenance, results or [])
    stale = provenance.stale()
    if results:
        for job in chosen:
            say(_answer(provenance, job, stale))
    else:
        ours = [job for job in chosen if job.sidecar in stale]
        for jobs, shared in by_reason(ours, lambda job: reasons(provenance, job, stale)):
            say("\n".join([f"{jobs}: stale", *(f"  {reason}" for reason in shared)]))
    n_stale = sum(job.sidecar in stale for job in chosen)
    say(f"{n_stale} of {len(chosen)} jobs to run" if n_stale else f"Nothing is stale ({len(chosen)} jobs).")


def _answer(provenance: Provenance, job: Job, stale: Container[str]) -> str:
    lines = closely(differences(provenance, job))
    if not lines and job.sidecar in stale:
        lines = [f"{up} runs before it" for up in provenance.upstream(job) if up.sidecar in stale]
    lines += [f"({fact})" for fact in recorded_differences(job, versions_now())]
    state = "stale" if job.sidecar in stale else "fresh"
    return "\n".join([f"{job}: {state}", *(f"  {line}" for line in lines)])
