"""Say why a result is stale: what the study asks for now against what the sidecar says it was made from."""

from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sharpfit.provenance.sidecar import bytes_now, files_below, read_sidecar
from sharpfit.provenance.stale import Provenance
from sharpfit.study.jobs import Job
from sharpfit.study.words import some

ABSENT = "absent"
_WITHOUT_SUBJECT = ("was ", "has ")  # lines that are said of the job itself begin so
ANEW = "is to be made anew"
OTHER_BYTES = "is not the file it was made from"
_OF_MANY = {
    ANEW: "are to be made anew",
    "is read now": "are read now",
    "is read no more": "are read no more",
    "is used now": "are used now",
    "is used no more": "are used no more",
    "is missing": "are missing",
    "has other content": "have other content",
    "was changed after it was made": "were changed after they were made",
    "changed": "changed",
}
"""What is said of one file, and of several."""


def differences(provenance: Provenance, job: Job) -> list[str]:
    """Every reason why this job's results are stale, one line each; empty when they are fresh.

    Lines read ``regimes.warmup.optimizer.lr: 0.01 → 0.02`` or ``sharpfit/fit.py changed``; a result that is
    stale only because of an earlier one names that.
    """
    sidecar = read_sidecar(job.sidecar)
    if sidecar is None:
        made = all(map(_is_there, job.outputs.values()))
        return [f"has no provenance ({job.sidecar} is missing or unreadable)" if made else "was never made"]
    spec = provenance.specs[job.sidecar]
    return [
        *_params(sidecar["spec"], spec, job),
        *_code(sidecar["spec"]["code"], spec["code"]),
        *_inputs(provenance, sidecar, job),
        *_bytes(sidecar["results"], provenance),
    ]


def _is_there(output: str) -> bool:
    """Whether there is a file, or a folder that holds one: Snakemake and DVC leave folders without."""
    return any(Path(file).is_file() for file in files_below(output))


def reasons(provenance: Provenance, job: Job, runs: Container[str]) -> list[str]:
    """Every reason why this job runs: how its results differ, else which jobs run before it or have run.

    Parameters
    ----------
    provenance
        The study.
    job
        The job in question.
    runs
        Sidecars of all jobs that run.

    Returns
    -------
    list[str]
        One line each; empty where nothing but a wish (`--forcerun`) makes it run.
    """
    if own := _own(provenance, job, runs):
        return own
    before = [
        f"{up.rule} of the same fit" if up.name == job.name else str(up)
        for up in provenance.upstream(job)
        if up.sidecar in runs
    ]
    if before:
        return [f"after {some(before, most=1)}"]
    return closely(differences(provenance, job))  # what they follow from has run already


def folded(lines: Iterable[str]) -> list[str]:
    """Say in one line what several lines say of a file each: a, b, c and 4 more changed."""
    said: dict[str, list[str]] = {}  # what is said, of which files; a line about no file stands for itself
    for line in lines:
        ending = next((one for one in _OF_MANY if line.endswith(f" {one}")), "")
        said.setdefault(ending or line, []).append(line.removesuffix(f" {ending}") if ending else "")
    return [
        f"{some(files)} {_OF_MANY[ending] if len(files) > 1 else ending}" if files[0] else ending
        for ending, files in said.items()
    ]


def closely(lines: Iterable[str]) -> list[str]:
    """Say every difference of a job itself, and folded what only follows from jobs before it.

    Where inputs are told by name, their numbers in a list say nothing more.
    """
    told = list(lines)
    own = [line for line in told if not _follows(line)]
    follows = [line for line in told if _follows(line)]
    return own + (folded(line for line in follows if not line.startswith("inputs")) or follows)


