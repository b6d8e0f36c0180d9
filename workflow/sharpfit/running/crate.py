"""Pack a study as a Workflow Run RO-Crate: what a reader needs to check it and to compute it again.

Workflow Run RO-Crate profile 0.5, https://w3id.org/ro/wfrun/workflow/0.5 (Leo et al. 2024,
doi:10.1371/journal.pone.0309210). Raw data and images stay outside: the crate names them by digest.
"""

from io import StringIO
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

from sharpfit.provenance.sidecar import read_sidecar
from sharpfit.provenance.stale import Provenance
from sharpfit.study import paths

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
SMALL = (".json", ".csv", ".html", ".png")
COMMANDS = "Put the raw files named below in their places, check out the code revision, then:\n\n{0}\n{1}\n"
REPRODUCE = ("make run", "sharpfit why")


def pack(provenance: Provenance, workflow: Path, target: Path, *, revision: str, who: str, when: str) -> int:
    """Write the crate as a zip file; returns the number of results it describes.

    Parameters
    ----------
    provenance
        The study in the current folder; every result must be fresh.
    workflow
        The repository's folder, with Snakefile and licence.
    target
        The zip file.
    revision
        Commit of the code.
    who, when
        Who packs it; ISO 8601 date.
    """
    crate = ROCrate(version="1.1")
    crate.name = f"sharpfit study {Path.cwd().name}"
    crate.description = "Iterative MRI reconstructions under several regimes, each with a verdict."
    crate.license = "https://spdx.org/licenses/BSD-3-Clause"
    crate.root_dataset["conformsTo"] = [_profile(crate, url, name) for url, name in PROFILES.items()]
    snakefile = crate.add_workflow(workflow / "Snakefile", "Snakefile", main=True, lang="snakemake")
    snakefile["version"] = revision
    snakefile["name"] = "sharpfit"
    for name in ("params.yaml", "dvc.yaml", "dvc.lock"):
        if Path(name).exists():
            crate.add_file(name, name)
    crate.add_file(workflow / "constraints.txt", "constraints.txt", properties={"name": "tested environment"})
    results = [crate.add_file(file, file, properties=properties) for file, properties in _results(provenance)]
    raw = [_raw(crate, file, digest) for file, digest in sorted(raw_digests(provenance).items())]
    action = crate.add_action(snakefile, identifier="#run", object=[crate.dereference("params.yaml"), *raw])
    action["name"] = "snakemake --cores all"
    action["result"] = results
    action["endTime"] = when
    action["agent"] = crate.add(Person(crate, "#packer", properties={"name": who}))
    _add_instructions(crate, raw_digests(provenance), revision)
    crate.write_zip(target)
    return len(results)


def raw_digests(provenance: Provenance) -> dict[str, str]:
    """Raw files the study is made from, with their sha256."""
    origins = [origin for spec in provenance.specs.values() for origin in spec["made_from"].items()]
    return {path: digest.removeprefix("sha256:") for path, digest in origins if digest.startswith("sha256:")}


def _results(provenance: Provenance) -> list[tuple[str, dict[str, Any]]]:
    """Sidecars and small results, each with its digest."""
    found: list[tuple[str, dict[str, Any]]] = []
    for job in provenance.jobs:
        sidecar = read_sidecar(job.sidecar) or {"results": {}, "fingerprint": ""}
        found.append(
            (job.sidecar, {"description": f"provenance of {job}", "encodingFormat": "application/json"})
        )
        for file, digest in sidecar["results"].items():
            if Path(file).suffix in SMALL:
                found.append((file, {"sha256": digest, "description": str(job)}))
    return found


def _profile(crate: ROCrate, url: str, name: str) -> ContextEntity:
    properties = {"@type": "CreativeWork", "name": name, "version": url.rsplit("/", 1)[-1]}
    return crate.add(ContextEntity(crate, url, properties=properties))


def _raw(crate: ROCrate, file: str, digest: str) -> ContextEntity:
    properties = {"@type": "PropertyValue", "name": file, "propertyID": "sha256", "value": digest}
    return crate.add(ContextEntity(crate, f"#{file}", properties=properties))


def _add_instructions(crate: ROCrate, raw: dict[str, str], revision: str) -> None:
    lines = [COMMANDS.format(*REPRODUCE), f"Code revision: {revision}", "Raw files (sha256):"]
    lines += [f"{digest}  {file}" for file, digest in raw.items()] or ["none: all scans are simulated"]
    text = "\n".join(lines) + f"\n\nResults: {paths.SUMMARY_CSV}, {paths.REPORT}\n"
    crate.add_file(StringIO(text), "REPRODUCE.txt", properties={"name": "how to compute this again"})
