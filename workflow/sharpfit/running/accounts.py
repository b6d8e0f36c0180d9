"""What jobs say of themselves at the end of their logs, and how it reads on the console.

A job's last lines, each after a mark, say what it decided or found. They are written by `run_job`, outside
of what a fingerprint covers, and read back by whatever shows the run, on this machine or another.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sharpfit.errors import printable
from sharpfit.provenance.sidecar import Spec
from sharpfit.reporting.decisions import decisions
from sharpfit.study import paths
from sharpfit.study.jobs import Job

DECIDED, FOUND = "decided: ", "found: "
ERROR, STOPPED = "error: ", "stopped: "
LEFT = "left to the next run"  # what comes of a job that was asked to stop and has no state to save


def account(spec: Spec) -> Iterator[str]:
    """Yield the marked lines that a finished job leaves in its log."""
    import h5py  # not before a job has fixed its threads

    outputs = {keyword: Path(path) for keyword, path in spec["outputs"].items()}
    if spec["rule"] == "preprocess" and h5py.is_hdf5(outputs["output"]):
        with h5py.File(outputs["output"]) as file:
            yield from (DECIDED + line for line in decisions(file.attrs))
    elif spec["rule"] == "reconstruct" and h5py.is_hdf5(outputs["reconstruction"]):
        with h5py.File(outputs["reconstruction"]) as file:
            if "lr_found" in file.attrs:
                yield f"{DECIDED}lr: {file.attrs['lr_found']:.3g}, found by a range test"
    elif spec["rule"] == "evaluate":
        yield FOUND + _verdict(outputs["evaluation"])


def _verdict(file: Path) -> str:
    """Return verdict, cause and where to stop, in one line."""
    facts = json.loads(file.read_text(encoding="utf-8"))
    text = str(facts["verdict"])
    if facts.get("cause"):
        text += f" ({facts['cause']})"
    if facts.get("weight"):
        text += f", take weight {facts['weight']['weight']:.3g} σ"
    elif facts.get("picked_iteration", 0) == facts.get("last_iteration", -1):
        text += f", take its last image, at {facts['last_iteration']}"
    elif "last_iteration" in facts:
        text += f", stop at {facts['picked_iteration']} of {facts['last_iteration']}"
    return text


def lines(job: Job) -> list[str]:
    """Return what the console says of a finished job: its verdict, or its decisions under its name."""
    said = _log(job).splitlines()
    found = [line.removeprefix(FOUND) for line in said if line.startswith(FOUND)]
    decided = [line.removeprefix(DECIDED) for line in said if line.startswith(DECIDED)]
    first = f"{job}: {found[-1]}" if found else f"{job}: done"
    return [first, *(f"  {line}" for line in decided)]


def failure(job: Job) -> str:
    """Return why a job failed: where its log is, then the line that says it."""
    line = error(job) or f"{ERROR}{job} ended without a word"
    return f"In {job}, whose log is {paths.log(job.rule, job.name)}:\n{line}"


def error(job: Job) -> str:
    """Return the line that says why a job failed; empty where none does."""
    return ([""] + [line for line in _log(job).splitlines() if line.startswith(ERROR)])[-1]


def stopped(job: Job) -> str:
    """Return what comes of a job that was asked to stop, in its own words; empty where it was not."""
    last = (_log(job).splitlines() or [""])[-1]
    return last.removeprefix(STOPPED) if last.startswith(STOPPED) else ""


def _log(job: Job) -> str:
    file = Path(paths.log(job.rule, job.name))
    return printable(file.read_text(encoding="utf-8", errors="replace")) if file.is_file() else ""