def by_reason(jobs: Iterable[Job], reasons_of: Callable[[Job], list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield jobs of one rule and with the same reasons in few words, and those reasons, folded."""
    groups: dict[tuple[str, tuple[str, ...]], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.rule, tuple(folded(reasons_of(job)))), []).append(job)
    for (rule, why), members in groups.items():
        yield f"{rule} {some(job.name for job in members)}".rstrip(), list(why)


def cause(provenance: Provenance, job: Job, stale: Container[str]) -> str:
    """Say in a few words why a stale job's results are, by the first job on the way to them that differs."""
    first, *others = _own(provenance, job, stale) or [""]
    if first:
        subject = f"{job} " if first.startswith(_WITHOUT_SUBJECT) else ""
        return f"{subject}{first}" + (f" and {len(others)} more" if others else "")
    for up in provenance.upstream(job):
        if up.sidecar in stale:
            return cause(provenance, up, stale)
    return next(iter(differences(provenance, job)), "made from something else")


def _own(provenance: Provenance, job: Job, others: Container[str]) -> list[str]:
    """Return the differences of a job itself, without what jobs before it bring about: `others`, by sidecar.

    A job that failed leaves no result, or an old one, so that its bytes differ for the same cause as it does.
    """
    makers = {file: provenance.maker[file] for file in job.input_files if file in provenance.maker}
    effects = {f"{file} {OTHER_BYTES}" for file, maker in makers.items() if maker.sidecar in others}
    return [line for line in differences(provenance, job) if not _follows(line) and line not in effects]


def _follows(line: str) -> bool:
    """Tell a difference that is but the effect of a job that runs before."""
    return line.endswith((ANEW, "is read now")) or line.startswith("inputs")


def recorded_differences(job: Job, now: dict[str, str]) -> list[str]:
    """Say what changed since and makes nothing stale: library versions, and the device it was made on."""
    sidecar = read_sidecar(job.sidecar)
    if sidecar is None:
        return []
    recorded = sidecar.get("recorded", {})
    then = {"python": recorded.get("python", "unknown"), **recorded.get("versions", {})}
    changed = [
        f"{name} {then[name]} → {now[name]}" for name in then if name in now and now[name] != then[name]
    ]
    return [f"made on {recorded.get('device', 'unknown')}, {recorded.get('machine', 'unknown')}", *changed]


def _params(old: dict[str, Any], new: dict[str, Any], job: Job) -> Iterator[str]:
    before, after = old["params"], new["params"]
    for keyword in sorted({*before, *after}):
        prefix = _where(keyword, job)
        yield from changes(before.get(keyword, ABSENT), after.get(keyword, ABSENT), prefix)
    yield from changes(old.get("inputs", ABSENT), new["inputs"], "inputs")


def _where(keyword: str, job: Job) -> str:
    """Key in ``params.yaml`` behind a keyword argument."""
    scan, _, regime = job.name.partition("/")
    places = {"simulation": f"simulations.{job.name}", "scan": f"scans.{scan}", "regime": f"regimes.{regime}"}
    return places.get(keyword, keyword)


def changes(old: Any, new: Any, where: str) -> Iterator[str]:
    """Differences of two nested values, one line for each leaf: ``where.key: old → new``."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (values[index] if index < len(values) else ABSENT for values in (old, new))
            yield from changes(before, after, f"{where}[{index}]")
    elif old != new or type(old) is not type(new):
        yield f"{where}: {old} → {new}"


def _code(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for file in sorted({*old, *new}):
        if file not in new:
            yield f"{file} is used no more"
        elif file not in old:
            yield f"{file} is used now"
        elif old[file] != new[file]:
            yield f"{PurePosixPath(file)} changed"


def _inputs(provenance: Provenance, sidecar: dict[str, Any], job: Job) -> Iterator[str]:
    old, new = sidecar["spec"]["made_from"], provenance.specs[job.sidecar]["made_from"]
    for path in sorted({*old, *new}):
        name = path.removesuffix(".prov.json")
        if path not in old or path not in new:
            yield f"{name} is read {'now' if path in new else 'no more'}"
        elif old[path] != new[path]:
            yield f"{name} has other content" if new[path].startswith("sha256:") else f"{name} {ANEW}"
    for path, digest in sidecar["upstream"].items():
        if provenance.digests.digest(path) != digest:
            yield f"{path} {OTHER_BYTES}"


def _bytes(results: dict[str, str], provenance: Provenance) -> Iterator[str]:
    for path, digest in bytes_now(list(results), provenance.digests).items():
        if digest is None:
            yield f"{path} is missing"
        elif digest != results.get(path):
            yield f"{path} was changed after it was made"
